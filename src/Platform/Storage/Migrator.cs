using System.Data.Common;
using System.Globalization;
using System.Reflection;

namespace Flagstone.Platform.Storage;

/// <summary>A module's numbered scripts: resources of its assembly named <c>NNNN_name.DIALECT.sql</c> under <c>Storage.Migrations</c> or <c>Migrations</c>.</summary>
/// <param name="Component">The component whose version is kept, for example <c>kernel</c>.</param>
public sealed record MigrationSource(string Component, Assembly Assembly);

/// <summary>The data are of a newer release than this program.</summary>
public sealed class NewerDataException(string message) : Exception(message);

/// <summary>Applies scripts forward only, each in a transaction with its number. Several processes may start at once: the lock lets one work.</summary>
internal static class Migrator
{
    private const long MigrationLock = 0x466C_6167_4D69_6772;

    public static async Task ApplyAsync(PlatformDatabase database, IEnumerable<MigrationSource> sources, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        if (database.Kind == DatabaseKind.Sqlite)
        {
            await RunAsync(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", ct);
        }
        else
        {
            await RunAsync(connection, $"SELECT pg_advisory_lock({MigrationLock})", ct);
        }

        try
        {
            await RunAsync(connection, "CREATE TABLE IF NOT EXISTS schema_version (component TEXT PRIMARY KEY, version BIGINT NOT NULL)", ct);
            foreach (var source in sources)
            {
                await ApplyAsync(connection, database.Kind, source, ct);
            }
        }
        finally
        {
            if (database.Kind == DatabaseKind.Postgres)
            {
                await RunAsync(connection, $"SELECT pg_advisory_unlock({MigrationLock})", CancellationToken.None);
            }
        }
    }

    private static async Task ApplyAsync(DbConnection connection, DatabaseKind kind, MigrationSource source, CancellationToken ct)
    {
        var suffix = kind == DatabaseKind.Sqlite ? ".sqlite.sql" : ".postgres.sql";
        var scripts = source.Assembly.GetManifestResourceNames()
            .Where(n => n.EndsWith(suffix, StringComparison.Ordinal) && n.Contains("Migrations.", StringComparison.Ordinal))
            .Select(n => (Name: n, Number: int.Parse(n[(n.IndexOf("Migrations.", StringComparison.Ordinal) + 11)..][..4], CultureInfo.InvariantCulture)))
            .OrderBy(s => s.Number)
            .ToList();
        await using var find = connection.CreateCommand();
        find.CommandText = "SELECT version FROM schema_version WHERE component = @component";
        Parameter(find, "component", source.Component);
        var version = Convert.ToInt32(await find.ExecuteScalarAsync(ct) ?? 0, CultureInfo.InvariantCulture);
        var newest = scripts.Count == 0 ? 0 : scripts[^1].Number;
        if (version > newest)
        {
            throw new NewerDataException(
                $"The data are at version {version} of '{source.Component}', and this program knows versions up to {newest}. "
                + "Start the release that wrote them, or restore the backup from before the upgrade.");
        }

        foreach (var (name, number) in scripts.Where(s => s.Number > version))
        {
            await using var stream = source.Assembly.GetManifestResourceStream(name)!;
            using var reader = new StreamReader(stream);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await RunAsync(connection, await reader.ReadToEndAsync(ct), ct, transaction);
            await using var record = connection.CreateCommand();
            record.Transaction = transaction;
            record.CommandText = """
                INSERT INTO schema_version (component, version) VALUES (@component, @version)
                ON CONFLICT (component) DO UPDATE SET version = excluded.version
                """;
            Parameter(record, "component", source.Component);
            Parameter(record, "version", (long)number);
            await record.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
        }
    }

    private static async Task RunAsync(DbConnection connection, string sql, CancellationToken ct, DbTransaction? transaction = null)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(ct);
    }

    private static void Parameter(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
