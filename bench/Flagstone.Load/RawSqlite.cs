using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Flagstone.Load;

/// <summary>The measure beside us on SQLite: the same two rows in a transaction of their own, WAL and FULL, one connection for each writer.</summary>
internal static class RawSqlite
{
    private const string Table = """
        PRAGMA journal_mode=WAL;
        CREATE TABLE raw_resource (kind TEXT, namespace TEXT, name TEXT, uid TEXT, version INTEGER, body BLOB, PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;
        CREATE TABLE raw_ledger (seq INTEGER PRIMARY KEY, at INTEGER, actor TEXT, verb TEXT, kind TEXT, namespace TEXT, name TEXT, leaf BLOB, entry BLOB);
        """;

    public static async Task<double> CreatesPerSecondAsync(int connections, int seconds, CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-raw-").FullName;
        var source = new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "raw.db"), Pooling = false, DefaultTimeout = 60 }.ToString();
        using (var connection = Open(source))
        {
            Run(connection, Table);
        }

        var started = Stopwatch.GetTimestamp();
        var end = TimeSpan.FromSeconds(seconds);
        var counts = await Task.WhenAll(Enumerable.Range(0, connections).Select(c => Task.Factory.StartNew(() => Writer(source, c, started, end), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        var rate = counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
        Directory.Delete(folder, recursive: true);
        return rate;
    }

    private static int Writer(string source, int writer, long started, TimeSpan end)
    {
        using var connection = Open(source);
        using var resource = Insert(connection, "INSERT INTO raw_resource VALUES ('benchclaims', 'default', $name, $uid, 1, zeroblob(1100))", "$name", "$uid");
        using var ledger = Insert(connection, "INSERT INTO raw_ledger (at, actor, verb, kind, namespace, name, leaf, entry) VALUES (1, 'u-bench', 'create', 'benchclaims', 'default', $name, zeroblob(32), zeroblob(280))", "$name");
        var done = 0;
        for (; Stopwatch.GetElapsedTime(started) < end; done++)
        {
            using var transaction = connection.BeginTransaction(deferred: false);
            resource.Transaction = ledger.Transaction = transaction;
            resource.Parameters["$name"].Value = ledger.Parameters["$name"].Value = $"r-{writer}-{done}";
            resource.Parameters["$uid"].Value = Guid.NewGuid().ToString();
            resource.ExecuteNonQuery();
            ledger.ExecuteNonQuery();
            transaction.Commit();
        }

        return done;
    }

    private static SqliteCommand Insert(SqliteConnection connection, string sql, params string[] parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var name in parameters)
        {
            command.Parameters.AddWithValue(name, "");
        }

        return command;
    }

    private static SqliteConnection Open(string source)
    {
        var connection = new SqliteConnection(source);
        connection.Open();
        Run(connection, "PRAGMA synchronous=FULL; PRAGMA busy_timeout=60000;");
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
