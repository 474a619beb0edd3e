using Flagstone.Platform.Feed;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Platform.Identity;

/// <summary>Makes a revocation count in every process as soon as its ledger row shows: what is remembered of tokens is dropped.</summary>
internal sealed class TokenRevocations(LedgerTail tail, TokenStore tokens) : BackgroundService
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await tail.Started.WaitAsync(stoppingToken);
            await foreach (var rows in tail.FollowAsync(tail.Head, Idle, stoppingToken))
            {
                if (rows.Any(r => r.Key.Kind == TokenStore.Kind))
                {
                    tokens.Forget();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}
