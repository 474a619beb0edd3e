using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.GoTemplating;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Conformance.Tests.Crossplane;

/// <summary>The unit tests of function-go-templating (Apache-2.0), as vectors.</summary>
public sealed class GoTemplatingConformance
{
    private const string Vectors = "crossplane/vectors/gotemplating_fn";
    private const double DefaultSeconds = 60;

    [Fact]
    public void The_function_answers_as_upstream_does()
    {
        if (!Corpus.IsHere(Vectors))
        {
            return;
        }

        var cases = JsonNode.Parse(File.ReadAllText(Corpus.File($"{Vectors}.json")))!["cases"]!.AsArray().OfType<JsonObject>();
        Corpus.Report(Vectors, [.. cases.Select(Judge)]);
    }

    private static Case Judge(JsonObject test)
    {
        var (args, want) = (test["args"]!, (JsonObject)test.At("want", "rsp")!);
        var request = args["req"] as JsonObject ?? [];
        var rendering = RenderingOf(request);
        var before = State(rendering).ToJsonString();
        string? fatal = null;
        try
        {
            GoTemplatingFunction.Run(
                (JsonObject)(request["input"]?.DeepClone() ?? new JsonObject()),
                rendering,
                TimeProvider.System,
                new GoTemplatingDefaults(args.Text("defaultSource"), args.Text("defaultOptions")));
        }
        catch (FatalResultException failure)
        {
            fatal = failure.Message;
        }

        var differences = Differences(want, request, rendering, fatal).ToList();
        if (fatal is not null && State(rendering).ToJsonString() != before)
        {
            differences.Add("a fatal result changed the desired state");
        }

        return Case.Of($"{test.Text("func")}/{test.Text("case")}", differences.Count == 0, string.Join("; ", differences));
    }

    private static IEnumerable<string> Differences(JsonObject want, JsonObject request, Rendering rendering, string? fatal)
    {
        var results = new JsonArray([.. rendering.Results.Select(Result)]);
        if (fatal is not null)
        {
            results.Add(new JsonObject { ["severity"] = "SEVERITY_FATAL", ["message"] = fatal, ["target"] = "TARGET_COMPOSITE" });
        }

        var wantedComposite = want.At("desired", "composite");
        return Compare("results", want["results"], results)
            .Concat(Compare("composite", wantedComposite.At("resource"), rendering.DesiredComposite))
            .Concat(Compare("composite ready", Ready(wantedComposite), rendering.CompositeReady))
            .Concat(Compare("connection", wantedComposite.At("connectionDetails"), Details(rendering.Connection)))
            .Concat(Compare("resources", Wanted(want.At("desired", "resources")), State(rendering)))
            .Concat(Compare("context", want["context"], fatal is null ? rendering.Context : request["context"]))
            .Concat(Compare("conditions", want["conditions"], new JsonArray([.. rendering.Conditions.Select(Condition)])))
            .Concat(Compare("requirements", want.At("requirements", "extraResources"), Requirements(rendering)))
            .Concat(Compare("ttl", want.At("meta", "ttl") is JsonValue ttl && ttl.TryGetValue<double>(out var seconds) ? seconds : DefaultSeconds,
                rendering.TimeToLive?.TotalSeconds ?? DefaultSeconds));
    }

    private static IEnumerable<string> Compare(string what, JsonNode? want, JsonNode? got)
    {
        // What the protocol does not say is empty.
        var (a, b) = (Numbers.Settle(Present(want)), Numbers.Settle(Present(got)));
        return JsonNode.DeepEquals(a, b) ? [] : [$"{what}: want {a?.ToJsonString() ?? "none"} got {b?.ToJsonString() ?? "none"}"];
    }

    private static JsonNode? Present(JsonNode? node) => node is JsonObject { Count: 0 } or JsonArray { Count: 0 } ? null : node;

    private static Rendering RenderingOf(JsonObject request)
    {
        var observed = new Dictionary<string, ObservedResource>(StringComparer.Ordinal);
        foreach (var (name, resource) in Object(request.At("observed", "resources")))
        {
            observed[name] = new ObservedResource(Object(resource!["resource"]), Details(resource["connectionDetails"]));
        }

        var rendering = new Rendering(Object(request.At("observed", "composite", "resource")), observed)
        {
            CompositeConnection = Details(request.At("observed", "composite", "connectionDetails")),
        };
        Fill(rendering.DesiredComposite, request.At("desired", "composite", "resource"));
        Fill(rendering.Context, request["context"]);
        foreach (var (name, resource) in Object(request.At("desired", "resources")))
        {
            rendering.Desired[name] = new DesiredResource(Object(resource!["resource"])) { Ready = Ready(resource)?.GetValue<bool>() };
        }

        foreach (var (name, found) in Object(request["extraResources"]))
        {
            rendering.Required[name] = [.. (found!["items"] as JsonArray ?? []).Select(i => Object(i!["resource"]))];
        }

        return rendering;
    }

    private static JsonObject Object(JsonNode? node) => (JsonObject)(node?.DeepClone() ?? new JsonObject());

    private static void Fill(JsonObject target, JsonNode? source)
    {
        foreach (var (member, value) in Object(source))
        {
            target[member] = value?.DeepClone();
        }
    }

    private static Dictionary<string, string> Details(JsonNode? details) => Object(details).ToDictionary(d => d.Key, d => d.Value!.ToString());

    private static JsonObject Details(Dictionary<string, string> details) => new(details.Select(d => KeyValuePair.Create<string, JsonNode?>(d.Key, d.Value)));

    private static JsonNode? Ready(JsonNode? resource) => resource?["ready"]?.ToJsonString() switch
    {
        "1" => true,
        "2" => false,
        _ => null,
    };

    private static JsonObject State(Rendering rendering) => new(rendering.Desired.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d =>
        KeyValuePair.Create<string, JsonNode?>(d.Key, new JsonObject { ["resource"] = d.Value.Document.DeepClone(), ["ready"] = d.Value.Ready })));

    private static JsonObject Wanted(JsonNode? resources) => new(Object(resources).OrderBy(d => d.Key, StringComparer.Ordinal).Select(d =>
        KeyValuePair.Create<string, JsonNode?>(d.Key, new JsonObject { ["resource"] = d.Value!["resource"]?.DeepClone(), ["ready"] = Ready(d.Value) })));

    private static JsonObject Result(FunctionResult result) => new()
    {
        ["severity"] = result.Severity == Severity.Warning ? "SEVERITY_WARNING" : "SEVERITY_NORMAL",
        ["message"] = result.Message,
        ["target"] = result.OnClaim ? "TARGET_COMPOSITE_AND_CLAIM" : "TARGET_COMPOSITE",
    };

    private static JsonObject Condition(FunctionCondition condition) => new()
    {
        ["type"] = condition.Type,
        ["status"] = $"STATUS_CONDITION_{condition.Status.ToUpperInvariant()}",
        ["reason"] = condition.Reason,
        ["message"] = condition.Message,
        ["target"] = condition.OnClaim ? "TARGET_COMPOSITE_AND_CLAIM" : "TARGET_COMPOSITE",
    };

    private static JsonObject Requirements(Rendering rendering) => new(rendering.Requirements.Select(r => KeyValuePair.Create<string, JsonNode?>(r.Key, new JsonObject
    {
        ["apiVersion"] = r.Value.ApiVersion,
        ["kind"] = r.Value.Kind,
        ["match"] = r.Value.Name is { } name
            ? new JsonObject { ["matchName"] = name }
            : new JsonObject { ["matchLabels"] = new JsonObject { ["labels"] = new JsonObject(r.Value.Labels!.Select(l => KeyValuePair.Create<string, JsonNode?>(l.Key, l.Value))) } },
    })));
}
