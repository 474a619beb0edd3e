using Flagstone.Platform.Ledger;
using Microsoft.Extensions.Logging;

namespace Flagstone.Platform.Reconciling;

/// <summary>Looks after one partition of the due index. Every silo calls all of them each second, so one whose silo died lives again elsewhere.</summary>
[GrainInterfaceType("flagstone.scheduler")]
internal interface ISchedulerGrain : IGrainWithIntegerKey
{
    /// <summary>Starts what is due and returns; what it started goes on.</summary>
    [Alias("Tick")]
    Task TickAsync();
}

[GrainType("flagstone.scheduler")]
internal sealed partial class SchedulerGrain : Grain, ISchedulerGrain
{
    /// <summary>A resource that hangs holds one of these and no more.</summary>
    private const int MaxRunning = 64;

    /// <summary>What comes due before the next tick is timed by the grain itself.</summary>
    private static readonly TimeSpan Horizon = TimeSpan.FromSeconds(1);

    private readonly DueIndex due;
    private readonly Dictionary<string, Controller> controllers;
    private readonly IGrainFactory grains;
    private readonly RunningReconciles underWay;
    private readonly StartGate gate;
    private readonly TimeProvider clock;
    private readonly ILogger<SchedulerGrain> logger;
    private readonly HashSet<(string, string)> running = [];
    private readonly Coalesced start;
    private IGrainTimer? soon;

    public SchedulerGrain(
        DueIndex due, IEnumerable<Controller> controllers, IGrainFactory grains, RunningReconciles underWay, StartGate gate, TimeProvider clock, ILogger<SchedulerGrain> logger)
    {
        this.due = due;
        this.controllers = controllers.ToDictionary(c => c.Name);
        this.grains = grains;
        this.underWay = underWay;
        this.gate = gate;
        this.clock = clock;
        this.logger = logger;
        start = new Coalesced(StartDueAsync);
    }

    public Task TickAsync()
    {
        start.Ask();
        return Task.CompletedTask;
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "The next tick reads again what is due.")]
    private async Task StartDueAsync()
    {
        try
        {
            var now = clock.GetUtcNow();
            var entries = await due.ReadAsync((int)this.GetPrimaryKeyLong(), now + Horizon, MaxRunning * 2, CancellationToken.None);
            foreach (var entry in entries.Where(e => e.At <= now))
            {
                if (!await TryStartAsync(entry))
                {
                    break;
                }
            }

            if (entries.Where(e => e.At > now).Select(e => (DateTimeOffset?)e.At).Min() is { } next)
            {
                soon?.Dispose();
                soon = this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions { DueTime = next - now, Period = Timeout.InfiniteTimeSpan });
            }
        }
        catch (Exception e)
        {
            LogNotRead(e);
        }
    }

    /// <summary>False when no more can begin now: too many run, or the process stops, and what is due stays so for another one.</summary>
    private async Task<bool> TryStartAsync(DueEntry entry)
    {
        if (running.Contains((entry.Kind, entry.Key)))
        {
            return true;
        }

        if (running.Count >= MaxRunning)
        {
            return false;
        }

        var pass = await gate.EnterAsync();
        if (!underWay.TryEnter())
        {
            pass.Dispose();
            return false;
        }

        running.Add((entry.Kind, entry.Key));
        _ = RunAndTickAsync(entry, pass);
        return true;
    }

    private async Task RunAndTickAsync(DueEntry entry, IDisposable pass)
    {
        try
        {
            using (pass)
            {
                await RunAsync(entry);
            }

            // Woken meanwhile, or to come again at once: no need to wait for the next tick.
            start.Ask();
        }
        finally
        {
            underWay.Leave();
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "A poisoned resource must not stop its neighbours: it backs off alone.")]
    private async Task RunAsync(DueEntry entry)
    {
        DueChange answer;
        try
        {
            if (!controllers.TryGetValue(entry.Kind, out var controller))
            {
                LogNoController(entry.Kind, entry.Key);
                answer = new DueChange(entry.Kind, entry.Key, null, 0, entry.Stamp);
            }
            else
            {
                var result = await MeasureAsync(entry.Kind, () => controller.Grain(grains, entry.Key).ReconcileAsync());
                answer = new DueChange(entry.Kind, entry.Key, result.Next is { } next ? clock.GetUtcNow() + next : null, 0, entry.Stamp);
            }
        }
        catch (Exception e)
        {
            var delay = Backoff.After(entry.Attempt + 1, Random.Shared.NextDouble());
            LogFailed(e, entry.Kind, entry.Key, entry.Attempt + 1, delay);
            answer = new DueChange(entry.Kind, entry.Key, clock.GetUtcNow() + delay, entry.Attempt + 1, entry.Stamp);
        }

        try
        {
            await due.SetAsync([answer], CancellationToken.None);
        }
        catch (StoreUnavailableException e)
        {
            // The entry stands as it was, so it is due again: that is the retry.
            LogNotRecorded(e, entry.Kind, entry.Key);
        }
        finally
        {
            running.Remove((entry.Kind, entry.Key));
        }
    }

    private async Task<ReconcileResult> MeasureAsync(string controller, Func<Task<ReconcileResult>> reconcile)
    {
        var (since, succeeded) = (clock.GetTimestamp(), false);
        try
        {
            var result = await reconcile();
            succeeded = true;
            return result;
        }
        finally
        {
            ReconcileMetrics.Record(controller, succeeded, clock.GetElapsedTime(since));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reconcile of {Controller} {Key} failed, {Attempt} times in a row; next try in {Delay}")]
    private partial void LogFailed(Exception exception, string controller, string key, int attempt, TimeSpan delay);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outcome of {Controller} {Key} was not recorded; it runs again")]
    private partial void LogNotRecorded(Exception exception, string controller, string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is due could not be read; the next tick tries again")]
    private partial void LogNotRead(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "No controller is named {Controller}; the due entry of {Key} is dropped")]
    private partial void LogNoController(string controller, string key);
}
