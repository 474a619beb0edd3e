using Microsoft.Data.Sqlite;
using Npgsql;

namespace Flagstone.Platform.Ledger;

/// <summary>The store could not take a unit. Nothing of it is acknowledged.</summary>
public sealed class StoreUnavailableException(string message, Exception inner) : Exception(message, inner)
{
    private const int SqliteFull = 13;

    /// <summary>True when the disk under the store is full.</summary>
    public bool IsDiskFull => InnerException is SqliteException { SqliteErrorCode: SqliteFull } or PostgresException { SqlState: PostgresErrorCodes.DiskFull };

    internal static string Explain(Exception failure) => failure switch
    {
        SqliteException { SqliteErrorCode: SqliteFull } =>
            "The disk of the data folder is full. Nothing was stored. Free some space, then try again.",
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } =>
            "The disk of the PostgreSQL server is full. Nothing was stored. Free some space there, then try again.",
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } =>
            "The database did not answer in 5 seconds. Try again; if it lasts, look for a long transaction on the database.",
        NpgsqlException { IsTransient: true } =>
            "The database cannot be reached. The outcome is unknown: read the resource before you try again.",
        _ => $"The database refused the change: {failure.Message}",
    };
}
