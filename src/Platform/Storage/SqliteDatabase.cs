using System.Data.Common;
using Flagstone.Platform.Ledger;
using Microsoft.Data.Sqlite;

namespace Flagstone.Platform.Storage;

/// <summary>One SQLite file in WAL mode: pooled readers, one writer.</summary>
internal sealed class SqliteDatabase(string path) : PlatformDatabase
{
    private readonly string reading = new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Pooling = true,
        DefaultTimeout = 5,
    }.ToString();

    public override DatabaseKind Kind => DatabaseKind.Sqlite;

    public string Path => path;

    public override async ValueTask<DbConnection> OpenAsync(CancellationToken ct)
    {
        var connection = new SqliteConnection(reading);
        await connection.OpenAsync(ct);
        return connection;
    }

    public override ValueTask DisposeAsync()
    {
        using var connection = new SqliteConnection(reading);
        SqliteConnection.ClearPool(connection);
        return ValueTask.CompletedTask;
    }

    internal override ValueTask<IGroupSession> OpenWriterAsync(CancellationToken ct)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder(reading) { Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        // FULL: an acknowledged commit survives the loss of power, not only of the process.
        command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint=2000;";
        command.ExecuteNonQuery();
        return new(new SqliteGroupSession(connection));
    }
}
