using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>Databases. What is not said of one stays as PostgreSQL makes it, and is not compared.</summary>
internal sealed class Databases : ISqlKind
{
    private const string Find = """
        SELECT pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, t.spcname, d.datallowconn, d.datconnlimit, d.datistemplate
        FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = $1
        """;

    private static readonly (string Field, string Word)[] Options =
        [("allowConnections", "ALLOW_CONNECTIONS"), ("connectionLimit", "CONNECTION LIMIT"), ("isTemplate", "IS_TEMPLATE")];

    public async Task<SqlState?> FindAsync(SqlTarget target, CancellationToken ct)
    {
        var found = await target.Connection.AskAsync(Find, [target.Name], r => new JsonObject
        {
            ["owner"] = r.GetString(0), ["encoding"] = r.GetString(1), ["lcCollate"] = r.GetString(2), ["lcCType"] = r.GetString(3),
            ["tablespace"] = r.GetString(4), ["allowConnections"] = r.GetBoolean(5), ["connectionLimit"] = r.GetInt32(6), ["isTemplate"] = r.GetBoolean(7),
        }, ct);
        return found.Count == 0 ? null : new SqlState([.. Compare(target.Name, target.Wanted, found[0]).Where(c => !target.Allows(c.Drift))])
        {
            AtProvider = new JsonObject { ["owner"] = found[0].Text("owner") },
        };
    }

    public async Task<DriverOutcome> CreateAsync(SqlTarget target, CancellationToken ct)
    {
        await MayGiveToAsync(target, ct);
        await target.Connection.ExecuteAsync(string.Join(' ', Definition(target.Name, target.Wanted)), ct);
        return Done.Plain;
    }

    public async Task<DriverOutcome> MendAsync(SqlTarget target, SqlState found, CancellationToken ct)
    {
        if (found.Changes.Any(c => c.Drift.Path == "forProvider.owner"))
        {
            await MayGiveToAsync(target, ct);
        }

        foreach (var statement in found.Statements)
        {
            await target.Connection.ExecuteAsync(statement, ct);
        }

        return Done.Plain;
    }

    public async Task<DriverOutcome> DropAsync(SqlTarget target, CancellationToken ct)
    {
        var name = SqlText.Name(target.Name);
        if (await target.Connection.IsTrueAsync("SELECT datistemplate FROM pg_database WHERE datname = $1", [target.Name], ct))
        {
            await target.Connection.ExecuteAsync($"ALTER DATABASE {name} IS_TEMPLATE false", ct);
        }

        await target.Connection.ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)", ct);
        return Done.Plain;
    }

    /// <summary>An administrator who is no superuser gives databases only to roles that it belongs to.</summary>
    private static async Task MayGiveToAsync(SqlTarget target, CancellationToken ct)
    {
        var right = target.Connection.PostgreSqlVersion.Major >= 16 ? "SET" : "MEMBER";
        if (target.Wanted.Text("owner") is { Length: > 0 } owner
            && await target.Connection.IsTrueAsync("SELECT NOT pg_has_role(r.oid, $2) FROM pg_roles r WHERE r.rolname = $1", [owner, right], ct))
        {
            await target.Connection.ExecuteAsync($"GRANT {SqlText.Name(owner)} TO CURRENT_USER", ct);
        }
    }

    private static IEnumerable<string> Definition(string name, JsonObject wanted)
    {
        yield return $"CREATE DATABASE {SqlText.Name(name)}";
        foreach (var (field, word) in ((string, string)[])[("owner", "OWNER"), ("template", "TEMPLATE"), ("tablespace", "TABLESPACE")])
        {
            if (wanted.Text(field) is { Length: > 0 } other)
            {
                yield return $"{word} {SqlText.Name(other)}";
            }
        }

        foreach (var (field, word) in ((string, string)[])[("encoding", "ENCODING"), ("lcCollate", "LC_COLLATE"), ("lcCType", "LC_CTYPE")])
        {
            if (wanted.Text(field) is { Length: > 0 } value)
            {
                yield return $"{word} {SqlText.Literal(value)}";
            }
        }

        foreach (var (field, word) in Options)
        {
            if (wanted[field] is { } value)
            {
                yield return $"{word} {value.ToJsonString()}";
            }
        }
    }

    private static IEnumerable<SqlChange> Compare(string name, JsonObject wanted, JsonObject actual)
    {
        var alter = $"ALTER DATABASE {SqlText.Name(name)}";
        foreach (var (field, isThere) in actual)
        {
            if (wanted[field] is not { } asked || asked.ToString() is { Length: 0 } || IsSame(field, asked, isThere!))
            {
                continue;
            }

            yield return SqlChange.Of(field, asked.DeepClone(), isThere!.DeepClone(), field switch
            {
                "owner" => $"{alter} OWNER TO {SqlText.Name(asked.ToString())}",
                "tablespace" => $"{alter} SET TABLESPACE {SqlText.Name(asked.ToString())}",
                _ when Options.FirstOrDefault(o => o.Field == field) is { Word: { } word } => $"{alter} {word} {asked.ToJsonString()}",
                _ => "",
            });
        }
    }

    /// <summary>PostgreSQL takes <c>utf-8</c> for <c>UTF8</c>.</summary>
    private static bool IsSame(string field, JsonNode wanted, JsonNode actual) => field == "encoding"
        ? Letters(wanted.ToString()).Equals(Letters(actual.ToString()), StringComparison.OrdinalIgnoreCase)
        : JsonNode.DeepEquals(wanted, actual);

    private static string Letters(string text) => string.Concat(text.Where(char.IsAsciiLetterOrDigit));
}
