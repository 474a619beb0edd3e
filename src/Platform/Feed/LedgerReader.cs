using System.Data.Common;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Feed;

/// <summary>Reads committed rows from the database, in order. A row of a sealed kind comes opened.</summary>
public sealed class LedgerReader(PlatformDatabase database, Sealer sealer, KindRegistry kinds)
{
    // The body is in the resource's row while this is its last version, and in the revisions after.
    private const string Rows = """
        SELECT l.seq, l.kind, l.namespace, l.name, l.change, l.verb,
          coalesce(r.labels, v.labels), coalesce(r.old_labels, v.old_labels), coalesce(r.body, v.body)
        FROM ledger l
        LEFT JOIN resource r ON r.kind = l.kind AND r.namespace = l.namespace AND r.name = l.name AND r.version = l.seq
        LEFT JOIN revision v ON v.version = l.seq
        WHERE l.seq > @after ORDER BY l.seq LIMIT @limit
        """;

    /// <summary>How many rows the ledger has; the sequence of the last.</summary>
    public async Task<long> HeadAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command("SELECT size FROM head");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Up to <paramref name="limit"/> rows after a sequence.</summary>
    public async Task<IReadOnlyList<CommittedRow>> ReadAsync(long after, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Rows, ("after", after), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<CommittedRow>();
        while (await reader.ReadAsync(ct))
        {
            var key = new ResourceKey(KindId.Parse(reader.GetString(1)), reader.GetString(2), reader.GetString(3));
            var change = (ChangeType)reader.GetInt32(4);
            var body = change == ChangeType.None || reader.IsDBNull(8) ? default : Open(key, reader.GetFieldValue<byte[]>(8));
            rows.Add(new CommittedRow(reader.GetInt64(0), key, change, reader.GetString(5), reader.Text(6), reader.Text(7), body));
        }

        return rows;
    }

    private ReadOnlyMemory<byte> Open(ResourceKey key, byte[] stored) => kinds.IsSealed(key.Kind) ? sealer.Open(key, stored) : stored;
}
