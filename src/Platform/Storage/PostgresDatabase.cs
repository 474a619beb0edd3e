using System.Data.Common;
using Npgsql;

namespace Flagstone.Platform.Storage;

/// <summary>PostgreSQL 15 or later, shared by any number of processes.</summary>
internal sealed class PostgresDatabase : PlatformDatabase
{
    private const int MaxReaders = 32;
    private readonly NpgsqlDataSource readers;
    private readonly NpgsqlDataSource writers;

    public PostgresDatabase(string connectionString)
    {
        var reading = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "flagstone",
            MaxAutoPrepare = 64,
            AutoPrepareMinUsages = 2,
            MaxPoolSize = MaxReaders,
        };
        readers = NpgsqlDataSource.Create(reading);
        // A plan made while a table was empty would stick to sequential scans; the writer only ever wants its indexes.
        // The time-outs free the sequencer lock of a process that was stopped in mid-transaction.
        writers = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(reading.ToString())
        {
            ApplicationName = "flagstone-writer",
            AutoPrepareMinUsages = 1,
            Pooling = false,
            Options = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
                + " -c idle_in_transaction_session_timeout=5s -c statement_timeout=5s -c synchronous_commit=on",
        });
        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    public override DatabaseKind Kind => DatabaseKind.Postgres;

    public override async ValueTask<DbConnection> OpenAsync(CancellationToken ct) => await readers.OpenConnectionAsync(ct);

    public override async ValueTask DisposeAsync()
    {
        await readers.DisposeAsync();
        await writers.DisposeAsync();
    }

    internal override async ValueTask<IGroupSession> OpenWriterAsync(CancellationToken ct) =>
        new PostgresGroupSession(await writers.OpenConnectionAsync(ct));
}
