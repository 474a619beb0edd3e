using System.Data.Common;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Feed;

/// <summary>A ledger row as people read it.</summary>
/// <param name="Actor">The opaque id that the ledger names.</param>
/// <param name="ActorName">The principal's name, or the id where it has none: controllers are called <c>system:NAME</c>.</param>
/// <param name="OnBehalfOfName">The name of the principal for whom the actor acts; empty when it acts for itself.</param>
/// <param name="Origin"><c>api</c>, <c>reconcile</c>, <c>bootstrap</c> or a Git commit.</param>
/// <param name="Reason">Why, or empty when the verb says all.</param>
public sealed record HistoryRow(
    long Sequence, DateTimeOffset At, string Actor, string ActorName, string OnBehalfOfName, string Verb, ResourceKey Key, string Origin, string Reason, string Correlation)
{
    /// <summary>The resource's version after it; null for an act that changed no resource.</summary>
    public long? Version { get; init; }

    /// <summary>Lower-case SHA-256 of the body as served, of salt and body for a sealed kind; empty for an act without a body.</summary>
    public string Digest { get; init; } = "";

    /// <summary>The bytes of the ledger's leaf.</summary>
    public ReadOnlyMemory<byte> Entry { get; init; }
}

/// <summary>Reads who did what and when, newest first. Bodies are not part of it.</summary>
public sealed class LedgerHistory(PlatformDatabase database)
{
    /// <summary>More rows than a page shows at once; who wants all of them reads the log itself.</summary>
    public const int MaxRows = 200;

    private const string Columns = """
        SELECT l.seq, l.at, l.actor, coalesce(p.name, l.actor), l.verb, l.kind, l.namespace, l.name, l.correlation, l.entry, l.change
        FROM ledger l LEFT JOIN principal p ON p.id = l.actor
        """;

    private const string Recent = Columns + " ORDER BY l.seq DESC LIMIT @limit";

    private const string RecentByPeople = Columns + " WHERE l.actor NOT LIKE 'system:%' ORDER BY l.seq DESC LIMIT @limit";

    private const string OfKey = Columns + " WHERE l.kind = @kind AND l.namespace = @ns AND l.name = @name AND l.seq < @before ORDER BY l.seq DESC LIMIT @limit";

    private const string At = Columns + " WHERE l.seq = @seq";

    private const string OfCorrelation = Columns + " WHERE l.correlation = @correlation ORDER BY l.seq DESC LIMIT @limit";

    /// <summary>One row, or null when the ledger is not that long.</summary>
    public async Task<HistoryRow?> AtAsync(long sequence, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(At, ("seq", sequence));
        return await ReadAsync(command, ct) is [var row] ? row : null;
    }

    /// <param name="people">True leaves out what the platform's own controllers did.</param>
    public async Task<IReadOnlyList<HistoryRow>> RecentAsync(bool people, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(people ? RecentByPeople : Recent, ("limit", Math.Min(limit, MaxRows)));
        return await ReadAsync(command, ct);
    }

    /// <summary>The rows of one resource.</summary>
    /// <param name="before">Only rows before this sequence; null for the newest.</param>
    public async Task<IReadOnlyList<HistoryRow>> OfAsync(ResourceKey key, int limit, CancellationToken ct, long? before = null)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            OfKey, ("kind", key.Kind.ToString()), ("ns", key.Namespace), ("name", key.Name), ("before", before ?? long.MaxValue),
            ("limit", Math.Min(limit, MaxRows)));
        return await ReadAsync(command, ct);
    }

    /// <summary>The rows of one request or run; none for an empty correlation.</summary>
    public async Task<IReadOnlyList<HistoryRow>> OfCorrelationAsync(string correlation, int limit, CancellationToken ct)
    {
        if (correlation.Length == 0)
        {
            return [];
        }

        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(OfCorrelation, ("correlation", correlation), ("limit", Math.Min(limit, MaxRows)));
        return await ReadAsync(command, ct);
    }

    /// <summary>Leaves name people by opaque id; whom a controller acts for is in the leaf alone, so its name is looked up after.</summary>
    private static async Task<IReadOnlyList<HistoryRow>> ReadAsync(DbCommand command, CancellationToken ct)
    {
        var rows = await ReadRowsAsync(command, ct);
        var names = new Dictionary<string, string>(StringComparer.Ordinal) { [""] = "" };
        foreach (var id in rows.Select(r => r.OnBehalfOfName).Distinct().Where(id => id.Length > 0))
        {
            await using var name = command.Connection!.Command("SELECT name FROM principal WHERE id = @id", ("id", id));
            names[id] = await name.ExecuteScalarAsync(ct) as string ?? id;
        }

        return rows.ConvertAll(r => r with { OnBehalfOfName = names[r.OnBehalfOfName] });
    }

    private static async Task<List<HistoryRow>> ReadRowsAsync(DbCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<HistoryRow>();
        while (await reader.ReadAsync(ct))
        {
            var bytes = reader.GetFieldValue<byte[]>(9);
            var entry = JsonNode.Parse(bytes);
            var key = new ResourceKey(KindId.Parse(reader.GetString(5)), reader.GetString(6), reader.GetString(7));
            rows.Add(new HistoryRow(
                reader.GetInt64(0), Micros.ToTime(reader.GetInt64(1)), reader.GetString(2), reader.GetString(3),
                entry.Text("onBehalfOf"), reader.GetString(4), key, entry.Text("origin"), entry.Text("reason"), reader.GetString(8))
            {
                Version = (ChangeType)reader.GetInt64(10) == ChangeType.None ? null : reader.GetInt64(0),
                Digest = entry.Text("digest"),
                Entry = bytes,
            });
        }

        return rows;
    }
}
