using System.Diagnostics;
using Npgsql;

namespace Flagstone.Load;

/// <summary>The measure beside us: the same two rows in a transaction of their own, by ADO.NET, without anything else.</summary>
internal static class RawPostgres
{
    private const string Table = """
        CREATE TABLE IF NOT EXISTS raw_resource (kind text, namespace text, name text, uid text, version bigint, body bytea, PRIMARY KEY (kind, namespace, name));
        CREATE TABLE IF NOT EXISTS raw_ledger (seq bigserial PRIMARY KEY, at bigint, actor text, verb text, kind text, namespace text, name text, leaf bytea, entry bytea);
        """;

    private static readonly byte[] Body = new byte[1100];
    private static readonly byte[] Leaf = new byte[32];
    private static readonly byte[] Entry = new byte[280];

    public static async Task<double> CreatesPerSecondAsync(string connectionString, int connections, int seconds, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { MaxAutoPrepare = 16, AutoPrepareMinUsages = 2, MaxPoolSize = connections });
        await using (var create = source.CreateCommand(Table))
        {
            await create.ExecuteNonQueryAsync(ct);
        }

        var started = Stopwatch.GetTimestamp();
        var end = TimeSpan.FromSeconds(seconds);
        var counts = await Task.WhenAll(Enumerable.Range(0, connections).Select(async c =>
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            var done = 0;
            while (Stopwatch.GetElapsedTime(started) < end)
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                await using var batch = new NpgsqlBatch(connection, transaction);
                batch.BatchCommands.Add(Command("INSERT INTO raw_resource VALUES ('benchclaims', 'default', $1, $2, 1, $3)", $"r-{started}-{c}-{done}", Guid.NewGuid().ToString(), Body));
                batch.BatchCommands.Add(Command("INSERT INTO raw_ledger (at, actor, verb, kind, namespace, name, leaf, entry) VALUES (1, 'u-bench', 'create', 'benchclaims', 'default', $1, $2, $3)", $"r-{c}-{done}", Leaf, Entry));
                await batch.ExecuteNonQueryAsync(ct);
                await transaction.CommitAsync(ct);
                done++;
            }

            return done;
        }));
        return counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static NpgsqlBatchCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
