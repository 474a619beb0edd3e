using System.Data.Common;
using System.Globalization;
using System.Text;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Resources;

/// <summary>Which resources of a kind, and how many at a time.</summary>
/// <param name="Namespace">One namespace, or null for all.</param>
/// <param name="Name">One name, or null for any: the field selector <c>metadata.name</c>.</param>
/// <param name="Limit">At most so many; 0 for all.</param>
/// <param name="After">The last key of the page before, or null for the first page.</param>
public sealed record ListQuery(
    KindId Kind, string? Namespace = null, LabelSelector? Labels = null, string? Name = null, int Limit = 0, (string Namespace, string Name)? After = null);

/// <summary>A page of resources, in the order of namespace and name.</summary>
/// <param name="Version">The ledger's head in the same snapshot.</param>
/// <param name="More">True when the page was full and others follow.</param>
public sealed record ListPage(IReadOnlyList<StoredResource> Items, long Version, bool More);

/// <summary>A page of resources, the one that was made last first.</summary>
/// <param name="Before">What to ask for the next page with, or null on the last one.</param>
public sealed record NewestPage(IReadOnlyList<StoredResource> Items, long? Before);

/// <summary>Reads resources. Bodies come as they are served; those of a sealed kind are opened.</summary>
public sealed class ResourceStore(PlatformDatabase database, Sealer sealer, KindRegistry kinds)
{
    private const string ByOwner = "SELECT kind, namespace, name, uid, version, body FROM resource WHERE owner = @owner ORDER BY kind, namespace, name";

    // The row that made a resource is its age: a time has seconds, and a version moves with each change.
    private const string Newest = """
        SELECT r.namespace, r.name, r.uid, r.version, r.body, made.seq
        FROM resource r JOIN (
          SELECT namespace, name, max(seq) AS seq FROM ledger WHERE kind = @kind AND namespace = @ns AND change = @added GROUP BY namespace, name
        ) made ON made.namespace = r.namespace AND made.name = r.name
        WHERE r.kind = @kind AND r.namespace = @ns AND made.seq < @before ORDER BY made.seq DESC LIMIT @limit
        """;

    private const string ByVersion = "SELECT labels, body FROM revision WHERE version = @version AND kind = @kind AND namespace = @ns AND name = @name";

    public async Task<StoredResource?> FindAsync(ResourceKey key, CancellationToken ct) =>
        await database.FindAsync(key, ct) is { } row ? new StoredResource(key, row.Uid, row.Version, Open(key, row.Body)) : null;

    public async Task<ListPage> ListAsync(ListQuery query, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        BuildList(command, query);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var items = new List<StoredResource>();
        var version = 0L;
        while (await reader.ReadAsync(ct))
        {
            version = reader.GetInt64(0);
            if (!reader.IsDBNull(2))
            {
                var key = new ResourceKey(query.Kind, reader.GetString(1), reader.GetString(2));
                items.Add(new StoredResource(key, reader.GetString(3), reader.GetInt64(4), Open(key, reader.GetFieldValue<byte[]>(5))));
            }
        }

        var more = query.Limit > 0 && items.Count > query.Limit;
        if (more)
        {
            items.RemoveAt(items.Count - 1);
        }

        return new ListPage(items, version, more);
    }

    /// <summary>Resources of a kind in a namespace, the one that was made last first.</summary>
    /// <param name="before">What the page before gave, or null for the first page.</param>
    public async Task<NewestPage> NewestAsync(KindId kind, string ns, int limit, long? before, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            Newest, ("kind", kind.ToString()), ("ns", ns), ("added", (long)ChangeType.Added), ("before", before ?? long.MaxValue), ("limit", limit + 1));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var items = new List<(StoredResource Resource, long Made)>();
        while (await reader.ReadAsync(ct))
        {
            var key = new ResourceKey(kind, reader.GetString(0), reader.GetString(1));
            items.Add((new StoredResource(key, reader.GetString(2), reader.GetInt64(3), Open(key, reader.GetFieldValue<byte[]>(4))), reader.GetInt64(5)));
        }

        var page = items.Take(limit).ToList();
        return new NewestPage(page.ConvertAll(i => i.Resource), items.Count > limit ? page[^1].Made : null);
    }

    /// <summary>How many there are of a kind, of one namespace or of all.</summary>
    public async Task<long> CountAsync(KindId kind, string? ns, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            "SELECT count(*) FROM resource WHERE kind = @kind AND (@all = 1 OR namespace = @ns)",
            ("kind", kind.ToString()), ("all", ns is null ? 1 : 0), ("ns", ns ?? ""));
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }

    /// <summary>Resources of any kind whose controlling (else first) owner has this uid.</summary>
    public async Task<IReadOnlyList<StoredResource>> OwnedByAsync(string uid, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(ByOwner, ("owner", uid));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var items = new List<StoredResource>();
        while (await reader.ReadAsync(ct))
        {
            var key = new ResourceKey(KindId.Parse(reader.GetString(0)), reader.GetString(1), reader.GetString(2));
            items.Add(new StoredResource(key, reader.GetString(3), reader.GetInt64(4), Open(key, reader.GetFieldValue<byte[]>(5))));
        }

        return items;
    }

    /// <summary>The body of an earlier version, or null when it is the current one or unknown.</summary>
    public async Task<ReadOnlyMemory<byte>?> RevisionAsync(ResourceKey key, long version, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            ByVersion, ("version", version), ("kind", key.Kind.ToString()), ("ns", key.Namespace), ("name", key.Name));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? Open(key, reader.GetFieldValue<byte[]>(1)) : (ReadOnlyMemory<byte>?)null;
    }

    private static void BuildList(DbCommand command, ListQuery query)
    {
        var where = new StringBuilder("r.kind = @kind");
        var from = "resource r";
        Parameter(command, "kind", query.Kind.ToString());
        if (query.Namespace is not null)
        {
            where.Append(" AND r.namespace = @ns");
            Parameter(command, "ns", query.Namespace);
        }

        if (query.Name is not null)
        {
            where.Append(" AND r.name = @name");
            Parameter(command, "name", query.Name);
        }

        if (query.After is var (afterNamespace, afterName))
        {
            where.Append(" AND (r.namespace, r.name) > (@afterNs, @afterName)");
            Parameter(command, "afterNs", afterNamespace);
            Parameter(command, "afterName", afterName);
        }

        var index = 0;
        foreach (var requirement in query.Labels?.Requirements ?? [])
        {
            var label = $"l{index++}";
            Parameter(command, label, requirement.Label);
            var values = requirement.Values.Select((v, i) =>
            {
                var name = $"{label}v{i}";
                Parameter(command, name, v);
                return "@" + name;
            }).ToList();
            var match = $"{label}.kind = r.kind AND {label}.namespace = r.namespace AND {label}.name = r.name AND {label}.label = @{label}"
                + (values.Count > 0 ? $" AND {label}.value IN ({string.Join(", ", values)})" : "");
            if (requirement.Operator == SelectorOperator.In)
            {
                // A join, so that the planner may start from the label's index.
                from += $" JOIN resource_label {label} ON {match}";
                continue;
            }

            var not = requirement.Operator == SelectorOperator.Exists ? "" : "NOT ";
            where.Append(CultureInfo.InvariantCulture, $" AND {not}EXISTS (SELECT 1 FROM resource_label {label} WHERE {match})");
        }

        var limit = "";
        if (query.Limit > 0)
        {
            limit = " LIMIT @limit";
            Parameter(command, "limit", query.Limit + 1);
        }

        // One statement, one snapshot: the head is that of the items.
        command.CommandText = $"""
            SELECT h.size, i.namespace, i.name, i.uid, i.version, i.body
            FROM head h LEFT JOIN (
              SELECT r.namespace, r.name, r.uid, r.version, r.body FROM {from} WHERE {where} ORDER BY r.namespace, r.name{limit}
            ) i ON 1 = 1
            ORDER BY i.namespace, i.name
            """;
    }

    private static void Parameter(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }

    private ReadOnlyMemory<byte> Open(ResourceKey key, byte[] stored) => kinds.IsSealed(key.Kind) ? sealer.Open(key, stored) : stored;
}
