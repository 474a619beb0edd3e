using System.Globalization;

namespace Flagstone.Provisioning.Providers;

/// <summary>Whom child processes run as when the platform runs as root. Otherwise they run as the platform's own user.</summary>
internal static class UnprivilegedUser
{
    private const string Nobody = "nobody";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The command, under the user when that is possible and needed; <c>nobody</c> when the machine has no such user.</summary>
    public static IReadOnlyList<string> Command(string user, IReadOnlyList<string> command) =>
        Processes.IsRoot ? As(Ids(user), command) : command;

    /// <summary>The command as a user without an account, whose group has the same number.</summary>
    public static IReadOnlyList<string> Command(int id, IReadOnlyList<string> command) => As((id, id), command);

    public static Task OwnAsync(string user, string path, CancellationToken ct) =>
        Processes.IsRoot ? GiveAsync(Ids(user), path, ct) : Task.CompletedTask;

    public static Task OwnAsync(int id, string path, CancellationToken ct) => GiveAsync((id, id), path, ct);

    private static async Task GiveAsync((int User, int Group) ids, string path, CancellationToken ct)
    {
        var (exit, output) = await Processes.RunAsync(["chown", "-R", $"{ids.User}:{ids.Group}", path], "/", Limit, ct);
        if (exit != 0)
        {
            throw new IOException($"The folder {path} cannot be given to user {ids.User}: {output}");
        }
    }

    private static string[] As((int User, int Group) ids, IReadOnlyList<string> command) =>
        ["setpriv", $"--reuid={ids.User}", $"--regid={ids.Group}", "--clear-groups", "--no-new-privs", "--", .. command];

    private static (int User, int Group) Ids(string user)
    {
        var lines = File.ReadAllLines("/etc/passwd").Select(l => l.Split(':')).Where(f => f.Length > 3).ToList();
        var line = lines.Find(f => f[0] == user) ?? lines.Find(f => f[0] == Nobody);
        return line is null ? (65534, 65534) : (int.Parse(line[2], CultureInfo.InvariantCulture), int.Parse(line[3], CultureInfo.InvariantCulture));
    }
}
