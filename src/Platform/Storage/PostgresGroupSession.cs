using Flagstone.Platform.Ledger;
using Flagstone.Platform.Ledger.Merkle;
using Flagstone.Platform.Resources;
using Npgsql;
using NpgsqlTypes;

namespace Flagstone.Platform.Storage;

/// <summary>
/// The PostgreSQL writer: two round trips for a group, whatever its size. The first takes the sequencer lock by a statement of its own:
/// under READ COMMITTED each later statement then sees all that the previous holder committed.
/// </summary>
internal sealed class PostgresGroupSession(NpgsqlConnection connection) : IGroupSession
{
    /// <summary>The sequencer lock's number: one for the database.</summary>
    private const long SequencerLock = 0x466C_6167_7374_6F6E;

    /// <summary>Wakes the tails of other processes; sent inside the transaction, delivered by its commit.</summary>
    public const string Channel = "flagstone_ledger";

    public async Task<GroupView> BeginAsync(IReadOnlyList<ResourceKey> keys, IReadOnlyList<SqlStatement> guards, bool ledgered, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection);
        Add(batch, "BEGIN ISOLATION LEVEL READ COMMITTED");
        if (ledgered)
        {
            Add(batch, "SELECT pg_advisory_xact_lock($1)", (NpgsqlDbType.Bigint, SequencerLock));
        }

        Add(batch, "SELECT size, edge, at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FROM head");
        Add(batch, """
            SELECT r.kind, r.namespace, r.name, r.version, r.uid, r.labels
            FROM unnest($1::text[], $2::text[], $3::text[]) AS k(kind, namespace, name)
            JOIN resource r ON r.kind = k.kind AND r.namespace = k.namespace AND r.name = k.name
            """, Keys(keys));
        foreach (var guard in guards)
        {
            Add(batch, guard);
        }

        await using var reader = await batch.ExecuteReaderAsync(ct);
        if (ledgered)
        {
            await reader.NextResultAsync(ct);
        }

        await reader.ReadAsync(ct);
        var (size, edge, at, now) = (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetInt64(2), reader.GetInt64(3));
        await reader.NextResultAsync(ct);
        var stored = new Dictionary<ResourceKey, StoredHead>(keys.Count);
        while (await reader.ReadAsync(ct))
        {
            var key = new ResourceKey(KindId.Parse(reader.GetString(0)), reader.GetString(1), reader.GetString(2));
            stored[key] = new StoredHead(reader.GetInt64(3), reader.GetString(4), reader.IsDBNull(5) ? null : reader.GetString(5));
        }

        var holds = new List<bool>(guards.Count);
        while (await reader.NextResultAsync(ct))
        {
            holds.Add(await reader.ReadAsync(ct));
        }

        return new GroupView(size, edge, at, now, stored, holds);
    }

    public async Task CommitAsync(GroupPlan plan, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection);
        AddSuperseded(batch, plan);
        AddResources(batch, plan);
        AddRevisions(batch, plan);
        AddRows(batch, plan);
        foreach (var tile in plan.Tiles)
        {
            AddTile(batch, tile);
        }

        foreach (var due in plan.Due)
        {
            AddDue(batch, due);
        }

        foreach (var statement in plan.Sql)
        {
            Add(batch, statement);
        }

        if (plan.Rows.Count > 0)
        {
            Add(batch, "UPDATE head SET size = $1, root = $2, edge = $3, at = $4 WHERE size = $5",
                (NpgsqlDbType.Bigint, plan.Size), (NpgsqlDbType.Bytea, plan.Root.ToArray()), (NpgsqlDbType.Bytea, plan.Edge),
                (NpgsqlDbType.Bigint, plan.AtMicros), (NpgsqlDbType.Bigint, plan.OldSize));
            // A head that did not move as expected must not commit: the division stops the batch before COMMIT.
            Add(batch, "SELECT 1 / (SELECT count(*) FROM head WHERE size = $1)", (NpgsqlDbType.Bigint, plan.Size));
            Add(batch, $"NOTIFY {Channel}");
        }

        Add(batch, "COMMIT");
        await batch.ExecuteNonQueryAsync(ct);
    }

    public async Task RollbackAsync()
    {
        try
        {
            await using var command = new NpgsqlCommand("ROLLBACK", connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // The connection is gone, and its transaction with it.
        }
    }

    public async Task<byte[]?> LeafAtAsync(long sequence, CancellationToken ct)
    {
        // Behind the lock: a commit that is still under way on the lost connection is over when we hold it.
        await using var command = new NpgsqlCommand("SELECT pg_advisory_lock($1)", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = SequencerLock });
        await command.ExecuteNonQueryAsync(ct);
        await using var find = new NpgsqlCommand("SELECT leaf FROM ledger WHERE seq = $1", connection);
        find.Parameters.Add(new NpgsqlParameter { Value = sequence });
        var leaf = await find.ExecuteScalarAsync(ct) as byte[];
        await using var unlock = new NpgsqlCommand("SELECT pg_advisory_unlock($1)", connection);
        unlock.Parameters.Add(new NpgsqlParameter { Value = SequencerLock });
        await unlock.ExecuteNonQueryAsync(ct);
        return leaf;
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private static void AddSuperseded(NpgsqlBatch batch, GroupPlan plan)
    {
        if (plan.Superseded.Count == 0)
        {
            return;
        }

        var keys = Keys(plan.Superseded);
        Add(batch, """
            INSERT INTO revision (version, kind, namespace, name, labels, old_labels, body)
            SELECT r.version, r.kind, r.namespace, r.name, r.labels, r.old_labels, r.body
            FROM unnest($1::text[], $2::text[], $3::text[]) AS k(kind, namespace, name)
            JOIN resource r ON r.kind = k.kind AND r.namespace = k.namespace AND r.name = k.name
            """, keys);
        Add(batch, """
            DELETE FROM resource_label r USING unnest($1::text[], $2::text[], $3::text[]) AS k(kind, namespace, name)
            WHERE r.kind = k.kind AND r.namespace = k.namespace AND r.name = k.name
            """, keys);
    }

    private static void AddResources(NpgsqlBatch batch, GroupPlan plan)
    {
        var gone = plan.Final.Where(f => f.Value is null).Select(f => f.Key).ToList();
        if (gone.Count > 0)
        {
            Add(batch, """
                DELETE FROM resource r USING unnest($1::text[], $2::text[], $3::text[]) AS k(kind, namespace, name)
                WHERE r.kind = k.kind AND r.namespace = k.namespace AND r.name = k.name
                """, Keys(gone));
        }

        var rows = plan.Final.Values.OfType<PlannedRow>().ToList();
        if (rows.Count == 0)
        {
            return;
        }

        Add(batch, """
            INSERT INTO resource (kind, namespace, name, uid, version, labels, old_labels, owner, body)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::bytea[])
            ON CONFLICT (kind, namespace, name) DO UPDATE SET uid = excluded.uid, version = excluded.version, labels = excluded.labels,
              old_labels = excluded.old_labels, owner = excluded.owner, body = excluded.body
            """, [
                .. Keys(rows.ConvertAll(r => r.Key)),
                Texts(rows.ConvertAll(r => (string?)r.Uid)), Longs(rows.ConvertAll(r => r.Sequence)), Texts(rows.ConvertAll(r => r.Labels)),
                Texts(rows.ConvertAll(r => r.OldLabels)), Texts(rows.ConvertAll(r => r.Owner)), Blobs(rows.ConvertAll(r => r.Stored)),
            ]);
        var labels = rows.Where(r => r.Labels is not null)
            .SelectMany(r => LabelText.Parse(r.Labels).Select(l => (Row: r, Label: l.Key, l.Value))).ToList();
        if (labels.Count > 0)
        {
            Add(batch, """
                INSERT INTO resource_label (kind, namespace, name, label, value)
                SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
                """, [
                    .. Keys(labels.ConvertAll(l => l.Row.Key)),
                    Texts(labels.ConvertAll(l => (string?)l.Label)), Texts(labels.ConvertAll(l => (string?)l.Value)),
                ]);
        }
    }

    private static void AddRevisions(NpgsqlBatch batch, GroupPlan plan)
    {
        if (plan.Revisions.Count == 0)
        {
            return;
        }

        Add(batch, """
            INSERT INTO revision (kind, namespace, name, version, labels, old_labels, body)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bytea[])
            """, [
                .. Keys(plan.Revisions.ConvertAll(r => r.Key)),
                Longs(plan.Revisions.ConvertAll(r => r.Sequence)), Texts(plan.Revisions.ConvertAll(r => r.Labels)),
                Texts(plan.Revisions.ConvertAll(r => r.OldLabels)), Blobs(plan.Revisions.ConvertAll(r => r.Stored)),
            ]);
    }

    private static void AddRows(NpgsqlBatch batch, GroupPlan plan)
    {
        if (plan.Rows.Count == 0)
        {
            return;
        }

        Add(batch, """
            INSERT INTO ledger (kind, namespace, name, seq, at, actor, verb, change, correlation, leaf, entry)
            SELECT k, ns, n, s, $5, a, v, c, co, l, e FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[],
              $6::text[], $7::text[], $8::bigint[], $9::text[], $10::bytea[], $11::bytea[]) AS t(k, ns, n, s, a, v, c, co, l, e)
            """, [
                .. Keys(plan.Rows.ConvertAll(r => r.Key)),
                Longs(plan.Rows.ConvertAll(r => r.Sequence)), (NpgsqlDbType.Bigint, plan.AtMicros),
                Texts(plan.Rows.ConvertAll(r => (string?)r.Actor)), Texts(plan.Rows.ConvertAll(r => (string?)r.Verb)),
                Longs(plan.Rows.ConvertAll(r => (long)r.Change)), Texts(plan.Rows.ConvertAll(r => (string?)r.Correlation)),
                Blobs(plan.Rows.ConvertAll(r => (ReadOnlyMemory<byte>)r.Leaf)), Blobs(plan.Rows.ConvertAll(r => (ReadOnlyMemory<byte>)r.Entry)),
            ]);
    }

    private static void AddTile(NpgsqlBatch batch, FilledTile tile)
    {
        var first = tile.Tile.Index * TileId.Width;
        var source = tile.Tile.Level == 0
            ? "SELECT string_agg(leaf, ''::bytea ORDER BY seq) FROM ledger WHERE seq > $4 AND seq <= $5"
            : "SELECT string_agg(root, ''::bytea ORDER BY idx) FROM tile WHERE level = $1 - 1 AND idx >= $4 AND idx < $5";
        Add(batch, $"INSERT INTO tile (level, idx, root, bytes) VALUES ($1, $2, $3, ({source}))",
            (NpgsqlDbType.Bigint, (long)tile.Tile.Level), (NpgsqlDbType.Bigint, tile.Tile.Index), (NpgsqlDbType.Bytea, tile.Root.ToArray()),
            (NpgsqlDbType.Bigint, first), (NpgsqlDbType.Bigint, first + TileId.Width));
    }

    private static void AddDue(NpgsqlBatch batch, DueChange due)
    {
        if (due.At is { } at)
        {
            Add(batch, """
                INSERT INTO due (kind, key, at, attempt, partition, stamp) VALUES ($1, $2, $3, $4, $5, 1)
                ON CONFLICT (kind, key) DO UPDATE SET at = CASE WHEN $6::bigint IS NULL THEN least(due.at, excluded.at) ELSE excluded.at END,
                  attempt = excluded.attempt, stamp = due.stamp + 1
                WHERE $6::bigint IS NULL OR due.stamp = $6
                """, (NpgsqlDbType.Text, due.Kind), (NpgsqlDbType.Text, due.Key), (NpgsqlDbType.Bigint, Micros.From(at)),
                (NpgsqlDbType.Bigint, (long)due.Attempt), (NpgsqlDbType.Bigint, (long)DuePartition.Of(due.Kind, due.Key)),
                (NpgsqlDbType.Bigint, (object?)due.IfStamp ?? DBNull.Value));
            return;
        }

        Add(batch, "DELETE FROM due WHERE kind = $1 AND key = $2 AND ($3::bigint IS NULL OR stamp = $3)",
            (NpgsqlDbType.Text, due.Kind), (NpgsqlDbType.Text, due.Key), (NpgsqlDbType.Bigint, (object?)due.IfStamp ?? DBNull.Value));
    }

    /// <summary>Named parameters are rewritten by the driver, which cannot be mixed with positional ones in a batch command: this one is its own.</summary>
    private static void Add(NpgsqlBatch batch, SqlStatement statement)
    {
        var command = new NpgsqlBatchCommand(statement.Text);
        foreach (var (name, value) in statement.Parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        batch.BatchCommands.Add(command);
    }

    private static void Add(NpgsqlBatch batch, string sql, params (NpgsqlDbType Type, object Value)[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var (type, value) in values)
        {
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value });
        }

        batch.BatchCommands.Add(command);
    }

    private static (NpgsqlDbType, object)[] Keys(IReadOnlyList<ResourceKey> keys) =>
    [
        (NpgsqlDbType.Array | NpgsqlDbType.Text, keys.Select(k => k.Kind.ToString()).ToArray()),
        (NpgsqlDbType.Array | NpgsqlDbType.Text, keys.Select(k => k.Namespace).ToArray()),
        (NpgsqlDbType.Array | NpgsqlDbType.Text, keys.Select(k => k.Name).ToArray()),
    ];

    private static (NpgsqlDbType, object) Texts(List<string?> values) => (NpgsqlDbType.Array | NpgsqlDbType.Text, values.ToArray());

    private static (NpgsqlDbType, object) Longs(List<long> values) => (NpgsqlDbType.Array | NpgsqlDbType.Bigint, values.ToArray());

    private static (NpgsqlDbType, object) Blobs(List<ReadOnlyMemory<byte>> values) => (NpgsqlDbType.Array | NpgsqlDbType.Bytea, values.ToArray());
}
