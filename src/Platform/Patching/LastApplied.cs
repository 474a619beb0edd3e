using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>
/// What client-side <c>kubectl apply</c> noted of itself on an object. When kubectl goes over to server-side apply, fields that still are as
/// it once applied them are its own, whatever manager they are listed under (Kubernetes documentation, "Upgrading from client-side apply").
/// </summary>
internal static class LastApplied
{
    /// <summary>The one field manager that is handed its former fields; another name opts out.</summary>
    public const string Manager = "kubectl";

    private const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The fields that were applied by the client and have not changed since; empty when there is no readable note of them.</summary>
    public static FieldSet Unchanged(JsonObject live, SchemaNode root)
    {
        if (live["metadata"]?["annotations"]?[Annotation]?.ToString() is not { } text || Parse(text) is not { } applied)
        {
            return new();
        }

        // Added: what the live object has besides, which is no field of the applied one.
        var changes = FieldSets.Compare(applied, live, root);
        return FieldSets.Of(applied, root).Except(changes.Modified.Union(changes.Removed));
    }

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
