using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.AutoReady;
using Flagstone.Provisioning.Compositions.EnvironmentConfigs;
using Flagstone.Provisioning.Compositions.PatchAndTransform;
using Flagstone.Provisioning.Compositions.Sequencer;

namespace Flagstone.Conformance.Tests.Crossplane;

/// <summary>The unit tests of Crossplane's functions (Apache-2.0), as requests with their responses.</summary>
public sealed class FunctionConformance
{
    private const string Folder = "crossplane/vectors";

    [Fact]
    public void Patch_and_transform_answers_as_upstream_does() =>
        Run("fpt_fn", (input, rendering) => PatchAndTransformFunction.Run(input, rendering, allFloat: true));

    [Fact]
    public void Auto_ready_answers_as_upstream_does() => Run("autoready_fn", AutoReadyFunction.Run);

    [Fact]
    public void Environment_configs_answer_as_upstream_does() => Run("envconfigs_fn", EnvironmentConfigsFunction.Run);

    [Fact]
    public void The_sequencer_answers_as_upstream_does() => Run("sequencer_fn", SequencerFunction.Run);

    [Fact]
    public void Health_is_judged_as_upstream_does()
    {
        if (!Corpus.IsHere(Folder))
        {
            return;
        }

        var files = Corpus.JsonCases(Folder).Where(f => Path.GetFileName(f).StartsWith("autoready_health_", StringComparison.Ordinal));
        Corpus.Report($"{Folder}/autoready_health", [.. files.SelectMany(Cases).Select(c => Case.Of(
            $"{c.Text("func")}/{c.Text("case")}",
            HealthChecks.IsHealthy((JsonObject)FunctionCase.Plain(c["obj"])!) == c["expected"]!.GetValue<bool>()))]);
    }

    private static void Run(string file, Action<JsonObject, Rendering> function)
    {
        if (!Corpus.IsHere(Folder))
        {
            return;
        }

        Corpus.Report($"{Folder}/{file}", [.. Cases(Corpus.File($"{Folder}/{file}.json")).Select(test => Judge(test, function))]);
    }

    private static Case Judge(JsonObject test, Action<JsonObject, Rendering> function)
    {
        var name = $"{test.Text("func")}/{test.Text("case")}";
        var detail = test.Text("func") switch
        {
            // Two tests of the sequencer have their request in Go: a composite, and a rule of the case.
            "TestRunFunctionConditionErrors" => IsFatal(Request(new JsonObject
            {
                ["rules"] = new JsonArray(new JsonObject { ["sequence"] = new JsonArray("first", "second"), ["condition"] = test["condition"]!.DeepClone() }),
            }), function) ? "" : "not fatal",
            "TestRunFunctionCacheTTL" => FunctionCase.Judge(Request(test["input"]!.DeepClone()), test["want"]!, function),
            _ => FunctionCase.Judge(test["args"]!["req"]!, test.At("want", "rsp")!, function),
        };
        return Case.Of(name, detail.Length == 0, detail);
    }

    private static bool IsFatal(JsonObject request, Action<JsonObject, Rendering> function)
    {
        try
        {
            function((JsonObject)request["input"]!, FunctionCase.Read(request));
            return false;
        }
        catch (FatalResultException)
        {
            return true;
        }
    }

    private static JsonObject Request(JsonNode input)
    {
        var composite = new JsonObject
        {
            ["resource"] = new JsonObject
            {
                ["apiVersion"] = "example.org/v1",
                ["kind"] = "XR",
                ["metadata"] = new JsonObject { ["name"] = "cool-xr" },
                ["spec"] = new JsonObject { ["count"] = 1 },
            },
        };
        return new JsonObject
        {
            ["input"] = input,
            ["observed"] = new JsonObject { ["composite"] = composite },
            ["desired"] = new JsonObject { ["composite"] = composite.DeepClone(), ["resources"] = new JsonObject() },
        };
    }

    private static IEnumerable<JsonObject> Cases(string file) => JsonNode.Parse(File.ReadAllText(file))!["cases"]!.AsArray().OfType<JsonObject>();
}
