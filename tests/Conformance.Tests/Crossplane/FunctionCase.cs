using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Conformance.Tests.Crossplane;

/// <summary>A vector of a composition function: a RunFunctionRequest, and the RunFunctionResponse that upstream gives.</summary>
internal static class FunctionCase
{
    private const string DefaultTimeToLive = "60s";

    /// <summary>Empty when the function answers as the response says, in every part that it names; else the first part that differs.</summary>
    public static string Judge(JsonNode request, JsonNode response, Action<JsonObject, Rendering> function)
    {
        var rendering = Read(request);
        var wanted = (response["results"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        try
        {
            function((JsonObject)(request["input"]?.DeepClone() ?? new JsonObject()), rendering);
        }
        catch (FatalResultException fatal)
        {
            return wanted.Exists(r => r.Text("severity") == "SEVERITY_FATAL" && r.Text("message") == fatal.Message) ? "" : $"fatal: {fatal.Message}";
        }

        return Results(rendering, wanted)
            ?? Differs("desired resources", Resources(rendering), WantedResources(response))
            ?? (request.At("desired", "composite") is null ? null : Differs("composite", rendering.DesiredComposite, response.At("desired", "composite", "resource")))
            ?? Differs("connection", Text(rendering.Connection), Text(Details(response.At("desired", "composite", "connectionDetails"))))
            ?? Differs("composite readiness", Ready(rendering.CompositeReady), response.At("desired", "composite")?["ready"] ?? "READY_UNSPECIFIED")
            ?? Differs("requirements", Requirements(rendering), response.At("requirements", "resources") ?? response.At("requirements", "extraResources") ?? new JsonObject())
            ?? (response["context"] is { } context ? Differs("context", rendering.Context, context["fields"] ?? context) : null)
            ?? TimeToLive(rendering, response.At("meta", "ttl"))
            ?? "";
    }

    public static Rendering Read(JsonNode request)
    {
        var observed = new Dictionary<string, ObservedResource>(StringComparer.Ordinal);
        foreach (var (name, resource) in request.At("observed", "resources") as JsonObject ?? [])
        {
            observed[name] = new ObservedResource((JsonObject)(Plain(resource!["resource"]) ?? new JsonObject()), Details(resource["connectionDetails"]));
        }

        var rendering = new Rendering((JsonObject)(Plain(request.At("observed", "composite", "resource")) ?? new JsonObject()), observed)
        {
            CompositeConnection = Details(request.At("observed", "composite", "connectionDetails")),
        };
        Fill(rendering.DesiredComposite, request.At("desired", "composite", "resource"));
        Fill(rendering.Context, request["context"]);
        foreach (var (name, resource) in request.At("desired", "resources") as JsonObject ?? [])
        {
            rendering.Desired[name] = new DesiredResource((JsonObject)Plain(resource!["resource"])!)
            {
                Ready = resource.Text("ready") switch { "READY_TRUE" => true, "READY_FALSE" => false, _ => null },
            };
        }

        foreach (var (key, value) in Details(request.At("desired", "composite", "connectionDetails")))
        {
            rendering.Connection[key] = value;
        }

        foreach (var member in (ReadOnlySpan<string>)["requiredResources", "extraResources"])
        {
            foreach (var (name, found) in request[member] as JsonObject ?? [])
            {
                rendering.Required[name] = [.. (found?["items"] as JsonArray ?? []).Select(i => (JsonObject)i!["resource"]!.DeepClone())];
            }
        }

        return rendering;
    }

    private static string? Results(Rendering rendering, List<JsonObject> wanted)
    {
        var got = rendering.Results.ConvertAll(r => $"{(r.Severity == Severity.Warning ? "SEVERITY_WARNING" : "SEVERITY_NORMAL")} {r.Message} {(r.OnClaim ? "TARGET_COMPOSITE_AND_CLAIM" : "TARGET_COMPOSITE")} {r.Reason}");
        var want = wanted.ConvertAll(r => $"{r.Text("severity")} {r.Text("message")} {r.Text("target")} {r.Text("reason")}");
        return got.SequenceEqual(want) ? null : $"results: {string.Join(" | ", got)} instead of {string.Join(" | ", want)}";
    }

    private static string? Differs(string part, JsonNode? got, JsonNode? want)
    {
        var (a, b) = (Numbers.Settle(got), Numbers.Settle(Plain(want)));
        return JsonNode.DeepEquals(a, b) ? null : $"{part}: {a?.ToJsonString()} instead of {b?.ToJsonString()}";
    }

    private static string? TimeToLive(Rendering rendering, JsonNode? want)
    {
        var got = rendering.TimeToLive is { } given ? string.Create(CultureInfo.InvariantCulture, $"{given.TotalSeconds}s") : DefaultTimeToLive;
        return want is null || $"{want.ToString().TrimEnd('s')}s" == got ? null : $"ttl: {got} instead of {want}";
    }

    private static JsonObject Resources(Rendering rendering) => new(rendering.Desired.OrderBy(d => d.Key, StringComparer.Ordinal)
        .Select(d => KeyValuePair.Create<string, JsonNode?>(d.Key, new JsonObject { ["ready"] = Ready(d.Value.Ready), ["resource"] = d.Value.Document.DeepClone() })));

    private static JsonObject WantedResources(JsonNode response) => new((response.At("desired", "resources") as JsonObject ?? [])
        .OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => KeyValuePair.Create<string, JsonNode?>(d.Key, new JsonObject
        {
            ["ready"] = d.Value.Text("ready") is { Length: > 0 } ready ? ready : "READY_UNSPECIFIED",
            ["resource"] = d.Value!["resource"]?.DeepClone(),
        })));

    private static JsonObject Requirements(Rendering rendering) => new(rendering.Requirements.Select(r => KeyValuePair.Create<string, JsonNode?>(r.Key, new JsonObject
    {
        ["apiVersion"] = r.Value.ApiVersion,
        ["kind"] = r.Value.Kind,
        ["match"] = r.Value.Name is { } name ? new JsonObject { ["matchName"] = name }
            : new JsonObject { ["matchLabels"] = new JsonObject { ["labels"] = Text(r.Value.Labels!) } },
    })));

    private static string Ready(bool? ready) => ready switch { true => "READY_TRUE", false => "READY_FALSE", null => "READY_UNSPECIFIED" };

    private static JsonObject Text(IReadOnlyDictionary<string, string> map) =>
        new(map.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create<string, JsonNode?>(m.Key, m.Value)));

    private static void Fill(JsonObject target, JsonNode? source)
    {
        foreach (var (member, value) in source as JsonObject ?? [])
        {
            target[member] = Plain(value);
        }
    }

    private static Dictionary<string, string> Details(JsonNode? details) =>
        (details as JsonObject ?? []).ToDictionary(d => d.Key, d => d.Value is JsonObject bytes ? Encoding.UTF8.GetString(Convert.FromBase64String(bytes.Text("$bytes"))) : d.Value!.ToString());

    /// <summary>Go's int64, which the vectors mark, as a plain whole number.</summary>
    public static JsonNode? Plain(JsonNode? node) => node switch
    {
        JsonObject { Count: 1 } marked when marked["$int64"] is { } whole => whole.DeepClone(),
        JsonObject map => new JsonObject(map.Select(m => KeyValuePair.Create(m.Key, Plain(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Plain)]),
        _ => Numbers.Read(node, allFloat: false),
    };
}
