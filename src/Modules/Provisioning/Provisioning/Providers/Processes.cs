using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Flagstone.Provisioning.Providers;

/// <summary>What is known of a process by its number: the start time tells it from a later one of the same number.</summary>
/// <param name="StartTicks">Field 22 of <c>/proc/PID/stat</c>.</param>
internal readonly record struct ProcessId(int Pid, long StartTicks)
{
    public static bool TryParse(string text, out ProcessId id)
    {
        id = default;
        var parts = text.Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 2 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out var pid) || !long.TryParse(parts[1], CultureInfo.InvariantCulture, out var start))
        {
            return false;
        }

        id = new ProcessId(pid, start);
        return true;
    }
}

/// <summary>Child processes that outlive the platform: found, signalled and waited for by number, since after a restart they are nobody's children.</summary>
internal static class Processes
{
    public const int Interrupt = 2;
    public const int Terminate = 15;
    public const int Killed = 9;

    public static bool IsRoot => geteuid() == 0;

    /// <summary>True while this very process lives; a zombie does not.</summary>
    public static bool IsAlive(ProcessId id) => Stat(id.Pid) is { } stat && stat.Start == id.StartTicks && stat.State != 'Z';

    /// <summary>True while any process of the group lives.</summary>
    public static bool GroupLives(int group) => Directory.EnumerateDirectories("/proc")
        .Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var pid) ? Stat(pid) : null)
        .Any(s => s is { } stat && stat.Group == group && stat.State != 'Z');

    public static void Signal(int pid, int signal) => _ = kill(pid, signal);

    public static void SignalGroup(int group, int signal) => _ = kill(-group, signal);

    /// <summary>Runs a program to its end, with nothing of this process's environment.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1068", Justification = "The environment is seldom given.")]
    public static async Task<(int ExitCode, string Output)> RunAsync(
        IReadOnlyList<string> command, string folder, TimeSpan limit, CancellationToken ct, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = System.Diagnostics.Process.Start(StartInfo(command, folder, redirect: true, environment))!;
        process.StandardInput.Close();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return (process.ExitCode, (await output + await errors).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            ct.ThrowIfCancellationRequested();
            return (-1, $"stopped: it ran longer than {limit}");
        }
    }

    /// <summary>
    /// Starts a program in a session of its own, so that it outlives this process. The shell writes its number and start time before it
    /// becomes the program: nothing can run that is not recorded.
    /// </summary>
    /// <param name="controlGroup">The file to which the process writes its number to enter a control group; empty for none.</param>
    public static ProcessId StartDetached(IReadOnlyList<string> command, string folder, string pidFile, string logFile, IReadOnlyDictionary<string, string>? environment = null, string controlGroup = "")
    {
        const string Script = """
            read -r stat < /proc/self/stat; set -f; pidfile=$1; log=$2; group=$3; shift 3
            number() { echo "$1 ${22}" > "$pidfile.part" && mv "$pidfile.part" "$pidfile"; }
            number $stat || exit 1
            [ -z "$group" ] || echo $$ > "$group" || exit 1
            exec "$@" >> "$log" 2>&1 < /dev/null
            """;
        File.Delete(pidFile);
        using var process = System.Diagnostics.Process.Start(StartInfo(["setsid", "sh", "-c", Script, "sh", pidFile, logFile, controlGroup, .. command], folder, redirect: false, environment))!;
        var stat = Stat(process.Id);
        return stat is { } found ? new ProcessId(process.Id, found.Start) : new ProcessId(process.Id, 0);
    }

    private static ProcessStartInfo StartInfo(IReadOnlyList<string> command, string folder, bool redirect, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(command[0])
        {
            UseShellExecute = false,
            WorkingDirectory = folder,
            RedirectStandardInput = redirect,
            RedirectStandardOutput = redirect,
            RedirectStandardError = redirect,
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["HOME"] = "/nonexistent";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static (char State, int Group, long Start)? Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            // The name may hold blanks and parentheses; what follows the last parenthesis does not.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0][0], int.Parse(fields[2], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint geteuid();
}
