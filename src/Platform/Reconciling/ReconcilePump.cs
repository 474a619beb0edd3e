using Flagstone.Platform.Feed;
using Flagstone.Platform.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Platform.Reconciling;

/// <summary>In each silo: calls the dispatcher when rows arrive, and dispatcher and schedulers once a second in any case.</summary>
internal sealed partial class ReconcilePump(IGrainFactory grains, LedgerTail tail, TimeProvider clock, ILogger<ReconcilePump> logger) : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "The next tick tries again; a wake-up is a hint.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var dispatcher = grains.GetGrain<IDispatcherGrain>(0);
        var swept = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var rows in tail.FollowAsync(tail.Head, Tick, stoppingToken))
                {
                    var woken = await dispatcher.TickAsync();
                    var sweep = rows.Count == 0 || clock.GetElapsedTime(swept) >= Tick;
                    swept = sweep ? clock.GetTimestamp() : swept;
                    var partitions = sweep ? Enumerable.Range(0, DuePartition.Count) : woken;
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
                await Task.Delay(Tick, clock, stoppingToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dispatching failed; the next tick tries again")]
    private partial void LogFailed(Exception exception);
}
