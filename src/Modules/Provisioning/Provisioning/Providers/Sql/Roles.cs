using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>
/// Roles. One that rotates is a group that owns and two logins that act as it, by turns: while one is handed out the other still works, and gets
/// a new password only when its turn comes again. Each step is written down in the connection secret, see <see cref="Rotation"/>.
/// </summary>
internal sealed class Roles(TimeProvider clock) : ISqlKind
{
    public async Task<SqlState?> FindAsync(SqlTarget target, CancellationToken ct)
    {
        var (names, rotation) = (LoginNames.Of(target.Name), Rotation.Read(target.Resource.Connection));
        var all = await RoleCatalog.FindAsync(target.Connection, [names.Role, names.A, names.B], names.Role, ct);
        var found = Own(all, names, rotation);
        var rotates = Rotation.IsWanted(target.Wanted);
        if (rotates || target.IsDeleting ? found.Count == 0 : !found.ContainsKey(names.Role))
        {
            return null;
        }

        var endpoint = Endpoint(target.Server);
        if (!rotates)
        {
            var wanted = RoleRules.Single(target.Name, target.Wanted, PasswordIn(target));
            var changes = await CompareAsync(target, [wanted], found, fresh: "", ct);
            var lost = HasSecret(target.Resource) && PasswordIn(target) is null;
            return new SqlState(changes)
            {
                Due = lost ? "The connection secret has no password" : null,
                Connection = changes.Count == 0 && PasswordIn(target) is { } known ? Published(target, known) : endpoint,
            };
        }

        var nextAt = rotation.NextAt(target.Resource.Document, names);
        var due = clock.GetUtcNow() >= nextAt;
        var next = rotation.NextLogin(names);
        var asked = RoleRules.Rotating(names, target.Wanted, rotation, found.Keys).Where(w => !due || (w.Name != next && rotation.IsBegun));
        return new SqlState(await CompareAsync(target, [.. asked], found, fresh: "", ct))
        {
            AtProvider = rotation.ToStatus(nextAt),
            Connection = endpoint,
            Due = due ? rotation.IsBegun ? "The password is due for its rotation" : "No login is handed out yet" : null,
            Failing = RotateAtProblem(target.Resource.Document),
        };
    }

    public async Task<DriverOutcome> CreateAsync(SqlTarget target, CancellationToken ct) =>
        Rotation.IsWanted(target.Wanted) ? await TurnAsync(target, ct) : await SetAsync(target, ct);

    public Task<DriverOutcome> MendAsync(SqlTarget target, SqlState found, CancellationToken ct) => CreateAsync(target, ct);

    public async Task<DriverOutcome> DropAsync(SqlTarget target, CancellationToken ct)
    {
        var (names, rotation) = (LoginNames.Of(target.Name), Rotation.Read(target.Resource.Connection));
        var own = Own(await RoleCatalog.FindAsync(target.Connection, [names.Role, names.A, names.B], names.Role, ct), names, rotation);
        if (own.Count > 0)
        {
            // In one statement: what still depends on one of them keeps all.
            await target.Connection.ExecuteAsync($"DROP ROLE IF EXISTS {string.Join(", ", own.Keys.Order(StringComparer.Ordinal).Select(SqlText.Name))}", ct);
        }

        return Done.Plain;
    }

    /// <summary>The password that a role begins with, where one is made for it and none is in the secret yet.</summary>
    public static Dictionary<string, string> Prepare(ManagedResource role)
    {
        if (!HasSecret(role) || role.ForProvider["passwordSecretRef"] is not null)
        {
            return [];
        }

        var key = Rotation.IsWanted(role.ForProvider) && !Rotation.Read(role.Connection).IsBegun ? "nextPassword" : "password";
        return role.Connection.GetValueOrDefault(key, "").Length > 0 ? [] : new() { [key] = Passwords.Make() };
    }

    /// <summary>Whether there is a place for a password: without one the role has none.</summary>
    private static bool HasSecret(ManagedResource resource) => resource.Document.At("spec", "writeConnectionSecretToRef").Text("name").Length > 0;

    private static async Task<DriverOutcome> SetAsync(SqlTarget target, CancellationToken ct)
    {
        // A password that is in the secret already stays: those who hold it go on working.
        var known = PasswordIn(target);
        var password = known ?? (HasSecret(target.Resource) ? Passwords.Make() : null);
        var found = await RoleCatalog.FindAsync(target.Connection, [target.Name], target.Name, ct);
        var changes = await CompareAsync(target, [RoleRules.Single(target.Name, target.Wanted, password)], found, fresh: known is null ? target.Name : "", ct);
        await target.Connection.ExecuteTogetherAsync([.. changes.Select(c => c.Statement)], ct);
        return new Done(password is null ? Endpoint(target.Server) : Published(target, password));
    }

    /// <summary>
    /// One step: prepares the next password in the secret, or gives it to the next login and hands that out, or mends. What was cut off is done
    /// again with the same password, and only a password that the server took is handed out.
    /// </summary>
    private async Task<DriverOutcome> TurnAsync(SqlTarget target, CancellationToken ct)
    {
        var (names, rotation) = (LoginNames.Of(target.Name), Rotation.Read(target.Resource.Connection));
        var due = clock.GetUtcNow() >= rotation.NextAt(target.Resource.Document, names);
        if (due && rotation.Next.Length == 0)
        {
            return new Done(new Dictionary<string, string> { ["nextPassword"] = Passwords.Make() });
        }

        var all = await RoleCatalog.FindAsync(target.Connection, [names.Role, names.A, names.B], names.Role, ct);
        var found = Own(all, names, rotation);
        var turned = due ? rotation.Rotated(names, clock.GetUtcNow()) : rotation;
        var wanted = RoleRules.Rotating(names, target.Wanted, turned, found.Keys).ToList();
        if (wanted.Find(w => all.ContainsKey(w.Name) && !found.ContainsKey(w.Name)) is { } taken)
        {
            return new Failed(
                $"The server {target.Where} has a role '{taken.Name}' that is no login of '{names.Role}'. Rename or drop it, or set another external-name") { Terminal = true };
        }

        var changes = await CompareAsync(target, wanted, found, fresh: due ? turned.Active : "", ct);
        await target.Connection.ExecuteTogetherAsync([.. changes.Select(c => c.Statement)], ct);
        return due ? new Done(turned.ToSecret().Concat(Endpoint(target.Server)).ToDictionary()) : Done.Plain;
    }

    /// <summary>The role, and the logins that were made for it: others may have roles of these names.</summary>
    private static Dictionary<string, FoundRole> Own(Dictionary<string, FoundRole> all, LoginNames names, Rotation rotation) => all.Values
        .Where(r => r.Name == names.Role || (r.IsMember && r.ActsAsGroup) || r.Name == rotation.Active || r.Name == rotation.Former)
        .ToDictionary(r => r.Name, StringComparer.Ordinal);

    /// <param name="fresh">Whose password is new, and is set without asking; empty for nobody's.</param>
    private static async Task<List<SqlChange>> CompareAsync(
        SqlTarget target, IReadOnlyList<WantedRole> wanted, Dictionary<string, FoundRole> found, string fresh, CancellationToken ct)
    {
        var passwords = wanted.Where(w => w.Password is not null && w.Name != fresh).ToDictionary(w => w.Name, w => w.Password!, StringComparer.Ordinal);
        var unfit = await RoleCatalog.UnfitAsync(target, found, passwords, ct);
        return
        [
            .. wanted.SelectMany(w => RoleRules.Compare(w, found.TryGetValue(w.Name, out var role) ? role with { PasswordFits = w.Name != fresh && !unfit.Contains(w.Name) } : null))
                .Where(c => !target.Allows(c.Drift)),
        ];
    }

    private static string? PasswordIn(SqlTarget target) => target.Resource.Connection.GetValueOrDefault("password") is { Length: > 0 } known ? known : null;

    private static string? RotateAtProblem(JsonObject document) =>
        document.Annotation(Rotation.RotateAtAnnotation) is { Length: > 0 } text && Rotation.RotateAt(document) is null
            ? $"The annotation {Rotation.RotateAtAnnotation} is '{text}', which is no time. Write one such as 2026-01-31T22:00:00Z"
            : null;

    private static Dictionary<string, string> Published(SqlTarget target, string password) =>
        new(Endpoint(target.Server)) { ["username"] = target.Name, ["password"] = password };

    private static Dictionary<string, string> Endpoint(ISqlServer server) => new(StringComparer.Ordinal)
    {
        ["endpoint"] = server.Host,
        ["port"] = server.Port.ToString(CultureInfo.InvariantCulture),
    };
}
