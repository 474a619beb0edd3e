using System.Data.Common;
using Flagstone.Platform.Resources;

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
    private const string ByKey = "SELECT uid, version, body FROM resource WHERE kind = @kind AND namespace = @ns AND name = @name";

    public abstract DatabaseKind Kind { get; }

    /// <summary>An open connection to read from. Give it back soon: a long read keeps SQLite's write-ahead log from shrinking.</summary>
    public abstract ValueTask<DbConnection> OpenAsync(CancellationToken ct);

    public abstract ValueTask DisposeAsync();

    internal abstract ValueTask<IGroupSession> OpenWriterAsync(CancellationToken ct);

    /// <summary>The stored row of one resource, or null.</summary>
    internal virtual async ValueTask<StoredRow?> FindAsync(ResourceKey key, CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = connection.Command(ByKey, ("kind", key.Kind.ToString()), ("ns", key.Namespace), ("name", key.Name));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new StoredRow(reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2)) : null;
    }
}

/// <summary>A resource's row as it lies in the store: the body of a sealed kind is still sealed.</summary>
internal sealed record StoredRow(string Uid, long Version, byte[] Body);
