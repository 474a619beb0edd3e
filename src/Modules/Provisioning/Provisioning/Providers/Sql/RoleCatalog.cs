using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>What a server knows of roles.</summary>
internal static class RoleCatalog
{
    private const string Find = """
        SELECT r.rolname, r.rolcanlogin, r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolreplication, r.rolbypassrls, r.rolinherit, r.rolconnlimit,
          EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid AND g.rolname = $2),
          EXISTS (SELECT FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0 AND 'role=' || $2 = ANY (s.setconfig))
        FROM pg_roles r WHERE r.rolname = ANY ($1)
        """;

    /// <param name="group">To which they may belong.</param>
    public static async Task<Dictionary<string, FoundRole>> FindAsync(NpgsqlConnection connection, string[] names, string group, CancellationToken ct) =>
        (await connection.AskAsync(Find, [names, group], r => new FoundRole(
            r.GetString(0),
            new Dictionary<string, bool>
            {
                ["login"] = r.GetBoolean(1), ["superUser"] = r.GetBoolean(2), ["createDb"] = r.GetBoolean(3), ["createRole"] = r.GetBoolean(4),
                ["replication"] = r.GetBoolean(5), ["bypassRls"] = r.GetBoolean(6), ["inherit"] = r.GetBoolean(7),
            },
            r.GetInt32(8), r.GetBoolean(9), r.GetBoolean(10)), ct)).ToDictionary(r => r.Name, StringComparer.Ordinal);

    /// <summary>
    /// Which of the passwords the server would not take: by its verifiers where they may be read, else by a login, which tells nothing of a role
    /// that may not log in.
    /// </summary>
    public static async Task<HashSet<string>> UnfitAsync(
        SqlTarget target, IReadOnlyDictionary<string, FoundRole> found, IReadOnlyDictionary<string, string> passwords, CancellationToken ct)
    {
        const string MayRead = "SELECT has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT')";
        const string Verifiers = "SELECT rolname, coalesce(rolpassword, '') FROM pg_authid WHERE rolname = ANY ($1)";
        var asked = passwords.Where(p => found.ContainsKey(p.Key)).ToList();
        if (await target.Connection.IsTrueAsync(MayRead, [], ct))
        {
            var verifiers = (await target.Connection.AskAsync(Verifiers, [asked.Select(p => p.Key).ToArray()], r => (r.GetString(0), r.GetString(1)), ct)).ToDictionary();
            return [.. asked.Where(p => !ScramVerifier.Matches(p.Value, verifiers.GetValueOrDefault(p.Key, ""))).Select(p => p.Key)];
        }

        var unfit = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (role, password) in asked)
        {
            if (!found[role].Privileges["login"] || await target.Server.RefusesAsync(role, password, ct))
            {
                unfit.Add(role);
            }
        }

        return unfit;
    }
}
