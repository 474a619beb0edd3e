using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Plans;

/// <summary>What a plan says of each resource. Pure.</summary>
internal static class PlanRules
{
    /// <summary>Stands for what is chosen at random when a composite is made.</summary>
    public const string Unchosen = "xxxxx";

    /// <summary>The uid of a composite that is not there yet.</summary>
    public const string NoUid = "00000000-0000-0000-0000-000000000000";

    /// <summary>The rule of a refusal that no admission rule made.</summary>
    public const string CompositionRule = "composition";

    /// <summary>So many fields tell a creation: the whole of it is in the JSON.</summary>
    private const int MaxMainFields = 12;

    // The store's own book-keeping, and what only happens once the resource is there.
    private static readonly string[] Kept = ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"];

    private static readonly string[] SecretWords = ["password", "secret", "token", "credential", "privateKey"];

    /// <param name="before">As it is; null when it is to be created.</param>
    /// <param name="after">As it would be.</param>
    /// <param name="named">False when the name is chosen at creation.</param>
    public static PlannedResource Apply(KindDefinition kind, JsonObject? before, JsonObject after, bool named, string? template)
    {
        var (was, becomes) = (before is null ? [] : Shown(before, true), Shown(after, named));
        var changes = FieldChanges.Between(was, becomes);
        var action = before is null ? PlanActions.Create : changes.Count > 0 ? PlanActions.Change : PlanActions.Unchanged;
        if (kind.Sealed)
        {
            changes = [.. changes.Select(c => c with { Value = null, Before = null })];
            becomes.Remove("data");
            becomes.Remove("stringData");
        }

        return new PlannedResource(
            action, kind.ApiVersion, kind.Kind, after.NamespaceOf(), named ? after.NameOf() : null, template, becomes, changes);
    }

    public static PlannedResource Remove(KindDefinition kind, JsonObject document, string template) =>
        new(PlanActions.Delete, kind.ApiVersion, kind.Kind, document.NamespaceOf(), document.NameOf(), template, null, []);

    /// <summary>What a deletion loses: null for what keeps its external thing, or has none.</summary>
    public static string? Loss(KindDefinition kind, JsonObject document) =>
        document.At("spec", "forProvider") is null || document.IsPaused() || !ManagementPolicy.Of(document).Delete
            ? null
            : $"{kind.Kind} '{document.NameOf()}' would be deleted with the external thing behind it, and its data. Set deletionPolicy: Orphan in it to keep that.";

    /// <summary>What another external name means for a managed resource that is there; null where it has none yet, or keeps it.</summary>
    public static string? Renaming(KindDefinition kind, JsonObject before, JsonObject after)
    {
        var (was, becomes) = (before.Annotation(Names.ExternalNameAnnotation), after.Annotation(Names.ExternalNameAnnotation));
        return before.At("spec", "forProvider") is null || was.Length == 0 || was == becomes ? null
            : $"{kind.Kind} '{before.NameOf()}' would stand for another external thing: its external-name changes from '{was}' to '{becomes}'. What is not there under the new name is made anew, "
                + "empty, and the former stays behind: nothing here manages or deletes it any more.";
    }

    /// <summary>A problem as the refusals that it is: one for each rule that denies.</summary>
    public static IEnumerable<PlanRefusal> Refusals(KindDefinition kind, string name, Problem problem) => problem.Denials.Count > 0
        ? problem.Denials.Select(d => new PlanRefusal(kind.Kind, name, d.Rule, d.Message))
        : [new PlanRefusal(kind.Kind, name, problem.Slug, problem.Detail)];

    /// <summary>What a creation is told by: the plain values that are asked of its provider, in their order. None that a secret could be.</summary>
    public static IEnumerable<FieldChange> MainFields(PlannedResource created) => created.Action != PlanActions.Create ? []
        : (created.Desired.At("spec", "forProvider") as JsonObject ?? []).Where(f => f.Value is JsonValue && !LooksSecret(f.Key)).Take(MaxMainFields)
            .Select(f => new FieldChange("add", $"/spec/forProvider/{f.Key}", f.Value!.DeepClone(), null));

    private static bool LooksSecret(string field) => Array.Exists(SecretWords, w => field.Contains(w, StringComparison.OrdinalIgnoreCase));

    private static JsonObject Shown(JsonObject document, bool named)
    {
        var shown = (JsonObject)document.DeepClone();
        shown.Remove("status");
        var metadata = shown.Metadata();
        foreach (var member in Kept)
        {
            metadata.Remove(member);
        }

        if (!named)
        {
            metadata.Remove("name");
        }

        // The uid of an owner that is not there yet is no fact.
        foreach (var owner in shown.OwnerReferences().Where(o => o.Text("uid") == NoUid))
        {
            owner.Remove("uid");
        }

        return shown;
    }
}
