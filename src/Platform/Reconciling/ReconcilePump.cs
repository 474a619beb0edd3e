using Flagstone.Platform.Feed;
using Flagstone.Platform.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Platform.Reconciling;

/// <summary>In each silo: calls the dispatcher when rows arrive, and dispatcher and schedulers once a second in any case.</summary>
internal sealed partial class ReconcilePump(IGrainFactory grains, LedgerTail tail, ILogger<ReconcilePump> logger) : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "The next tick tries again; a wake-up is a hint.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var dispatcher = grains.GetGrain<IDispatcherGrain>(0);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var rows in tail.FollowAsync(tail.Head, Tick, stoppingToken))
                {
                    var woken = await dispatcher.TickAsync();
                    var partitions = rows.Count == 0 ? Enumerable.Range(0, DuePartition.Count) : woken;
                    foreach (var partition in partitions)
                    {
                        await grains.GetGrain<ISchedulerGrain>(partition).TickAsync();
                    }
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(e);
                await Task.Delay(Tick, TimeProvider.System, stoppingToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dispatching failed; the next tick tries again")]
    private partial void LogFailed(Exception exception);
}
