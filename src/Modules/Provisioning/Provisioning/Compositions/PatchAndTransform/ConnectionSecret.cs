using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>
/// A composite of Crossplane 2 has no connection secret of its own: what its resources give becomes a Secret that is composed like any other
/// resource.
/// </summary>
internal static class ConnectionSecret
{
    /// <summary>A composite of Crossplane 2 keeps its machinery under <c>spec.crossplane</c>.</summary>
    public static bool IsLegacy(JsonObject composite) => composite.At("spec", "crossplane") is null;

    public static void Compose(JsonObject? reference, Rendering rendering)
    {
        if (rendering.Connection.Count == 0 || IsLegacy(rendering.Composite))
        {
            return;
        }

        var (name, space) = Reference(rendering.Composite, reference);
        var metadata = new JsonObject();
        Put(metadata, "name", name);
        Put(metadata, "namespace", space);
        rendering.Desired[$"{rendering.Composite.NameOf()}-connection-secret"] = new DesiredResource(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = metadata,
            ["type"] = "connection.crossplane.io/v1alpha1",
            ["data"] = new JsonObject(rendering.Connection.OrderBy(c => c.Key, StringComparer.Ordinal)
                .Select(c => KeyValuePair.Create<string, JsonNode?>(c.Key, Convert.ToBase64String(Encoding.UTF8.GetBytes(c.Value))))),
        }) { Ready = true };
    }

    /// <summary>The composite's own reference comes before the input's, and that before a name made of the composite's.</summary>
    public static (string Name, string Namespace) Reference(JsonObject composite, JsonObject? input)
    {
        if (composite.At("spec", "writeConnectionSecretToRef") is JsonObject own)
        {
            return (own.Text("name"), own.Text("namespace"));
        }

        var target = input.Text("name").Length > 0 || input.Text("namespace").Length > 0
            ? new JsonObject { ["name"] = input.Text("name"), ["namespace"] = input.Text("namespace") }
            : new JsonObject { ["name"] = $"{composite.NameOf()}-connection", ["namespace"] = composite.NamespaceOf() };
        foreach (var patch in (input?["patches"] as JsonArray ?? []).OfType<JsonObject>())
        {
            Patches.ApplyToReference(patch, composite, target);
        }

        return (target.Text("name"), target.Text("namespace"));
    }

    private static void Put(JsonObject metadata, string member, string value)
    {
        if (value.Length > 0)
        {
            metadata[member] = value;
        }
    }
}
