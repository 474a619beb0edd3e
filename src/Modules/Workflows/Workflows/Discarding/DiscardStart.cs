using Flagstone.Platform.Feed;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Workflows.Discarding;

/// <summary>Makes the deletion of old runs due, which no resource wakes.</summary>
internal sealed class DiscardStart(DueIndex due, LedgerTail tail, TimeProvider clock) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await tail.Started.WaitAsync(stoppingToken);
        await due.SetAsync([new DueChange(DiscardGrain.Controller, DiscardGrain.Key, clock.GetUtcNow())], stoppingToken);
    }
}
