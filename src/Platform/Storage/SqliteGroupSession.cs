using Flagstone.Platform.Ledger;
using Flagstone.Platform.Ledger.Merkle;
using Flagstone.Platform.Resources;
using Microsoft.Data.Sqlite;

namespace Flagstone.Platform.Storage;

/// <summary>The SQLite writer: prepared statements on one connection. SQLite has no asynchronous I/O, so neither has this.</summary>
internal sealed class SqliteGroupSession(SqliteConnection connection) : IGroupSession
{
    private readonly Dictionary<string, SqliteCommand> prepared = [];

    public Task<GroupView> BeginAsync(IReadOnlyList<ResourceKey> keys, IReadOnlyList<SqlStatement> guards, bool ledgered, CancellationToken ct)
    {
        Run("BEGIN IMMEDIATE");
        long size, at;
        byte[] edge;
        using (var reader = Prepare("SELECT size, edge, at FROM head").ExecuteReader())
        {
            reader.Read();
            (size, edge, at) = (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetInt64(2));
        }

        var stored = new Dictionary<ResourceKey, StoredHead>(keys.Count);
        foreach (var key in keys)
        {
            var find = Prepare("SELECT version, uid, labels FROM resource WHERE kind = $1 AND namespace = $2 AND name = $3",
                key.Kind.ToString(), key.Namespace, key.Name);
            using var reader = find.ExecuteReader();
            if (reader.Read())
            {
                stored[key] = new StoredHead(reader.GetInt64(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2));
            }
        }

        return Task.FromResult(new GroupView(size, edge, at, null, stored, [.. guards.Select(Holds)]));
    }

    public Task CommitAsync(GroupPlan plan, CancellationToken ct)
    {
        foreach (var key in plan.Superseded)
        {
            var (kind, ns, name) = (key.Kind.ToString(), key.Namespace, key.Name);
            Run("""
                INSERT INTO revision (version, kind, namespace, name, labels, old_labels, body)
                SELECT version, kind, namespace, name, labels, old_labels, body FROM resource WHERE kind = $1 AND namespace = $2 AND name = $3
                """, kind, ns, name);
            Run("DELETE FROM resource_label WHERE kind = $1 AND namespace = $2 AND name = $3", kind, ns, name);
        }

        foreach (var (key, row) in plan.Final)
        {
            var (kind, ns, name) = (key.Kind.ToString(), key.Namespace, key.Name);
            if (row is null)
            {
                Run("DELETE FROM resource WHERE kind = $1 AND namespace = $2 AND name = $3", kind, ns, name);
                continue;
            }

            Run("""
                INSERT INTO resource (kind, namespace, name, uid, version, labels, old_labels, owner, body)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (kind, namespace, name) DO UPDATE SET uid = excluded.uid, version = excluded.version, labels = excluded.labels,
                  old_labels = excluded.old_labels, owner = excluded.owner, body = excluded.body
                """, kind, ns, name, row.Uid, row.Sequence, row.Labels, row.OldLabels, row.Owner, row.Stored);
            foreach (var (label, value) in LabelText.Parse(row.Labels))
            {
                Run("INSERT INTO resource_label (kind, label, value, namespace, name) VALUES ($1, $2, $3, $4, $5)", kind, label, value, ns, name);
            }
        }

        foreach (var row in plan.Revisions)
        {
            Run("INSERT INTO revision (version, kind, namespace, name, labels, old_labels, body) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                row.Sequence, row.Key.Kind.ToString(), row.Key.Namespace, row.Key.Name, row.Labels, row.OldLabels, row.Stored);
        }

        foreach (var row in plan.Rows)
        {
            Run("""
                INSERT INTO ledger (seq, at, actor, verb, change, kind, namespace, name, correlation, leaf, entry)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                """, row.Sequence, plan.AtMicros, row.Actor, row.Verb, (int)row.Change, row.Key.Kind.ToString(), row.Key.Namespace,
                row.Key.Name, row.Correlation, row.Leaf, row.Entry);
        }

        foreach (var tile in plan.Tiles)
        {
            Run("INSERT INTO tile (level, idx, root, bytes) VALUES ($1, $2, $3, $4)",
                tile.Tile.Level, tile.Tile.Index, tile.Root.ToArray(), ReadTile(tile.Tile));
        }

        foreach (var due in plan.Due)
        {
            RunDue(due);
        }

        foreach (var statement in plan.Sql)
        {
            Prepare(statement).ExecuteNonQuery();
        }

        if (plan.Rows.Count > 0
            && Prepare("UPDATE head SET size = $1, root = $2, edge = $3, at = $4 WHERE size = $5",
                plan.Size, plan.Root.ToArray(), plan.Edge, plan.AtMicros, plan.OldSize).ExecuteNonQuery() != 1)
        {
            throw new InvalidOperationException($"The ledger's head moved from {plan.OldSize} under the writer's lock.");
        }

        Run("COMMIT");
        return Task.CompletedTask;
    }

    public Task RollbackAsync()
    {
        try
        {
            Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // A failed COMMIT may have ended the transaction already; then there is nothing to roll back.
        }

        return Task.CompletedTask;
    }

    public Task<byte[]?> LeafAtAsync(long sequence, CancellationToken ct) =>
        Task.FromResult(Prepare("SELECT leaf FROM ledger WHERE seq = $1", sequence).ExecuteScalar() as byte[]);

    public ValueTask DisposeAsync()
    {
        foreach (var command in prepared.Values)
        {
            command.Dispose();
        }

        return connection.DisposeAsync();
    }

    private bool Holds(SqlStatement guard)
    {
        using var reader = Prepare(guard).ExecuteReader();
        return reader.Read();
    }

    /// <summary>A module's texts are few and constant: each is kept.</summary>
    private SqliteCommand Prepare(SqlStatement statement)
    {
        if (!prepared.TryGetValue(statement.Text, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = statement.Text;
            prepared[statement.Text] = command;
        }

        command.Parameters.Clear();
        foreach (var (name, value) in statement.Parameters)
        {
            command.Parameters.AddWithValue("@" + name, value ?? DBNull.Value);
        }

        return command;
    }

    private byte[] ReadTile(TileId tile)
    {
        var bytes = new byte[TileId.FullBytes];
        var first = tile.Index * TileId.Width;
        var find = tile.Level == 0
            ? Prepare("SELECT leaf FROM ledger WHERE seq > $1 AND seq <= $2 ORDER BY seq", first, first + TileId.Width)
            : Prepare("SELECT root FROM tile WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx", tile.Level - 1, first, first + TileId.Width);
        using var reader = find.ExecuteReader();
        var at = 0;
        while (reader.Read())
        {
            reader.GetFieldValue<byte[]>(0).CopyTo(bytes, at);
            at += MerkleHash.Length;
        }

        return at == bytes.Length ? bytes : throw new InvalidDataException($"Tile {tile} has {at / MerkleHash.Length} hashes of {TileId.Width}.");
    }

    private void RunDue(DueChange due)
    {
        if (due.At is { } at)
        {
            // A new stamp each time, so that who finished an earlier wake-up does not clear this one.
            Run("""
                INSERT INTO due (kind, key, at, attempt, partition, stamp) VALUES ($1, $2, $3, $4, $5, 1)
                ON CONFLICT (kind, key) DO UPDATE SET at = CASE WHEN $6 IS NULL THEN min(due.at, excluded.at) ELSE excluded.at END,
                  attempt = excluded.attempt, stamp = due.stamp + 1
                WHERE $6 IS NULL OR due.stamp = $6
                """, due.Kind, due.Key, Micros.From(at), due.Attempt, DuePartition.Of(due.Kind, due.Key), due.IfStamp);
            return;
        }

        Run("DELETE FROM due WHERE kind = $1 AND key = $2 AND ($3 IS NULL OR stamp = $3)", due.Kind, due.Key, due.IfStamp);
    }

    private void Run(string sql, params object?[] values) => Prepare(sql, values).ExecuteNonQuery();

    private SqliteCommand Prepare(string sql, params object?[] values)
    {
        if (!prepared.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
            }

            prepared[sql] = command;
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] switch
            {
                null => DBNull.Value,
                ReadOnlyMemory<byte> memory => memory.ToArray(),
                var value => value,
            };
        }

        return command;
    }
}
