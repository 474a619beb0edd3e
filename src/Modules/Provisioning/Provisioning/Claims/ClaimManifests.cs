using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

/// <summary>Claims as people edit them.</summary>
internal static class ClaimManifests
{
    /// <summary>A claim to begin with: what the kind requires and defaults.</summary>
    public static string Start(KindDefinition kind, string ns)
    {
        var claim = new JsonObject
        {
            ["apiVersion"] = kind.ApiVersion,
            ["kind"] = kind.Kind,
            ["metadata"] = new JsonObject { ["name"] = "my-claim", ["namespace"] = ns },
            ["spec"] = new JsonObject
            {
                ["parameters"] = new JsonObject(),
                ["writeConnectionSecretToRef"] = new JsonObject { ["name"] = "my-claim-connection" },
            },
        };
        kind.Schema?.Prune(claim);
        kind.Schema?.ApplyDefaults(claim);
        return YamlWriter.Write(claim);
    }

    /// <summary>What a person asked for, field by field: a claim keeps it under <c>spec.parameters</c> by custom, a composite in its spec.</summary>
    public static IReadOnlyList<(string Name, string Value)> Parameters(KindDefinition kind, JsonObject document) =>
    [
        .. (document.At("spec", "parameters") as JsonObject ?? (kind.IsComposite() ? document["spec"] as JsonObject : null) ?? [])
            .Where(p => !CompositeSchema.Machinery.Contains(p.Key)).Select(p => (p.Key, p.Value is JsonObject or JsonArray ? p.Value.ToJsonString() : p.Value?.ToString() ?? "")),
    ];

    /// <summary>
    /// What is there with what a manifest says of it. What the platform wrote into it stays where the manifest leaves it out: in a claim's spec, and
    /// below <c>spec.crossplane</c> of a composite.
    /// </summary>
    public static JsonObject Replace(JsonObject current, JsonObject manifest)
    {
        var next = Binding.Replace(current, manifest);
        if (next.At("spec", "crossplane") is JsonObject machinery)
        {
            foreach (var (member, value) in current.At("spec", "crossplane") as JsonObject ?? [])
            {
                machinery[member] ??= value?.DeepClone();
            }
        }

        return next;
    }

    /// <summary>What a person asked for, without what the store and the platform added.</summary>
    public static string Of(JsonObject claim)
    {
        var metadata = new JsonObject { ["name"] = claim.NameOf(), ["namespace"] = claim.NamespaceOf() };
        foreach (var member in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            if (claim.At("metadata", member) is { } value)
            {
                metadata[member] = value.DeepClone();
            }
        }

        var spec = (JsonObject)(claim["spec"]?.DeepClone() ?? new JsonObject());
        spec.Remove("resourceRef");
        (spec["crossplane"] as JsonObject)?.Remove("resourceRefs");
        return YamlWriter.Write(new JsonObject
        {
            ["apiVersion"] = claim["apiVersion"]?.DeepClone(), ["kind"] = claim["kind"]?.DeepClone(), ["metadata"] = metadata, ["spec"] = spec,
        });
    }
}
