using System.Data.Common;
using Flagstone.Platform.Resources;
using Npgsql;

namespace Flagstone.Platform.Storage;

/// <summary>PostgreSQL 15 or later, shared by any number of processes.</summary>
internal sealed class PostgresDatabase : PlatformDatabase
{
    private const int MaxReaders = 32;

    // A plan made while a table was empty would stick to sequential scans and sorts; every query here has its index.
    private const string IndexesOnly = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";

    private readonly NpgsqlDataSource readers;
    private readonly NpgsqlDataSource writers;
    private readonly PostgresPointReads points;

    public PostgresDatabase(string connectionString)
    {
        var reading = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "flagstone",
            MaxAutoPrepare = 64,
            AutoPrepareMinUsages = 2,
            MaxPoolSize = MaxReaders,
            Options = IndexesOnly,
            // Nobody changes the session, so nothing has to be reset.
            NoResetOnClose = true,
        };
        readers = NpgsqlDataSource.Create(reading);
        points = new PostgresPointReads(readers);
        // The time-outs free the sequencer lock of a process that was stopped in mid-transaction.
        writers = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(reading.ToString())
        {
            ApplicationName = "flagstone-writer",
            AutoPrepareMinUsages = 1,
            // Enough for the statements of all modules: one that is pushed out is parsed and planned again.
            MaxAutoPrepare = 256,
            Pooling = false,
            Options = IndexesOnly + " -c idle_in_transaction_session_timeout=5s -c statement_timeout=5s -c synchronous_commit=on",
        });
        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    /// <summary>The server's process that this process's writer talks to; 0 before there is one. It tells our own notifications from others'.</summary>
    public int WriterProcess { get; private set; }

    public override DatabaseKind Kind => DatabaseKind.Postgres;

    public override async ValueTask<DbConnection> OpenAsync(CancellationToken ct) => await readers.OpenConnectionAsync(ct);

    public override async ValueTask DisposeAsync()
    {
        await points.DisposeAsync();
        await readers.DisposeAsync();
        await writers.DisposeAsync();
    }

    internal override ValueTask<StoredRow?> FindAsync(ResourceKey key, CancellationToken ct) => points.FindAsync(key, ct);

    internal override async ValueTask<IGroupSession> OpenWriterAsync(CancellationToken ct)
    {
        var connection = await writers.OpenConnectionAsync(ct);
        WriterProcess = connection.ProcessID;
        return new PostgresGroupSession(connection);
    }
}
