namespace Flagstone.Provisioning.Providers.Process;

/// <summary>
/// Confines what a pushed commit makes the machine do: under bubblewrap it sees the system's programs, its own folder and nothing else:
/// no data folder, no keys, no other process. As root, it becomes an unprivileged user first: a service its own, an installation <c>nobody</c>.
/// </summary>
internal static class Sandbox
{
    public const string User = "nobody";

    /// <summary>All processes of a service are one user's, the old ones of a replacement too.</summary>
    public const int MaxTasksOfUser = ServiceLimits.MaxTasks * 2 * ServiceSpec.MaxReplicas;

    private static readonly string[] ReadOnly =
    [
        "/lib", "/lib64", "/bin", "/sbin", "/etc/ssl", "/etc/ca-certificates", "/etc/alternatives", "/etc/ld.so.cache", "/etc/passwd", "/etc/group",
        "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/localtime", "/etc/npmrc", "/etc/opt/NuGet",
    ];

    /// <param name="folder">The app's folder, which is seen as <c>/app</c>.</param>
    /// <param name="second">Another folder that is seen.</param>
    /// <param name="user">The service's own user; null for <c>nobody</c>, or for the platform's own user when that is not root.</param>
    /// <param name="writable">Whether the app's folder may be written.</param>
    public static IReadOnlyList<string> Command(
        string folder, SandboxFolder? second, ServiceUser? user, IReadOnlyList<string> command, bool writable = false)
    {
        // Tasks are counted by user: of one that others share, the limit would count theirs.
        string[] tasks = user is null ? [] : [$"--nproc={MaxTasksOfUser.ToString(System.Globalization.CultureInfo.InvariantCulture)}"];
        List<string> arguments =
        [
            "prlimit", "--core=0", $"--nofile={ServiceLimits.MaxOpenFiles.ToString(System.Globalization.CultureInfo.InvariantCulture)}", .. tasks, "--",
            "bwrap", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--ro-bind", "/usr", "/usr",
        ];
        foreach (var path in ReadOnly)
        {
            arguments.AddRange(["--ro-bind-try", path == "/etc/passwd" && user is not null ? user.Accounts : path, path]);
        }

        arguments.AddRange(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", Bind(writable), folder, "/app"]);
        if (second is not null)
        {
            arguments.AddRange([Bind(second.Writable), second.Folder, second.Seen]);
        }

        arguments.AddRange(["--chdir", "/app", "--", .. command]);
        return user is not null ? UnprivilegedUser.Command(user.Id, arguments) : UnprivilegedUser.Command(User, arguments);
    }

    private static string Bind(bool writable) => writable ? "--bind" : "--ro-bind";
}

/// <summary>A folder of the machine in a sandbox.</summary>
/// <param name="Seen">Where it is seen there.</param>
internal sealed record SandboxFolder(string Folder, string Seen, bool Writable);
