using System.Text.Json.Nodes;

namespace Flagstone.Platform.Patching;

/// <summary>The managers of one object and what each of them manages.</summary>
internal sealed class ManagerTable
{
    /// <summary>As in the API server: the oldest updaters above this are summed up in one entry.</summary>
    private const int MaxUpdaters = 10;

    private const string AncientChanges = "ancient-changes";

    // What the server sets, or what says which object it is: nobody's fields.
    private static readonly FieldSet Unmanaged = Paths(
        ["apiVersion"], ["kind"], ["metadata"], ["metadata", "name"], ["metadata", "namespace"], ["metadata", "creationTimestamp"],
        ["metadata", "selfLink"], ["metadata", "uid"], ["metadata", "clusterName"], ["metadata", "generation"],
        ["metadata", "resourceVersion"], ["metadata", "managedFields"]);

    private readonly Dictionary<(string, string, string, string), ManagerEntry> entries = [];

    public IEnumerable<ManagerEntry> Entries => entries.Values;

    /// <summary>The table of an object; null when its managed fields cannot be read.</summary>
    public static ManagerTable? Read(JsonObject? document)
    {
        var table = new ManagerTable();
        foreach (var node in document?["metadata"]?["managedFields"] as JsonArray ?? [])
        {
            if (!ManagerEntry.TryParse(node, out var entry))
            {
                return null;
            }

            table.Put(table.Find(entry) is { } same ? entry with { Fields = entry.Fields.Union(same.Fields) } : entry);
        }

        return table;
    }

    public ManagerEntry? Find(ManagerEntry like) => entries.GetValueOrDefault(like.Identity);

    public FieldSet All() => entries.Values.Aggregate(new FieldSet(), (all, entry) => all.Union(entry.Fields));

    /// <summary>Sets a manager's entry without the fields that nobody manages; one without fields goes.</summary>
    public void Put(ManagerEntry entry)
    {
        var fields = entry.Fields.Except(Unmanaged);
        if (fields.IsEmpty)
        {
            entries.Remove(entry.Identity);
            return;
        }

        entries[entry.Identity] = entry with { Fields = fields };
    }

    /// <summary>Takes fields from everyone but one manager.</summary>
    public void TakeFromOthers(ManagerEntry except, FieldSet fields)
    {
        foreach (var entry in entries.Values.Where(entry => entry.Identity != except.Identity).ToList())
        {
            Put(entry with { Fields = entry.Fields.Except(fields) });
        }
    }

    public bool SameAs(ManagerTable other) =>
        entries.Count == other.entries.Count
        && entries.Values.All(entry => other.Find(entry) is { } same && entry.SameAs(same));

    /// <summary>Writes the table into an object, in the API server's order.</summary>
    public void Write(JsonObject document)
    {
        Cap();
        if (document["metadata"] is not JsonObject metadata)
        {
            document["metadata"] = metadata = [];
        }

        metadata.Remove("managedFields");
        if (entries.Count > 0)
        {
            var ordered = entries.Values
                .OrderBy(entry => entry.Operation, StringComparer.Ordinal)
                .ThenBy(entry => entry.Time, StringComparer.Ordinal)
                .ThenBy(entry => entry.Manager, StringComparer.Ordinal)
                .ThenBy(entry => entry.ApiVersion, StringComparer.Ordinal)
                .ThenBy(entry => entry.Subresource, StringComparer.Ordinal);
            metadata["managedFields"] = new JsonArray([.. ordered.Select(entry => entry.ToJson())]);
        }
    }

    private void Cap()
    {
        var updaters = entries.Values
            .Where(entry => entry.Operation == ManagerEntry.Update && entry.Subresource.Length == 0)
            .OrderBy(entry => entry.Time, StringComparer.Ordinal)
            .ToList();
        if (updaters.Count <= MaxUpdaters)
        {
            return;
        }

        foreach (var entry in updaters.Take(updaters.Count - MaxUpdaters + 1))
        {
            entries.Remove(entry.Identity);
            var summed = entry with { Manager = AncientChanges };
            Put(Find(summed) is { } earlier ? summed with { Fields = earlier.Fields.Union(entry.Fields) } : summed);
        }
    }

    private static FieldSet Paths(params string[][] paths)
    {
        var set = new FieldSet();
        foreach (var path in paths)
        {
            set.Insert([.. path.Select(FieldSet.Field)]);
        }

        return set;
    }
}
