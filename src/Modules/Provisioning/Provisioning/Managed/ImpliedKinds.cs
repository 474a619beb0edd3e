using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Managed;

/// <summary>
/// Defines kinds of managed resources that compositions use and nobody brought: in a cluster a provider's package would. They are served like any
/// other custom kind, and simulated; a provider's own CustomResourceDefinition takes their place when it is applied.
/// </summary>
internal sealed class ImpliedKinds(ResourceGateway gateway, KindRegistry kinds)
{
    public const string Controller = "implied-kinds";
    public const string ImpliedAnnotation = "flagstone.dev/implied";

    private static readonly KindId Definitions = new("customresourcedefinitions", "apiextensions.k8s.io");

    /// <summary>Whether it looks like a managed resource: only those are implied, as nothing would come of others.</summary>
    public static bool IsManaged(JsonObject document) => document.At("spec", "forProvider") is JsonObject && document.Text("apiVersion").Contains('/', StringComparison.Ordinal);

    /// <summary>True when the kind is defined now, or was meanwhile; false when its names are taken.</summary>
    public async Task<bool> DefineAsync(string apiVersion, string kind, CancellationToken ct)
    {
        var (group, version) = (apiVersion.Split('/')[0], apiVersion.Split('/')[1]);
        if (kinds.All.Any(k => k.Id.Group == group && k.Kind == kind))
        {
            return false;
        }

        var plural = Plural(kind.ToLowerInvariant());
        var open = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        var definition = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = $"{plural}.{group}", ["annotations"] = new JsonObject { [ImpliedAnnotation] = "true" } },
            ["spec"] = new JsonObject
            {
                ["group"] = group,
                // Crossplane 2's namespaced managed resources have groups of their own.
                ["scope"] = group.Contains(".m.", StringComparison.Ordinal) ? "Namespaced" : "Cluster",
                ["names"] = new JsonObject
                {
                    ["kind"] = kind, ["plural"] = plural, ["singular"] = kind.ToLowerInvariant(), ["listKind"] = $"{kind}List",
                    ["categories"] = new JsonArray("crossplane", ManagedKinds.Category),
                },
                ["versions"] = new JsonArray(new JsonObject
                {
                    ["name"] = version,
                    ["served"] = true,
                    ["storage"] = true,
                    ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
                    ["schema"] = new JsonObject
                    {
                        ["openAPIV3Schema"] = new JsonObject
                        {
                            ["type"] = "object",
                            ["properties"] = new JsonObject { ["spec"] = open, ["status"] = open.DeepClone() },
                        },
                    },
                }),
            },
        };
        return await gateway.CreateAsync(Caller.System(Controller), kinds.Find(Definitions)!, "", definition, new WriteOptions { Origin = "reconcile", Judged = true }, ct)
            is Written or Refused { Problem.Reason: "AlreadyExists" };
    }

    private static string Plural(string singular) => singular switch
    {
        [.., 's' or 'x' or 'z'] or [.., 'c' or 's', 'h'] => $"{singular}es",
        [.., not ('a' or 'e' or 'i' or 'o' or 'u'), 'y'] => $"{singular[..^1]}ies",
        _ => $"{singular}s",
    };
}
