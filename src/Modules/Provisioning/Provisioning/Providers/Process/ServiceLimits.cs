using System.Globalization;

namespace Flagstone.Provisioning.Providers.Process;

/// <summary>What one process of a service may use, of its container's <c>resources.limits</c>; what it leaves out has a default.</summary>
/// <param name="Millicores">Thousandths of a processor.</param>
internal sealed record ServiceLimits(int MemoryMegabytes, int Millicores)
{
    public const int DefaultMemoryMegabytes = 256;
    public const int DefaultMillicores = 1000;

    /// <summary>Node.js needs about 12 at rest, .NET about 25; a limit that a build tool or a worker pool does not meet, and a fork bomb does.</summary>
    public const int MaxTasks = 256;

    public const int MaxOpenFiles = 4096;

    private const decimal Mebi = 1024 * 1024;

    /// <summary>Less starts no Node.js.</summary>
    private const int MinMemoryMegabytes = 32;
    private const int MaxMemoryMegabytes = 4096;
    private const int MinMillicores = 10;
    private const int MaxMillicores = 64_000;

    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1024), ("Mi", Mebi), ("Gi", 1024 * Mebi), ("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("m", 0.001m), ("", 1),
    ];

    /// <summary>Under a hard limit on all of its memory the heap must leave room for code, stacks and buffers.</summary>
    public int HeapMegabytes(bool hard) => hard ? MemoryMegabytes * 3 / 4 : MemoryMegabytes;

    /// <summary>Reads Kubernetes quantities; what is no quantity counts as left out.</summary>
    public static ServiceLimits Read(string memory, string cpu) => new(
        (int)Math.Clamp((Quantity(memory) ?? (DefaultMemoryMegabytes * Mebi)) / Mebi, MinMemoryMegabytes, MaxMemoryMegabytes),
        (int)Math.Clamp((Quantity(cpu) ?? (DefaultMillicores / 1000m)) * 1000, MinMillicores, MaxMillicores));

    /// <summary>What holds under a control group, in words.</summary>
    public string InGroup() => string.Create(
        CultureInfo.InvariantCulture, $"Each process has at most {MemoryMegabytes} MiB of memory, {Millicores}m of processors and {MaxTasks} tasks");

    /// <summary>What holds without one, and what does not.</summary>
    /// <param name="tasks">How many tasks all processes of the service may have together; null for no limit.</param>
    public string WithoutGroup(int? tasks)
    {
        var heap = string.Create(CultureInfo.InvariantCulture, $"the heap ({MemoryMegabytes} MiB) and open files ({MaxOpenFiles}) of each process");
        var all = tasks is { } most ? string.Create(CultureInfo.InvariantCulture, $"{heap}, and tasks of the service ({most})") : heap;
        return $"No control group of version 2 can be made here. Limited are {all}; not memory outside the heap, and not processor time.";
    }

    private static decimal? Quantity(string text)
    {
        var (suffix, factor) = Array.Find(Suffixes, s => text.EndsWith(s.Suffix, StringComparison.Ordinal));
        return decimal.TryParse(
            text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number < 1_000_000_000_000m ? number * factor : null;
    }
}
