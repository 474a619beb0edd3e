using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Conformance.Tests.Crossplane;

/// <summary>The unit tests of crossplane-runtime and function-patch-and-transform (Apache-2.0), as vectors.</summary>
public sealed class PatchAndTransformConformance
{
    private const string Folder = "crossplane/vectors";
    private const string Environment = "apiextensions.crossplane.io/environment";

    [Theory]
    [InlineData("fpt_fn")]
    [InlineData("fpt_ready")]
    [InlineData("fpt_transforms")]
    [InlineData("runtime_fieldpath")]
    [InlineData("runtime_paved")]
    public void The_engine_answers_as_upstream_does(string file)
    {
        if (!Corpus.IsHere(Folder))
        {
            return;
        }

        var cases = JsonNode.Parse(File.ReadAllText(Corpus.File($"{Folder}/{file}.json")))!["cases"]!.AsArray().OfType<JsonObject>();
        Corpus.Report($"{Folder}/{file}", [.. cases.Select(test => Judge($"{test.Text("func")}/{test.Text("case")}", test))]);
    }

    private static Case Judge(string name, JsonObject test) => Answer(test.Text("func"), test) is { } passes ? Case.Of(name, passes) : new Case(name, Verdict.Absent);

    /// <summary>Null for a function of which nothing is built.</summary>
    private static bool? Answer(string function, JsonObject test)
    {
        var (args, want) = (test["args"], test["want"]);
        var data = test.Text("data") is { Length: > 0 } text ? JsonNode.Parse(text) : new JsonObject();
        return function switch
        {
            "TestRunFunction" => RunFunction(args!["req"]!, want!["rsp"]!),
            "TestIsReady" => IsReady(args!, want),
            "TestParse" => Compare(want, "s", () => new JsonArray([.. Segment.Parse(test.Text("path")).Select(Of)])),
            "TestGetValue" => Compare(want, "value", () => Paved.Get(data, test.Text("path"))),
            "TestSetValue" when test.Text("case") != "OwnerReference" => Compare(want, "object", () =>
            {
                Paved.Set(data!, args.Text("path"), Plain(args!["value"]));
                return data;
            }),
            "TestExpandWildcards" => CompareSorted(want, () => Paved.Expand(data, test.Text("path"))),
            "TestMapResolve" => Transform("map", "map", args!["t"], args, want),
            "TestMatchResolve" => Transform("match", "match", args!["t"], args, want),
            "TestMathResolve" => Transform("math", "math", Typed(args!, "mathType"), args, want),
            "TestStringResolve" => Transform("string", "string", Typed(args!, "stype"), args, want),
            "TestConvertResolve" when args!["i"] is not JsonArray => Transform(
                "convert", "convert", new JsonObject { ["toType"] = args["to"]?.DeepClone(), ["format"] = args["format"]?.DeepClone() }, args, want),
            _ => null,
        };
    }

    /// <summary>A check that cannot run is a warning here and an error there; the composition goes on in both.</summary>
    private static bool IsReady(JsonNode args, JsonNode? want)
    {
        var rendering = new Rendering([], new Dictionary<string, ObservedResource>());
        var ready = Readiness.Evaluate(args["rc"] as JsonArray, (JsonObject)Plain(args["o"])!, "r", rendering);
        return ready == (want.At("ready")?.GetValue<bool>() ?? false) && rendering.Results.Count > 0 == HasError(want);
    }

    private static bool Transform(string type, string member, JsonNode? transform, JsonNode? args, JsonNode? want) => Compare(want, "o", () => Transforms.Apply(
        new JsonArray(new JsonObject { ["type"] = type, [member] = Plain(transform) }), Plain(args!["i"])));

    private static JsonObject Typed(JsonNode args, string type)
    {
        var transform = (JsonObject)args.DeepClone();
        transform["type"] = transform[type]?.DeepClone();
        transform["fmt"] = transform["fmts"]?.DeepClone();
        return transform;
    }

    private static bool RunFunction(JsonNode request, JsonNode response)
    {
        var observed = new Dictionary<string, ObservedResource>(StringComparer.Ordinal);
        foreach (var (name, resource) in request.At("observed", "resources") as JsonObject ?? [])
        {
            observed[name] = new ObservedResource((JsonObject)(resource!["resource"]?.DeepClone() ?? new JsonObject()), Details(resource["connectionDetails"]));
        }

        var rendering = new Rendering((JsonObject)request.At("observed", "composite", "resource")!.DeepClone(), observed);
        Fill(rendering.DesiredComposite, request.At("desired", "composite", "resource") ?? rendering.Composite);
        Fill(rendering.Environment, request.At("context", Environment));
        foreach (var (name, resource) in request.At("desired", "resources") as JsonObject ?? [])
        {
            rendering.Desired[name] = new DesiredResource((JsonObject)resource!["resource"]!.DeepClone());
        }

        foreach (var (key, value) in Details(request.At("desired", "composite", "connectionDetails")))
        {
            rendering.Connection[key] = value;
        }

        var results = (response["results"] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
        try
        {
            PatchAndTransformFunction.Run((JsonObject)request["input"]!.DeepClone(), rendering, allFloat: true);
        }
        catch (PatchFailure failure)
        {
            return results.Any(r => r.Text("severity") == "SEVERITY_FATAL" && r.Text("message") == failure.Message);
        }

        var resources = new JsonObject(rendering.Desired.Select(d => KeyValuePair.Create<string, JsonNode?>(d.Key, d.Value.Document.DeepClone())));
        var wanted = new JsonObject((response.At("desired", "resources") as JsonObject ?? [])
            .Select(d => KeyValuePair.Create(d.Key, d.Value!["resource"]?.DeepClone())));
        var connection = Details(response.At("desired", "composite", "connectionDetails"));
        return !results.Exists(r => r.Text("severity") == "SEVERITY_FATAL")
            && JsonNode.DeepEquals(Numbers.Settle(resources), Numbers.Settle(wanted))
            && (request["desired"] is null || JsonNode.DeepEquals(rendering.DesiredComposite, Numbers.Settle(response.At("desired", "composite", "resource"))))
            && connection.OrderBy(c => c.Key).SequenceEqual(rendering.Connection.OrderBy(c => c.Key))
            && (response.At("desired", "composite").Text("ready") == "READY_FALSE") == (rendering.CompositeReady == false);
    }

    private static void Fill(JsonObject target, JsonNode? source)
    {
        foreach (var (member, value) in source as JsonObject ?? [])
        {
            target[member] = value?.DeepClone();
        }
    }

    private static Dictionary<string, string> Details(JsonNode? details) =>
        (details as JsonObject ?? []).ToDictionary(d => d.Key, d => d.Value is JsonObject bytes ? Encoding.UTF8.GetString(Convert.FromBase64String(bytes.Text("$bytes"))) : d.Value!.ToString());

    private static bool Compare(JsonNode? want, string member, Func<JsonNode?> compute)
    {
        try
        {
            return JsonNode.DeepEquals(Numbers.Settle(compute()), Numbers.Settle(Plain(want.At(member)))) && !HasError(want);
        }
        catch (PatchFailure)
        {
            return HasError(want);
        }
    }

    private static bool HasError(JsonNode? want) => want.At("err") is not null;

    private static bool CompareSorted(JsonNode? want, Func<IReadOnlyList<string>> compute)
    {
        try
        {
            var found = compute().Order(StringComparer.Ordinal);
            return !HasError(want) && want!["expanded"]!.AsArray().Select(w => w!.ToString()).Order(StringComparer.Ordinal).SequenceEqual(found);
        }
        catch (PatchFailure)
        {
            return HasError(want);
        }
    }

    private static JsonObject Of(Segment segment) =>
        segment.Index is { } index ? new JsonObject { ["index"] = index } : new JsonObject { ["field"] = segment.Field };

    /// <summary>Go's int64, which the vectors mark, as a plain whole number.</summary>
    private static JsonNode? Plain(JsonNode? node) => node switch
    {
        JsonObject { Count: 1 } marked when marked["$int64"] is { } whole => whole.DeepClone(),
        JsonObject map => new JsonObject(map.Select(m => KeyValuePair.Create(m.Key, Plain(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Plain)]),
        _ => Numbers.Read(node, allFloat: false),
    };
}
