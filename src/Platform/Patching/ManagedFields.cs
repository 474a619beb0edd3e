using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>
/// Managed fields of ordinary writes: create, update, and every patch but apply (Kubernetes documentation, "Field management").
/// </summary>
public static class ManagedFields
{
    /// <summary>
    /// Sets <c>metadata.managedFields</c> of the object about to be stored. The writer gets the fields that it added or changed, and all
    /// others lose them; fields that were removed are nobody's. Managed fields that the write itself carries are taken as they are, which
    /// is how kubectl hands the fields of client-side apply over; none, or unreadable ones, mean those of the live object, and
    /// <c>[{}]</c> means to begin anew. Through a subresource they cannot be set.
    /// </summary>
    /// <param name="before">The stored object, or null when the write creates it.</param>
    /// <param name="after">The object about to be stored; its managed fields are replaced.</param>
    /// <param name="manager">Who writes.</param>
    /// <param name="schema">Which maps and lists are granular, or null when only metadata is known.</param>
    public static void Update(JsonObject? before, JsonObject after, FieldManager manager, StructuralSchema? schema)
    {
        var root = schema?.Root ?? FieldWalk.Untyped;
        var managers = Start(before, after, manager);
        var changes = FieldSets.Compare(before ?? [], after, root);
        var apiVersion = after["apiVersion"]?.ToString() ?? "";
        var entry = ManagerEntry.For(manager, ManagerEntry.Update, apiVersion, new());

        var taken = changes.Modified.Union(changes.Added);
        managers.TakeFromOthers(entry, taken.Union(changes.Removed));
        var had = managers.Find(entry);
        var fields = (had?.Fields ?? new()).Except(changes.Removed).Union(taken);
        if (had is null || !had.Fields.SetEquals(fields))
        {
            managers.Put(entry with { Fields = fields });
        }

        managers.Write(after);
    }

    private static ManagerTable Start(JsonObject? before, JsonObject after, FieldManager manager)
    {
        if (manager.Subresource.Length == 0)
        {
            if (after["metadata"]?["managedFields"] is JsonArray and [JsonObject { Count: 0 }])
            {
                return new();
            }

            if (ManagerTable.Read(after) is { } given && given.Entries.Any())
            {
                return given;
            }
        }

        return ManagerTable.Read(before) ?? new();
    }
}
