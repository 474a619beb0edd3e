using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions;

/// <summary>
/// What a definition's scope makes of its composites. Those of Crossplane 1 lie in the cluster, have claims, and keep what Crossplane reads in the
/// spec itself; those of Crossplane 2 keep it under <c>spec.crossplane</c>.
/// </summary>
internal readonly record struct CompositeShape(bool IsLegacy, bool IsNamespaced)
{
    public static CompositeShape Of(JsonObject definition) => definition.At("spec").Text("scope") switch
    {
        "Namespaced" => new(false, true),
        "Cluster" => new(false, false),
        _ => new(true, false),
    };

    /// <summary>What Crossplane reads of a composite or its claim: which composition, which revision, what was made.</summary>
    public JsonNode? Machinery(JsonObject document) => IsLegacy ? document["spec"] : document.At("spec", "crossplane");

    /// <summary>The same to write to; made when it is not there.</summary>
    public JsonObject OwnMachinery(JsonObject document)
    {
        if (document["spec"] is not JsonObject spec)
        {
            document["spec"] = spec = [];
        }

        if (IsLegacy)
        {
            return spec;
        }

        if (spec["crossplane"] is not JsonObject own)
        {
            spec["crossplane"] = own = [];
        }

        return own;
    }
}
