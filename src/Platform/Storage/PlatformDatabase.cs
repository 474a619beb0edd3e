using System.Data.Common;

namespace Flagstone.Platform.Storage;

/// <summary>Which database the platform stands on.</summary>
public enum DatabaseKind
{
    Sqlite,
    Postgres,
}

/// <summary>
/// The platform's database: reading connections for everyone, and the one writing session that the ledger writer of this process owns.
/// </summary>
public abstract class PlatformDatabase : IAsyncDisposable
{
    public abstract DatabaseKind Kind { get; }

    /// <summary>An open connection to read from. Give it back soon: a long read keeps SQLite's write-ahead log from shrinking.</summary>
    public abstract ValueTask<DbConnection> OpenAsync(CancellationToken ct);

    public abstract ValueTask DisposeAsync();

    internal abstract ValueTask<IGroupSession> OpenWriterAsync(CancellationToken ct);
}
