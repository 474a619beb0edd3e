using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>
/// Server-side apply (Kubernetes documentation, "Server-Side Apply"; structured-merge-diff, merge): the applied document is all that its
/// manager wants; what it managed before and wants no more goes, unless another manages it.
/// </summary>
public static class ServerSideApply
{
    /// <summary>Merges what a manager applies into the live object. Neither document is changed.</summary>
    /// <param name="live">The stored object, or null when the apply creates it.</param>
    /// <param name="applied">The applied document, with its apiVersion and without managed fields.</param>
    /// <param name="manager">Who applies.</param>
    /// <param name="force">Whether to take the fields that others manage.</param>
    /// <param name="schema">Which maps and lists are granular, or null when only metadata is known.</param>
    public static ApplyOutcome Apply(JsonObject? live, JsonObject applied, FieldManager manager, bool force, StructuralSchema? schema)
    {
        if (applied["metadata"]?["managedFields"] is not null)
        {
            return new ApplyInvalid("metadata.managedFields must be nil");
        }

        if (applied["apiVersion"]?.ToString() is not { Length: > 0 } apiVersion)
        {
            return new ApplyInvalid("apiVersion must be set");
        }

        var root = schema?.Root ?? FieldWalk.Untyped;
        if (ApplyCheck.Problem(applied, root) is { } problem)
        {
            return new ApplyInvalid($"failed to create typed patch object: {problem}");
        }

        var before = live ?? [];
        var was = ManagerTable.Read(live) ?? new();
        var managers = ManagerTable.Read(live) ?? new();
        var entry = ManagerEntry.For(manager, ManagerEntry.Apply, apiVersion, FieldSets.Of(applied, root));
        var last = managers.Find(entry);
        managers.Put(entry);

        var merged = FieldMerge.Merge(before, applied, root);
        if (last is not null)
        {
            FieldMerge.Prune(merged, last.Fields, managers.All(), root);
        }

        var changes = FieldSets.Compare(before, merged, root);
        var taken = changes.Modified.Union(changes.Added);
        var conflicts = Conflicts(managers, entry, taken);
        if (conflicts.Count > 0 && !force && manager.Name == LastApplied.Manager)
        {
            conflicts = Conflicts(managers, entry, taken.Except(LastApplied.Unchanged(before, root)));
        }

        if (conflicts.Count > 0 && !force)
        {
            return new ApplyConflicted(conflicts);
        }

        managers.TakeFromOthers(entry, taken.Union(changes.Removed));
        if (last is not null && managers.Find(entry) is { } current && current.SameAs(last))
        {
            managers.Put(current with { Time = last.Time });
        }

        // Fields alone would not tell that a list has another order.
        if (live is not null && managers.SameAs(was) && JsonNode.DeepEquals(live, merged))
        {
            return new Applied((JsonObject)live.DeepClone(), Changed: false);
        }

        managers.Write(merged);
        return new Applied(merged, Changed: true);
    }

    private static List<FieldConflict> Conflicts(ManagerTable managers, ManagerEntry applier, FieldSet taken) =>
    [
        .. managers.Entries
            .Where(entry => entry.Identity != applier.Identity)
            .OrderBy(entry => entry.Shown, StringComparer.Ordinal)
            .SelectMany(entry => entry.Fields.Intersect(taken).Paths().Select(path => new FieldConflict(entry.Shown, path))),
    ];
}
