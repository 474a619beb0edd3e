using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Compositions.Offline;

/// <summary>A rendering as <c>crossplane render</c> prints it. Pure.</summary>
internal static class RenderedDocuments
{
    private const string ApiVersion = "render.crossplane.io/v1beta1";

    /// <summary>Conditions have the same time in each rendering, so that two can be compared.</summary>
    private static readonly DateTimeOffset Then = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static string Print(IEnumerable<JsonObject> documents) => string.Concat(documents.Select(d => $"---\n{YamlWriter.Write(Sorted(d))}"));

    public static IEnumerable<JsonObject> Of(OfflineResult result, RenderArguments arguments)
    {
        yield return Composite(result, arguments.IncludesFullComposite);
        foreach (var composed in result.Composed)
        {
            yield return composed;
        }

        foreach (var told in arguments.IncludesResults ? result.Rendering.Results : [])
        {
            yield return new JsonObject
            {
                ["apiVersion"] = ApiVersion,
                ["kind"] = "Result",
                ["severity"] = told.Severity.ToString(),
                ["reason"] = told.Reason ?? "ComposeResources",
                ["message"] = told.Message,
            };
        }

        if (arguments.IncludesContext)
        {
            yield return new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = "Context", ["fields"] = result.Rendering.Context.DeepClone() };
        }
    }

    /// <summary>What rendering decides of the composite; with the rest of it where it is asked for.</summary>
    private static JsonObject Composite(OfflineResult result, bool isFull)
    {
        var given = result.Given;
        var document = new JsonObject
        {
            ["apiVersion"] = given.Text("apiVersion"),
            ["kind"] = given.Text("kind"),
            ["metadata"] = isFull ? given.Metadata().DeepClone() : Identity(given),
            ["spec"] = isFull && given["spec"] is JsonObject spec ? spec.DeepClone() : new JsonObject(),
        };
        result.Shape.OwnMachinery(document)["resourceRefs"] = Composing.References(
            result.Composed.Select(c => Documents.Reference(c.Text("apiVersion"), c.Text("kind"), c, withNamespace: !result.Shape.IsNamespaced)));
        Report(document, result.Rendering);
        return document;
    }

    private static JsonObject Identity(JsonObject given)
    {
        var metadata = new JsonObject { ["name"] = given.NameOf() };
        if (given.NamespaceOf() is { Length: > 0 } ns)
        {
            metadata["namespace"] = ns;
        }

        return metadata;
    }

    private static void Report(JsonObject document, Rendering rendering)
    {
        CompositeStatus.ReportFunctions(document, rendering);
        document.SetCondition(Condition.True("Responsive", "WatchCircuitClosed"), Then);
        CompositeStatus.ReportConditions(document, rendering, Then);
        document.SetCondition(Condition.True("Synced", "ReconcileSuccess"), Then);
        document.SetCondition(CompositeStatus.Readiness(rendering, synced: true), Then);
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Sorted(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
