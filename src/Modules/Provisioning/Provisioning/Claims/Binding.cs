using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

/// <summary>What a claim asks of its composite. Pure, and one for the reconcile and the plan.</summary>
internal static class Binding
{
    private static readonly string[] NotPropagated =
        ["resourceRef", "writeConnectionSecretToRef", "compositeDeletePolicy", "compositionRevisionRef", "claimRef", "resourceRefs"];

    /// <summary>How composites are written.</summary>
    public static WriteOptions Options { get; } = new() { Origin = "reconcile", FieldManager = "flagstone-claim", Judged = true };

    /// <summary>The composite as the claim wants it, without a name.</summary>
    public static JsonObject Wanted(KindDefinition kind, ResourceKey key, JsonObject claim)
    {
        var spec = (JsonObject)(claim["spec"]?.DeepClone() ?? new JsonObject());
        var pinned = IsManual(claim) ? spec["compositionRevisionRef"] : null;
        foreach (var member in NotPropagated)
        {
            spec.Remove(member);
        }

        if (pinned is not null)
        {
            spec["compositionRevisionRef"] = pinned;
        }

        spec["claimRef"] = new JsonObject
        {
            ["apiVersion"] = kind.ApiVersion, ["kind"] = kind.Kind, ["namespace"] = key.Namespace, ["name"] = key.Name,
        };
        var labels = Own(claim.At("metadata", "labels"));
        labels[Names.ClaimNameLabel] = key.Name;
        labels[Names.ClaimNamespaceLabel] = key.Namespace;
        var metadata = new JsonObject { ["labels"] = labels };
        if (Own(claim.At("metadata", "annotations")) is { Count: > 0 } annotations)
        {
            metadata["annotations"] = annotations;
        }

        return new JsonObject { ["metadata"] = metadata, ["spec"] = spec };
    }

    /// <summary>Brings a composite to what its claim wants; false when it is another claim's.</summary>
    public static bool Merge(JsonObject current, JsonObject wanted)
    {
        if (!JsonNode.DeepEquals(current.At("spec", "claimRef"), wanted.At("spec", "claimRef")))
        {
            return false;
        }

        foreach (var map in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            foreach (var gone in Propagated(current, map).Where(m => wanted.At("metadata", map)?[m] is null))
            {
                (current.At("metadata", map) as JsonObject)?.Remove(gone);
            }
        }

        // The composite's own choice of a composition stays where the claim makes none.
        Documents.Overlay(current, wanted);
        foreach (var gone in current.Member("spec").Select(m => m.Key).Where(m => !CompositeSchema.Machinery.Contains(m) && wanted["spec"]![m] is null).ToList())
        {
            current.Member("spec").Remove(gone);
        }

        return true;
    }

    /// <summary>Whether the claim says which composition and revision make it, as people look there first.</summary>
    public static bool IsTold(JsonObject claim, JsonObject composite)
    {
        var copy = (JsonObject)claim.DeepClone();
        Tell(copy, composite);
        return JsonNode.DeepEquals(copy["spec"], claim["spec"]) && copy.Annotation(Names.ExternalNameAnnotation) == claim.Annotation(Names.ExternalNameAnnotation);
    }

    public static void Tell(JsonObject claim, JsonObject composite)
    {
        var spec = claim.Member("spec");
        var chosen = composite.At("spec", "compositionRef");
        if (chosen is not null && spec["compositionRef"] is null)
        {
            spec["compositionRef"] = chosen.DeepClone();
        }

        var revision = composite.At("spec", "compositionRevisionRef");
        if (revision is not null && (!IsManual(claim) || spec["compositionRevisionRef"] is null) && spec["compositionRevisionRef"].Text("name") != revision.Text("name"))
        {
            spec["compositionRevisionRef"] = revision.DeepClone();
        }

        if (composite.Annotation(Names.ExternalNameAnnotation) is { Length: > 0 } external && claim.Annotation(Names.ExternalNameAnnotation) != external)
        {
            claim.Annotate(Names.ExternalNameAnnotation, external);
        }
    }

    /// <summary>Conditions that a function means for the claim too.</summary>
    public static void CopyConditions(JsonObject claim, JsonObject composite, DateTimeOffset now)
    {
        foreach (var type in (composite.At("status", "claimConditionTypes") as JsonArray ?? []).Select(t => t?.ToString() ?? ""))
        {
            if (composite.FindCondition(type) is { } condition)
            {
                claim.SetCondition(condition, now);
            }
        }
    }

    private static bool IsManual(JsonObject claim) => claim["spec"].Text("compositionUpdatePolicy") == "Manual";

    public static string Foreign(KindDefinition composite, string name) =>
        $"cannot bind composite resource: {composite.Kind} \"{name}\" belongs to another claim. Remove spec.resourceRef to have a new one made.";

    /// <summary>
    /// A claim that is there with what a manifest says of it. The platform's own members of the spec stay where the manifest leaves them out:
    /// without them a second composite would be made beside the first.
    /// </summary>
    public static JsonObject Replace(JsonObject current, JsonObject manifest)
    {
        var next = (JsonObject)current.DeepClone();
        var spec = (JsonObject)(manifest["spec"]?.DeepClone() ?? new JsonObject());
        foreach (var (member, value) in current["spec"] as JsonObject ?? [])
        {
            if (CompositeSchema.Machinery.Contains(member) && !spec.ContainsKey(member))
            {
                spec[member] = value?.DeepClone();
            }
        }

        next["spec"] = spec;
        foreach (var member in (ReadOnlySpan<string>)["labels", "annotations", "resourceVersion", "uid"])
        {
            if (manifest.At("metadata", member) is { } value)
            {
                next.Metadata()[member] = value.DeepClone();
            }
        }

        return next;
    }

    /// <summary>The labels or annotations of a composite that came from its claim: the claim's field manager has them, and no other.</summary>
    private static List<string> Propagated(JsonObject composite, string map)
    {
        var managers = (composite.At("metadata", "managedFields") as JsonArray ?? []).OfType<JsonObject>().ToLookup(m => m.Text("manager") == Options.FieldManager);
        IEnumerable<string> Fields(bool ours) => managers[ours].SelectMany(m => (m.At("fieldsV1", "f:metadata", $"f:{map}") as JsonObject ?? []).Select(f => f.Key));
        return [.. Fields(ours: true).Except(Fields(ours: false)).Where(f => f.StartsWith("f:", StringComparison.Ordinal)).Select(f => f[2..])];
    }

    /// <summary>Kubernetes' own labels and annotations are about the claim alone.</summary>
    private static JsonObject Own(JsonNode? map) => new((map as JsonObject ?? [])
        .Where(m => m.Key.Split('/')[0] is var domain && !domain.EndsWith("kubernetes.io", StringComparison.Ordinal) && !domain.EndsWith("k8s.io", StringComparison.Ordinal))
        .Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone())));
}
