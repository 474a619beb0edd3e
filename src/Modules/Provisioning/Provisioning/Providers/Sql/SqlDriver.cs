using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>Databases, roles and grants on the server that the installation has for them. Their names are ours, so Observe tells what a lost answer was.</summary>
internal sealed class SqlDriver(ISqlServer server) : IProviderDriver
{
    private const int PasswordLength = 32;
    private const string PasswordAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

    /// <summary>What is near is looked at often.</summary>
    public TimeSpan PollEvery => TimeSpan.FromMinutes(1);

    public IReadOnlyList<KindDefinition> Kinds => SqlKinds.All;

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        try
        {
            await using var connection = await server.OpenAsync(ct);
            return resource.Kind.Kind switch
            {
                "Database" => await ObserveDatabaseAsync(connection, resource, ct),
                "Role" => await ObserveRoleAsync(connection, resource, ct),
                _ => await ObserveGrantAsync(connection, resource, ct),
            };
        }
        catch (Exception e) when (e is PostgresUnavailableException or NpgsqlException)
        {
            return new Unobservable(e.Message);
        }
    }

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) => resource.Kind.Kind switch
    {
        "Database" => RunAsync([$"CREATE DATABASE {Quote(resource.ExternalName)}{Owner(resource)}"], ct),
        "Role" => SetRoleAsync("CREATE", resource, ct),
        _ => GrantAsync(resource, ct),
    };

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => resource.Kind.Kind switch
    {
        "Database" => RunAsync([$"ALTER DATABASE {Quote(resource.ExternalName)} OWNER TO {Quote(resource.ForProvider.Text("owner"))}"], ct),
        "Role" => SetRoleAsync("ALTER", resource, ct),
        _ => GrantAsync(resource, ct),
    };

    public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct) => resource.Kind.Kind switch
    {
        "Database" => RunAsync([$"DROP DATABASE IF EXISTS {Quote(resource.ExternalName)} WITH (FORCE)"], ct),
        "Role" => RunAsync([$"DROP ROLE IF EXISTS {Quote(resource.ExternalName)}"], ct),
        _ => RunAsync([$"REVOKE ALL ON DATABASE {Quote(resource.ForProvider.Text("database"))} FROM {Quote(resource.ForProvider.Text("role"))}"], ct),
    };

    private static async Task<Observation> ObserveDatabaseAsync(NpgsqlConnection connection, ManagedResource resource, CancellationToken ct)
    {
        const string Find = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1";
        if (await ScalarAsync(connection, Find, [resource.ExternalName], ct) is not string owner)
        {
            return new Absent();
        }

        var wanted = resource.ForProvider.Text("owner");
        return new Present(
            wanted.Length > 0 && wanted != owner ? $"The owner is {owner} and should be {wanted}" : null, null, new JsonObject { ["owner"] = owner }, Nothing);
    }

    private async Task<Observation> ObserveRoleAsync(NpgsqlConnection connection, ManagedResource resource, CancellationToken ct)
    {
        const string Find = "SELECT coalesce(rolpassword, '') || chr(10) || rolcanlogin || chr(10) || rolsuper FROM pg_authid WHERE rolname = $1";
        if (await ScalarAsync(connection, Find, [resource.ExternalName], ct) is not string found)
        {
            return new Absent();
        }

        var password = resource.Connection.GetValueOrDefault("password");
        var parts = found.Split('\n');
        var difference = password is null ? "The connection secret has no password"
            : !ScramVerifier.Matches(password, parts[0]) ? "The password is not the one in the connection secret"
            : parts[1] != Flag(Privilege(resource, "login")) || parts[2] != Flag(Privilege(resource, "superUser")) ? "The privileges differ"
            : null;
        return new Present(difference, null, [], password is null ? Nothing : Connection(resource, password));
    }

    private static async Task<Observation> ObserveGrantAsync(NpgsqlConnection connection, ManagedResource resource, CancellationToken ct)
    {
        const string Exist = "SELECT (SELECT count(*) FROM pg_roles WHERE rolname = $1) + (SELECT count(*) FROM pg_database WHERE datname = $2)";
        var (role, database) = (resource.ForProvider.Text("role"), resource.ForProvider.Text("database"));
        if (await ScalarAsync(connection, Exist, [role, database], ct) is not 2L)
        {
            return new Absent();
        }

        var held = new List<string>();
        foreach (var privilege in Privileges(resource))
        {
            if (await ScalarAsync(connection, "SELECT has_database_privilege($1, $2, $3)", [role, database, privilege], ct) is true)
            {
                held.Add(privilege);
            }
        }

        if (held.Count < Privileges(resource).Count)
        {
            return new Absent();
        }

        var open = RevokesPublic(resource) && await ScalarAsync(connection, "SELECT has_database_privilege('public', $1, 'CONNECT')", [database], ct) is true;
        return new Present(open ? "PUBLIC may still connect to the database" : null, null, [], Nothing);
    }

    private async Task<DriverOutcome> SetRoleAsync(string verb, ManagedResource resource, CancellationToken ct)
    {
        // A password that is in the secret already stays: those who hold it go on working.
        var password = resource.Connection.GetValueOrDefault("password") is { Length: > 0 } known ? known : RandomNumberGenerator.GetString(PasswordAlphabet, PasswordLength);
        var outcome = await RunAsync([
            $"{verb} ROLE {Quote(resource.ExternalName)} WITH {Word(resource, "login", "LOGIN")} {Word(resource, "superUser", "SUPERUSER")} "
            + $"{Word(resource, "createDb", "CREATEDB")} {Word(resource, "createRole", "CREATEROLE")} PASSWORD '{ScramVerifier.Make(password)}'"
            + (resource.ForProvider["connectionLimit"] is JsonValue limit ? $" CONNECTION LIMIT {limit.ToJsonString()}" : "")], ct);
        return outcome is Done ? new Done(Connection(resource, password)) : outcome;
    }

    private Task<DriverOutcome> GrantAsync(ManagedResource resource, CancellationToken ct)
    {
        var (role, database) = (Quote(resource.ForProvider.Text("role")), Quote(resource.ForProvider.Text("database")));
        var grant = $"GRANT {string.Join(", ", Privileges(resource))} ON DATABASE {database} TO {role}";
        return RevokesPublic(resource) ? RunAsync([$"REVOKE ALL ON DATABASE {database} FROM PUBLIC", grant], ct) : RunAsync([grant], ct);
    }

    private async Task<DriverOutcome> RunAsync(IReadOnlyList<string> statements, CancellationToken ct)
    {
        try
        {
            await using var connection = await server.OpenAsync(ct);
            foreach (var statement in statements)
            {
                await using var command = new NpgsqlCommand(statement, connection);
                await command.ExecuteNonQueryAsync(ct);
            }

            return Done.Plain;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.DuplicateObject)
        {
            // Made already, by a call whose answer was lost: the next observation looks at it.
            return Done.Plain;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.DependentObjectsStillExist
            or PostgresErrorCodes.InternalError or PostgresErrorCodes.ObjectInUse)
        {
            // Two statements on one database at once end in an internal error, "tuple concurrently updated": soon over as well.
            return new Waiting(e.MessageText);
        }
        catch (PostgresException e)
        {
            return new Failed(e.MessageText);
        }
        catch (PostgresUnavailableException e)
        {
            return new Failed(e.Message);
        }
        catch (NpgsqlException e)
        {
            return new Unknown(e.Message);
        }
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string text, IReadOnlyList<string> values, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(text, connection);
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(value);
        }

        return await command.ExecuteScalarAsync(ct);
    }

    private static readonly Dictionary<string, string> Nothing = [];

    private Dictionary<string, string> Connection(ManagedResource resource, string password) => new(StringComparer.Ordinal)
    {
        ["endpoint"] = server.Host,
        ["port"] = server.Port.ToString(CultureInfo.InvariantCulture),
        ["username"] = resource.ExternalName,
        ["password"] = password,
    };

    private static List<string> Privileges(ManagedResource resource)
    {
        var list = (resource.ForProvider["privileges"] as JsonArray)?.Select(p => p?.ToString() ?? "").ToList() ?? [];
        return list.Contains("ALL") || list.Count == 0 ? ["CONNECT", "CREATE", "TEMPORARY"] : list;
    }

    private static bool RevokesPublic(ManagedResource resource) =>
        resource.ForProvider["revokePublicOnDb"] is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    private static string Owner(ManagedResource resource) => resource.ForProvider.Text("owner") is { Length: > 0 } owner ? $" OWNER {Quote(owner)}" : "";

    private static bool Privilege(ManagedResource resource, string name) =>
        resource.ForProvider.At("privileges", name) is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    private static string Word(ManagedResource resource, string name, string word) => Privilege(resource, name) ? word : $"NO{word}";

    private static string Flag(bool value) => value ? "true" : "false";

    /// <summary>Names are identifiers, which take no parameters.</summary>
    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
