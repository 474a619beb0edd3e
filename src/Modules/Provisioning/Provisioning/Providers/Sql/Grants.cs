using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>
/// What a role may in a database. Only what is granted to the role itself counts: what it has through PUBLIC or another role may end with
/// those. What it holds beyond is no drift, since another grant may say so.
/// </summary>
internal sealed class Grants : ISqlKind
{
    private static readonly string[] All = ["CONNECT", "CREATE", "TEMPORARY"];

    public async Task<SqlState?> FindAsync(SqlTarget target, CancellationToken ct)
    {
        const string BothThere = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AND EXISTS (SELECT FROM pg_database WHERE datname = $2)";
        const string Held = """
            SELECT a.grantee = 0, a.privilege_type FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
            WHERE d.datname = $2 AND (a.grantee = 0 OR a.grantee = (SELECT oid FROM pg_roles WHERE rolname = $1))
            """;
        object[] names = [target.Wanted.Text("role"), target.Wanted.Text("database")];
        if (!await target.Connection.IsTrueAsync(BothThere, names, ct))
        {
            return null;
        }

        var held = await target.Connection.AskAsync(Held, names, r => (Everyone: r.GetBoolean(0), Privilege: r.GetString(1)), ct);
        var own = held.Where(h => !h.Everyone).Select(h => h.Privilege).Distinct().Order(StringComparer.Ordinal).ToList();
        var wanted = Privileges(target.Wanted);
        var complete = wanted.All(own.Contains);
        if (target.IsDeleting ? own.Count == 0 : !complete && !target.WasThere)
        {
            return null;
        }

        var changes = new List<SqlChange>();
        if (!complete)
        {
            changes.Add(SqlChange.Of("privileges", Texts(wanted), Texts(own), Grant(target.Wanted)));
        }

        if (RevokesPublic(target.Wanted) && held.Any(h => h.Everyone))
        {
            changes.Add(SqlChange.Of("revokePublicOnDb", true, false, Revoke(target.Wanted)));
        }

        return new SqlState([.. changes.Where(c => !target.Allows(c.Drift))]);
    }

    public async Task<DriverOutcome> CreateAsync(SqlTarget target, CancellationToken ct)
    {
        await target.Connection.ExecuteTogetherAsync(RevokesPublic(target.Wanted) ? [Revoke(target.Wanted), Grant(target.Wanted)] : [Grant(target.Wanted)], ct);
        return Done.Plain;
    }

    public async Task<DriverOutcome> MendAsync(SqlTarget target, SqlState found, CancellationToken ct)
    {
        await target.Connection.ExecuteTogetherAsync(found.Statements, ct);
        return Done.Plain;
    }

    public async Task<DriverOutcome> DropAsync(SqlTarget target, CancellationToken ct)
    {
        await target.Connection.ExecuteAsync($"REVOKE ALL ON DATABASE {SqlText.Name(target.Wanted.Text("database"))} FROM {SqlText.Name(target.Wanted.Text("role"))}", ct);
        return Done.Plain;
    }

    private static string Grant(JsonObject wanted) =>
        $"GRANT {string.Join(", ", Privileges(wanted))} ON DATABASE {SqlText.Name(wanted.Text("database"))} TO {SqlText.Name(wanted.Text("role"))}";

    private static string Revoke(JsonObject wanted) => $"REVOKE ALL ON DATABASE {SqlText.Name(wanted.Text("database"))} FROM PUBLIC";

    private static IReadOnlyList<string> Privileges(JsonObject wanted)
    {
        var named = (wanted["privileges"] as JsonArray ?? []).Select(p => p?.ToString() == "TEMP" ? "TEMPORARY" : p?.ToString() ?? "").Distinct().ToList();
        return named.Contains("ALL") || named.Count == 0 ? All : named;
    }

    private static JsonArray Texts(IReadOnlyList<string> values) => [.. values.Select(v => (JsonNode)v)];

    private static bool RevokesPublic(JsonObject wanted) => wanted["revokePublicOnDb"] is JsonValue v && v.GetValueKind() == JsonValueKind.True;
}
