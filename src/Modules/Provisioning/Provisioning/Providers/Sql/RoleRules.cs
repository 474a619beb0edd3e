using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>What a role of the server should be.</summary>
/// <param name="Path">Where its fields are, below <c>spec.forProvider</c>; with a dot at the end unless empty.</param>
/// <param name="Privileges">By their names in <c>spec.forProvider.privileges</c>; what is not in it is not compared.</param>
/// <param name="ConnectionLimit">Null when it is not compared.</param>
/// <param name="Password">Null when it is not compared.</param>
/// <param name="Group">The role that it belongs to, and acts as; empty for none.</param>
internal sealed record WantedRole(
    string Name, string Path, IReadOnlyDictionary<string, bool> Privileges, int? ConnectionLimit, string? Password, string Group = "")
{
    /// <summary>The field that says whether it logs in: of a group, another than the one that a person wrote.</summary>
    public string LoginPath { get; init; } = Path.Length == 0 ? "privileges.login" : $"{Path}login";
}

/// <summary>What a role of the server is.</summary>
/// <param name="IsMember">Whether it belongs to the group of a <see cref="WantedRole"/>.</param>
/// <param name="ActsAsGroup">Whether its sessions begin as that group.</param>
/// <param name="PasswordFits">False when the server takes another password than the one that it should, or none.</param>
internal sealed record FoundRole(string Name, IReadOnlyDictionary<string, bool> Privileges, int ConnectionLimit, bool IsMember, bool ActsAsGroup)
{
    public bool PasswordFits { get; init; } = true;
}

/// <summary>How roles should be, how they differ, and what makes or mends them. Pure.</summary>
internal static class RoleRules
{
    /// <summary>What stands in place of a password in a difference.</summary>
    private const string Hidden = "(hidden)";

    private static readonly (string Privilege, string Word)[] Words =
    [
        ("login", "LOGIN"), ("superUser", "SUPERUSER"), ("createDb", "CREATEDB"), ("createRole", "CREATEROLE"), ("replication", "REPLICATION"), ("bypassRls", "BYPASSRLS"),
        ("inherit", "INHERIT"),
    ];

    /// <summary>The one role of a resource that does not rotate.</summary>
    public static WantedRole Single(string name, JsonObject wanted, string? password) =>
        new(name, "", Asked(wanted), Limit(wanted), password);

    /// <summary>
    /// The group and those of its two logins that are or should be there. The group owns and may what the resource says, and logs in only where
    /// it did before the rotation began. A login that is neither active nor former is kept out.
    /// </summary>
    public static IEnumerable<WantedRole> Rotating(LoginNames names, JsonObject wanted, Rotation rotation, IReadOnlyCollection<string> there)
    {
        var asked = Asked(wanted);
        yield return new(
            names.Role, "", new Dictionary<string, bool>(asked) { ["login"] = rotation.PasswordOf(names.Role) is not null }, Limit(wanted), rotation.PasswordOf(names.Role))
        {
            LoginPath = "rotation.group.login",
        };
        foreach (var (slot, login) in ((string, string)[])[("a", names.A), ("b", names.B)])
        {
            var password = rotation.PasswordOf(login);
            if (password is not null || there.Contains(login))
            {
                // Who logs in has its session's rights from the group, but for what PostgreSQL asks of the login itself.
                yield return new(
                    login, $"rotation.{slot}.", new Dictionary<string, bool>
                    {
                        ["login"] = password is not null, ["superUser"] = false, ["createDb"] = false, ["createRole"] = false, ["bypassRls"] = false,
                        ["replication"] = password is not null && asked["replication"], ["inherit"] = true,
                    },
                    Limit(wanted), password, names.Role);
            }
        }
    }

    /// <param name="found">Null for one to be made.</param>
    public static IEnumerable<SqlChange> Compare(WantedRole wanted, FoundRole? found)
    {
        var role = SqlText.Name(wanted.Name);
        if (found is null)
        {
            return Make(wanted, role);
        }

        var changes = new List<SqlChange>();
        var privileges = wanted.Path.Length == 0 ? "privileges." : wanted.Path;
        foreach (var (privilege, word) in Words)
        {
            if (wanted.Privileges.TryGetValue(privilege, out var should) && found.Privileges[privilege] != should)
            {
                changes.Add(SqlChange.Of(privilege == "login" ? wanted.LoginPath : privileges + privilege, should, !should, $"ALTER ROLE {role} {(should ? "" : "NO")}{word}"));
            }
        }

        if (wanted.ConnectionLimit is { } limit && limit != found.ConnectionLimit)
        {
            changes.Add(SqlChange.Of($"{wanted.Path}connectionLimit", limit, found.ConnectionLimit, $"ALTER ROLE {role} CONNECTION LIMIT {limit}"));
        }

        if (wanted.Password is { } password && !found.PasswordFits)
        {
            changes.Add(SqlChange.Of($"{wanted.Path}password", "(in the connection secret)", Hidden, $"ALTER ROLE {role} PASSWORD {SqlText.Literal(ScramVerifier.Make(password))}"));
        }

        if (wanted.Group.Length > 0 && !found.IsMember)
        {
            changes.Add(SqlChange.Of($"{wanted.Path}memberOf", wanted.Group, null, Join(wanted, role)));
        }

        if (wanted.Group.Length > 0 && !found.ActsAsGroup)
        {
            changes.Add(SqlChange.Of($"{wanted.Path}role", wanted.Group, null, Act(wanted, role)));
        }

        return changes;
    }

    private static IEnumerable<SqlChange> Make(WantedRole wanted, string role)
    {
        var words = Words.Where(w => wanted.Privileges.ContainsKey(w.Privilege)).Select(w => wanted.Privileges[w.Privilege] ? w.Word : $"NO{w.Word}");
        var limit = wanted.ConnectionLimit is { } most ? $" CONNECTION LIMIT {most}" : "";
        var password = wanted.Password is { } secret ? $" PASSWORD {SqlText.Literal(ScramVerifier.Make(secret))}" : "";
        yield return SqlChange.Of($"{wanted.Path}name", wanted.Name, null, $"CREATE ROLE {role} WITH {string.Join(' ', words)}{limit}{password}");
        if (wanted.Group.Length > 0)
        {
            yield return SqlChange.Of($"{wanted.Path}memberOf", wanted.Group, null, Join(wanted, role));
            yield return SqlChange.Of($"{wanted.Path}role", wanted.Group, null, Act(wanted, role));
        }
    }

    private static string Join(WantedRole wanted, string role) => $"GRANT {SqlText.Name(wanted.Group)} TO {role}";

    /// <summary>What a session makes then belongs to the group, and outlives the login's turn.</summary>
    private static string Act(WantedRole wanted, string role) => $"ALTER ROLE {role} SET role TO {SqlText.Literal(wanted.Group)}";

    /// <summary>What is not asked for is not had; only <c>inherit</c> is as PostgreSQL makes it.</summary>
    private static Dictionary<string, bool> Asked(JsonObject wanted) =>
        Words.Where(w => w.Privilege != "inherit" || wanted.At("privileges", "inherit") is not null)
            .ToDictionary(w => w.Privilege, w => wanted.At("privileges", w.Privilege) is JsonValue v && v.GetValueKind() == JsonValueKind.True, StringComparer.Ordinal);

    private static int? Limit(JsonObject wanted) => wanted["connectionLimit"] is JsonValue limit && limit.TryGetValue<int>(out var most) ? most : null;
}
