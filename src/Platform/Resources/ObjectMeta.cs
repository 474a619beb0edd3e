using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Resources;

/// <summary>Typed access to a document's metadata. Reads never throw on a member of another type: it counts as absent.</summary>
public static class ObjectMeta
{
    public static JsonObject Metadata(this JsonObject document)
    {
        if (document["metadata"] is JsonObject metadata)
        {
            return metadata;
        }

        metadata = [];
        document["metadata"] = metadata;
        return metadata;
    }

    /// <summary>A text member, or empty.</summary>
    public static string Text(this JsonNode? node, string member) =>
        node is JsonObject o && o[member] is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : "";

    /// <summary>The node at a path of members, or null.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var member in path)
        {
            node = node is JsonObject o ? o[member] : null;
        }

        return node;
    }

    public static string NameOf(this JsonObject document) => document["metadata"].Text("name");

    public static string NamespaceOf(this JsonObject document) => document["metadata"].Text("namespace");

    public static string UidOf(this JsonObject document) => document["metadata"].Text("uid");

    public static bool IsDeleting(this JsonObject document) => document["metadata"].Text("deletionTimestamp").Length > 0;

    public static long GenerationOf(this JsonObject document) =>
        document["metadata"].At("generation") is JsonValue v && v.GetValueKind() == JsonValueKind.Number
            ? long.Parse(v.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture)
            : 0;

    public static string Annotation(this JsonObject document, string name) => document["metadata"].At("annotations").Text(name);

    public static string Label(this JsonObject document, string name) => document["metadata"].At("labels").Text(name);

    public static IReadOnlyList<string> Finalizers(this JsonObject document) =>
        document["metadata"].At("finalizers") is JsonArray list
            ? [.. list.OfType<JsonValue>().Where(v => v.GetValueKind() == JsonValueKind.String).Select(v => v.GetValue<string>())]
            : [];

    public static IEnumerable<JsonObject> OwnerReferences(this JsonObject document) =>
        (document["metadata"].At("ownerReferences") as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The uid of the controlling owner, else of the first, else null.</summary>
    public static string? OwnerUid(this JsonObject document)
    {
        var owners = document.OwnerReferences().ToList();
        var owner = owners.Find(o => o["controller"] is JsonValue v && v.GetValueKind() == JsonValueKind.True) ?? owners.FirstOrDefault();
        return owner?.Text("uid") is { Length: > 0 } uid ? uid : null;
    }
}
