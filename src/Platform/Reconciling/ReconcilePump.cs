using Flagstone.Platform.Feed;
using Flagstone.Platform.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Flagstone.Platform.Reconciling;

/// <summary>
/// In each silo: calls the dispatcher when rows arrive, and dispatcher and schedulers once a second in any case. None waits for another: a call
/// to a grain whose silo just died hangs until the cluster has given that up, and the work of the others goes on meanwhile.
/// </summary>
internal sealed partial class ReconcilePump : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>A stop waits so long for what is under way; a step of a reconcile is far shorter.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);

    private readonly IGrainFactory grains;
    private readonly LedgerTail tail;
    private readonly RunningReconciles running;
    private readonly TimeProvider clock;
    private readonly ILogger<ReconcilePump> logger;
    private readonly Coalesced dispatcher;
    private readonly Coalesced[] schedulers;

    public ReconcilePump(IGrainFactory grains, LedgerTail tail, RunningReconciles running, TimeProvider clock, ILogger<ReconcilePump> logger)
    {
        this.grains = grains;
        this.tail = tail;
        this.running = running;
        this.clock = clock;
        this.logger = logger;
        dispatcher = new Coalesced(() => GuardAsync(DispatchAsync));
        schedulers = [.. Enumerable.Range(0, DuePartition.Count).Select(p => new Coalesced(() => GuardAsync(() => grains.GetGrain<ISchedulerGrain>(p).TickAsync())))];
    }

    /// <summary>Ends when nothing that this process began is under way: the silo can go, and the store after it.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await Task.WhenAll(schedulers.Append(dispatcher).Select(c => c.Running).Append(running.CloseAsync())).WaitAsync(DrainLimit, clock, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogCutOff(DrainLimit);
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "The next tick tries again; a wake-up is a hint.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var swept = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var rows in tail.FollowAsync(tail.Head, Tick, stoppingToken))
                {
                    dispatcher.Ask();
                    if (rows.Count == 0 || clock.GetElapsedTime(swept) >= Tick)
                    {
                        swept = clock.GetTimestamp();
                        Array.ForEach(schedulers, s => s.Ask());
                    }
                }

                // The tail ends when the host begins to stop.
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(e);
                await Task.Delay(Tick, clock, stoppingToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    private async Task DispatchAsync()
    {
        foreach (var partition in await grains.GetGrain<IDispatcherGrain>(0).TickAsync())
        {
            schedulers[partition].Ask();
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "The next tick tries again; a wake-up is a hint.")]
    private async Task GuardAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception e) when (e is SiloUnavailableException or OrleansMessageRejectionException)
        {
            LogGone(e);
        }
        catch (Exception e)
        {
            LogFailed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dispatching failed; the next tick tries again")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "A silo went away with a scheduler; the next tick calls it elsewhere")]
    private partial void LogGone(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was under way did not end within {Limit}; it is cut off, and due again after the next start")]
    private partial void LogCutOff(TimeSpan limit);
}
