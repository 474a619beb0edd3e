namespace Flagstone.Provisioning.Providers.Process;

/// <summary>
/// Confines what a pushed commit makes the machine do: under bubblewrap it sees the system's programs, its own folder and nothing else:
/// no data folder, no keys, no other process. As root, it runs as an unprivileged user first.
/// </summary>
internal static class Sandbox
{
    public const string User = "nobody";

    private static readonly string[] ReadOnly =
    [
        "/lib", "/lib64", "/bin", "/sbin", "/etc/ssl", "/etc/ca-certificates", "/etc/alternatives", "/etc/ld.so.cache", "/etc/passwd", "/etc/group",
        "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/localtime", "/etc/npmrc",
    ];

    /// <param name="folder">The app's folder, which is seen as <c>/app</c>.</param>
    /// <param name="writable">A second folder that may be written, with the place where it is seen; then the app's folder may be written too.</param>
    public static IReadOnlyList<string> Command(string folder, (string Folder, string Seen)? writable, IReadOnlyList<string> command)
    {
        List<string> arguments =
        [
            "prlimit", "--core=0", "--nofile=4096", "--",
            "bwrap", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--ro-bind", "/usr", "/usr",
        ];
        foreach (var path in ReadOnly)
        {
            arguments.AddRange(["--ro-bind-try", path, path]);
        }

        arguments.AddRange(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", writable is null ? "--ro-bind" : "--bind", folder, "/app"]);
        if (writable is var (other, seen))
        {
            arguments.AddRange(["--bind", other, seen]);
        }

        return UnprivilegedUser.Command(User, [.. arguments, "--chdir", "/app", "--", .. command]);
    }
}
