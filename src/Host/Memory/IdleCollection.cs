namespace Flagstone.Host.Memory;

/// <summary>Gives back to the system what a load has left in memory, once the process is at rest: see <see cref="Lull"/>.</summary>
internal sealed partial class IdleCollection(TimeProvider clock, ILogger<IdleCollection> logger) : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(30);

    private readonly long began = clock.GetTimestamp();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var lull = new Lull();
        using var pace = new PeriodicTimer(Pace, clock);
        try
        {
            while (await pace.WaitForNextTickAsync(stoppingToken))
            {
                if (lull.Look(Use()))
                {
                    var given = Collect();
                    lull.Collected(Use(), given);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private ProcessUse Use() => new(clock.GetElapsedTime(began), Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());

    /// <summary>Returns how many bytes less are resident.</summary>
    private long Collect()
    {
        var (before, started) = (Environment.WorkingSet, clock.GetTimestamp());
        // The one mode that gives free memory back at once, instead of little by little with the collections that do not come.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var (given, took) = (before - Environment.WorkingSet, clock.GetElapsedTime(started));
        var (megabytes, milliseconds) = (given / (1024 * 1024), (int)took.TotalMilliseconds);
        LogCollected(megabytes, milliseconds);
        return given;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "At rest: {Megabytes} MB went back to the system, in {Milliseconds} ms")]
    private partial void LogCollected(long megabytes, int milliseconds);
}
