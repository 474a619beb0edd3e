using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions.Revisions;

/// <summary>What a composition's revisions are called, and which of them a composite uses. Pure.</summary>
internal static class RevisionRules
{
    private const int NameHashLength = 7;
    private const int MaxBase = 253 - NameHashLength - 1;

    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The same for the same labels, annotations and spec, whatever their order.</summary>
    public static string HashOf(JsonObject composition)
    {
        var said = new JsonObject
        {
            ["labels"] = composition.At("metadata", "labels")?.DeepClone(),
            ["annotations"] = Without(composition.At("metadata", "annotations") as JsonObject, LastApplied),
            ["spec"] = composition["spec"]?.DeepClone(),
        };
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(said)!.ToJsonString())));
    }

    public static string NameOf(JsonObject composition, string hash)
    {
        var name = composition.NameOf();
        return $"{name[..Math.Min(name.Length, MaxBase)]}-{hash[..NameHashLength]}";
    }

    public static JsonObject Make(JsonObject composition, string hash, long number)
    {
        var labels = Without(composition.At("metadata", "labels") as JsonObject, "");
        labels[RevisionKinds.CompositionNameLabel] = composition.NameOf();
        // A label holds 63 characters, one less than the hash has.
        labels[RevisionKinds.CompositionHashLabel] = hash[..63];
        var spec = (JsonObject)composition["spec"]!.DeepClone();
        spec["revision"] = number;
        return new JsonObject
        {
            ["apiVersion"] = RevisionKinds.Revision.ApiVersion,
            ["kind"] = RevisionKinds.Revision.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = NameOf(composition, hash),
                ["labels"] = labels,
                ["annotations"] = Without(composition.At("metadata", "annotations") as JsonObject, LastApplied),
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = CompositionKinds.Composition.ApiVersion, ["kind"] = CompositionKinds.Composition.Kind,
                    ["name"] = composition.NameOf(), ["uid"] = composition.UidOf(), ["controller"] = true, ["blockOwnerDeletion"] = true,
                }),
            },
            ["spec"] = spec,
        };
    }

    public static long NumberOf(JsonObject revision) => Numbers.TryInteger(revision.At("spec", "revision"), out var number) ? number : 0;

    /// <summary>False when its composition's tests failed on it.</summary>
    public static bool MayBeCurrent(JsonObject revision) => revision.FindCondition(RevisionKinds.Tested)?.Status != "False";

    /// <summary>The newest of them that may be current; null when there is none.</summary>
    public static JsonObject? Latest(IEnumerable<JsonObject> revisions) => revisions.Where(MayBeCurrent).MaxBy(NumberOf);

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static JsonObject Without(JsonObject? map, string name) =>
        new((map ?? []).Where(m => m.Key != name).Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone())));

    private static JsonNode? Canonical(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Canonical(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Canonical)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => Numbers.Settle(value),
        _ => node?.DeepClone(),
    };
}
