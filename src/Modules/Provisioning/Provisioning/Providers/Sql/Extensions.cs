using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>Extensions, each in the database that its resource names. One that others' objects depend on is not dropped.</summary>
internal sealed class Extensions : ISqlKind
{
    public async Task<SqlState?> FindAsync(SqlTarget target, CancellationToken ct)
    {
        const string Find = """
            SELECT e.extversion, n.nspname, e.extrelocatable FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = $1
            """;
        if (!await HasDatabaseAsync(target, ct))
        {
            return null;
        }

        await using var inside = await OpenAsync(target, ct);
        var found = await inside.AskAsync(Find, [Extension(target)], r => (Version: r.GetString(0), Schema: r.GetString(1), Moves: r.GetBoolean(2)), ct);
        if (found is not [var (version, schema, moves)])
        {
            return null;
        }

        var alter = $"ALTER EXTENSION {SqlText.Name(Extension(target))}";
        var changes = new List<SqlChange>();
        if (target.Wanted.Text("version") is { Length: > 0 } wanted && wanted != version)
        {
            changes.Add(SqlChange.Of("version", wanted, version, $"{alter} UPDATE TO {SqlText.Literal(wanted)}"));
        }

        if (target.Wanted.Text("schema") is { Length: > 0 } place && place != schema)
        {
            changes.Add(SqlChange.Of("schema", place, schema, moves ? $"{alter} SET SCHEMA {SqlText.Name(place)}" : ""));
        }

        return new SqlState([.. changes.Where(c => !target.Allows(c.Drift))]) { AtProvider = new JsonObject { ["version"] = version, ["schema"] = schema } };
    }

    public async Task<DriverOutcome> CreateAsync(SqlTarget target, CancellationToken ct)
    {
        if (!await HasDatabaseAsync(target, ct))
        {
            return new Waiting($"The database '{Database(target)}' is not on the server {target.Where} yet");
        }

        await using var inside = await OpenAsync(target, ct);
        if (await ProblemAsync(inside, target, ct) is { } problem)
        {
            return new Failed(problem) { Terminal = true };
        }

        var schema = target.Wanted.Text("schema") is { Length: > 0 } named ? $" SCHEMA {SqlText.Name(named)}" : "";
        var version = target.Wanted.Text("version") is { Length: > 0 } given ? $" VERSION {SqlText.Literal(given)}" : "";
        await inside.ExecuteAsync($"CREATE EXTENSION IF NOT EXISTS {SqlText.Name(Extension(target))}{schema}{version}", ct);
        return Done.Plain;
    }

    public async Task<DriverOutcome> MendAsync(SqlTarget target, SqlState found, CancellationToken ct)
    {
        await using var inside = await OpenAsync(target, ct);
        if (await ProblemAsync(inside, target, ct) is { } problem)
        {
            return new Failed(problem) { Terminal = true };
        }

        await inside.ExecuteTogetherAsync(found.Statements, ct);
        return Done.Plain;
    }

    public async Task<DriverOutcome> DropAsync(SqlTarget target, CancellationToken ct)
    {
        await using var inside = await OpenAsync(target, ct);
        await inside.ExecuteAsync($"DROP EXTENSION IF EXISTS {SqlText.Name(Extension(target))}", ct);
        return Done.Plain;
    }

    private static string Extension(SqlTarget target) => target.Wanted.Text("extension");

    private static string Database(SqlTarget target) => target.Wanted.Text("database");

    private static Task<bool> HasDatabaseAsync(SqlTarget target, CancellationToken ct) =>
        target.Connection.IsTrueAsync("SELECT true FROM pg_database WHERE datname = $1", [Database(target)], ct);

    private static Task<NpgsqlConnection> OpenAsync(SqlTarget target, CancellationToken ct) => target.Server.OpenAsync(Database(target), ct);

    /// <summary>What only another server or another wish mends; null for nothing.</summary>
    private static async Task<string?> ProblemAsync(NpgsqlConnection inside, SqlTarget target, CancellationToken ct)
    {
        var (extension, wanted) = (Extension(target), target.Wanted.Text("version"));
        var versions = await inside.AskAsync(
            "SELECT version FROM pg_available_extension_versions WHERE name = $1 ORDER BY version", [extension], r => r.GetString(0), ct);
        return versions.Count == 0 ? ExtensionPackages.Missing(extension, target.Where, inside.PostgreSqlVersion.Major)
            : wanted.Length > 0 && !versions.Contains(wanted)
                ? $"The server {target.Where} does not have version '{wanted}' of the extension '{extension}'. Use one of: {string.Join(", ", versions)}"
            : null;
    }
}
