using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;

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
        return YamlWriter.Write(new JsonObject
        {
            ["apiVersion"] = claim["apiVersion"]?.DeepClone(), ["kind"] = claim["kind"]?.DeepClone(), ["metadata"] = metadata, ["spec"] = spec,
        });
    }
}
