using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Compositions as people edit them.</summary>
internal static class CompositionManifests
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>What a person wrote, without what the store and kubectl added.</summary>
    public static string Of(JsonObject composition)
    {
        var metadata = new JsonObject { ["name"] = composition.NameOf() };
        foreach (var member in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            if (composition.At("metadata", member)?.DeepClone() is JsonObject map)
            {
                map.Remove(LastApplied);
                if (map.Count > 0)
                {
                    metadata[member] = map;
                }
            }
        }

        return YamlWriter.Write(new JsonObject
        {
            ["apiVersion"] = CompositionKinds.Composition.ApiVersion, ["kind"] = CompositionKinds.Composition.Kind, ["metadata"] = metadata,
            ["spec"] = composition["spec"]?.DeepClone(),
        });
    }

    /// <summary>A composition that is there with what a manifest says of it. What kubectl noted stays: it compares its next apply with that.</summary>
    public static JsonObject Replace(JsonObject current, JsonObject manifest)
    {
        var next = (JsonObject)current.DeepClone();
        next["spec"] = manifest["spec"]?.DeepClone();
        foreach (var member in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            if (manifest.At("metadata", member) is { } value)
            {
                next.Metadata()[member] = value.DeepClone();
            }
        }

        if (current.Annotation(LastApplied) is { Length: > 0 } applied && next.Annotation(LastApplied).Length == 0)
        {
            next.Annotate(LastApplied, applied);
        }

        return next;
    }
}
