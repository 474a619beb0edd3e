using System.Globalization;

namespace Flagstone.Provisioning.Providers.Process;

/// <summary>
/// Limits by the kernel: a control group (version 2) for each process of a service, below <c>flagstone</c> in the groups that the platform sees.
/// Where it may make none, or only version 1 is there, <see cref="Available"/> is false and other limits apply.
/// </summary>
/// <param name="root">Where the unified hierarchy is mounted.</param>
internal sealed class ControlGroups(string root)
{
    private const string Ours = "flagstone";
    private const int PeriodMicroseconds = 100_000;
    private static readonly string[] Needed = ["memory", "cpu", "pids"];

    private readonly Lazy<bool> available = new(() => Delegate(root));

    public bool Available => available.Value;

    /// <summary>Makes the group, or sets it anew, and gives the file to which a process writes its number to enter; null when there are no groups.</summary>
    /// <param name="name">Of the machine's: the same for no two processes.</param>
    public string? Make(string name, ServiceLimits limits)
    {
        if (!Available)
        {
            return null;
        }

        var group = Path.Combine(root, Ours, name);
        Directory.CreateDirectory(group);
        Write(group, "memory.max", ((long)limits.MemoryMegabytes * 1024 * 1024).ToString(CultureInfo.InvariantCulture));
        Write(group, "cpu.max", $"{(long)limits.Millicores * PeriodMicroseconds / 1000} {PeriodMicroseconds}");
        Write(group, "pids.max", ServiceLimits.MaxTasks.ToString(CultureInfo.InvariantCulture));
        return Path.Combine(group, "cgroup.procs");
    }

    /// <summary>Takes the group away once its last process is gone; one that is in use stays, and is set anew by the next start.</summary>
    public void Remove(string name)
    {
        var group = Path.Combine(root, Ours, name);
        if (!Available || !Directory.Exists(group))
        {
            return;
        }

        try
        {
            Directory.Delete(group);
        }
        catch (IOException)
        {
            // A process of it is not reaped yet.
        }
    }

    private static bool Delegate(string root)
    {
        try
        {
            var there = File.ReadAllText(Path.Combine(root, "cgroup.controllers")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (Needed.Except(there).Any())
            {
                return false;
            }

            var ours = Path.Combine(root, Ours);
            Enable(root);
            Directory.CreateDirectory(ours);
            Enable(ours);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Version 1, read only, another user's, or a group that holds processes and so may have no children with limits.
            return false;
        }
    }

    private static void Enable(string group) => Write(group, "cgroup.subtree_control", string.Join(' ', Needed.Select(c => $"+{c}")));

    private static void Write(string group, string file, string text) => File.WriteAllText(Path.Combine(group, file), text);
}
