using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Managed.Calls;

/// <summary>
/// The places of one provider in this process, and the pace of its calls: a provider that is slow holds its own places, and no others. Who
/// finds none within a moment comes again, and holds no place of the scheduler meanwhile.
/// </summary>
internal sealed class ProviderBulkhead : IDisposable
{
    /// <summary>So long one waits for a place or for its turn: a place is often free again at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Latest = TimeSpan.FromSeconds(30);

    /// <summary>Who is put off costs a few reads of the store: no more than a hundred come back in a second.</summary>
    private static readonly TimeSpan LeastGap = TimeSpan.FromMilliseconds(10);

    private readonly TimeProvider clock;
    private readonly ConcurrencyLimiter places;
    private readonly TokenBucketRateLimiter pace;
    private readonly ConcurrentDictionary<ResourceKey, byte> overdue = new();
    private readonly TimeSpan gap;
    private readonly Lock turns = new();
    private DateTimeOffset nextTurn;

    public ProviderBulkhead(BulkheadOptions options, TimeProvider clock)
    {
        Options = options;
        this.clock = clock;
        places = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = options.Parallelism,
            QueueLimit = options.Parallelism,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        // Some tokens each 50 milliseconds or more seldom, and so exactly as many in a second as the setting says.
        var tokens = (int)Math.Ceiling(options.PerSecond / 20d);
        pace = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.PerSecond,
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = TimeSpan.FromSeconds(tokens / (double)options.PerSecond),
            // Only who has a place waits for a turn.
            QueueLimit = options.Parallelism,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        gap = TimeSpan.FromSeconds(1d / options.PerSecond) is var each && each > LeastGap ? each : LeastGap;
    }

    public BulkheadOptions Options { get; }

    public int Taken => Options.Parallelism - (int)places.GetStatistics()!.CurrentAvailablePermits;

    public int Queued => (int)places.GetStatistics()!.CurrentQueuedCount;

    /// <summary>
    /// A place, with the turn of the first call; null when there is none within a moment, or while an earlier call for the resource has not
    /// ended: one resource whose calls hang would otherwise take all places one by one.
    /// </summary>
    public async Task<IDisposable?> TryEnterAsync(ResourceKey key)
    {
        if (overdue.ContainsKey(key))
        {
            return null;
        }

        using var patience = new CancellationTokenSource(Patience, clock);
        var place = await TryAcquireAsync(places, patience.Token);
        if (place is null)
        {
            return null;
        }

        if (await TryAcquireAsync(pace, patience.Token) is { } turn)
        {
            turn.Dispose();
            return place;
        }

        place.Dispose();
        return null;
    }

    /// <summary>The turn of a further call of who has a place: no longer away than the places are many at the provider's pace.</summary>
    public async Task TakeTurnAsync() => (await pace.AcquireAsync(1, CancellationToken.None)).Dispose();

    /// <summary>Holds the place until a call ends that nobody waits for any more.</summary>
    public void HoldUntil(Task call, ResourceKey key, IDisposable place)
    {
        overdue[key] = 0;
        _ = call.ContinueWith(
            ended =>
            {
                _ = ended.Exception;
                overdue.TryRemove(key, out _);
                place.Dispose();
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>When to come again: those that are put off come back one by one, and not all at once.</summary>
    public TimeSpan PutOff()
    {
        lock (turns)
        {
            var now = clock.GetUtcNow();
            nextTurn = nextTurn >= now + Soonest ? nextTurn + gap : now + Soonest;
            nextTurn = nextTurn > now + Latest ? now + Latest : nextTurn;
            return nextTurn - now;
        }
    }

    public void Dispose()
    {
        places.Dispose();
        pace.Dispose();
    }

    private static async Task<RateLimitLease?> TryAcquireAsync(RateLimiter limiter, CancellationToken patience)
    {
        try
        {
            var lease = await limiter.AcquireAsync(1, patience);
            if (lease.IsAcquired)
            {
                return lease;
            }

            lease.Dispose();
            return null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
