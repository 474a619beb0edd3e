namespace Flagstone.Host.Memory;

/// <summary>
/// Tells when to look for memory that a load has left. The runtime collects as the process allocates: one that has come to rest allocates next to nothing,
/// and would keep what its idle grains were for as long as it rests.
/// </summary>
internal sealed class Lull
{
    /// <summary>A process that takes less of one processor is at rest.</summary>
    public const double Rest = 0.1;

    /// <summary>What is worth a collection, in bytes: so much has been allocated since the last one, and so much came back of it.</summary>
    public const long Worth = 64 * 1024 * 1024;

    /// <summary>
    /// Longer than idle executions stay in memory, which is two minutes, looked at once a minute: what is still used would be moved for nothing.
    /// </summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(4);

    /// <summary>A process that rests for days and gives nothing back is looked at so seldom.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(64);

    private ProcessUse last;
    private TimeSpan restsSince;
    private TimeSpan wait = Shortest;
    private long collected;

    /// <summary>
    /// Whether it is time to collect, by what the process has used so far. Ask often: each answer is about the time since the question before.
    /// </summary>
    public bool Look(ProcessUse now)
    {
        var isAtRest = now.Processor - last.Processor < Rest * (now.At - last.At);
        last = now;
        if (!isAtRest)
        {
            (restsSince, wait) = (now.At, Shortest);
            return false;
        }

        return now.At - restsSince >= wait && now.Allocated - collected >= Worth;
    }

    /// <summary>It was collected, and so many bytes went back to the system. What gives little back is tried again later each time.</summary>
    public void Collected(ProcessUse now, long given)
    {
        (last, restsSince, collected) = (now, now.At, now.Allocated);
        wait = given >= Worth ? Shortest : wait * 2 < Longest ? wait * 2 : Longest;
    }
}

/// <summary>What a process has used since it began.</summary>
/// <param name="Processor">The sum over all processors.</param>
/// <param name="Allocated">Bytes of the managed heap, those that are free again among them.</param>
internal readonly record struct ProcessUse(TimeSpan At, TimeSpan Processor, long Allocated);
