using Temporalio.Api.Worker.V1;

namespace Flagstone.Workflows.Fleet;

/// <summary>
/// Keeps them in memory alone: workers tell anew each minute, so after a restart the list is whole again by itself, and nothing of it is worth a commit.
/// </summary>
[GrainType("flagstone.workflow-fleet"), CollectionAgeLimit(Minutes = 15)]
internal sealed class FleetGrain(TimeProvider clock) : Grain, IFleetGrain
{
    /// <summary>As many are kept; then those that were heard of first go.</summary>
    private const int MaxWorkers = 5_000;

    /// <summary>A worker that is silent for so long is gone: SDKs tell each minute.</summary>
    private static readonly TimeSpan Silent = TimeSpan.FromMinutes(5);

    private readonly SortedDictionary<string, (byte[] Heartbeat, DateTimeOffset At)> workers = new(StringComparer.Ordinal);

    public Task HearAsync(byte[][] heartbeats)
    {
        var now = clock.GetUtcNow();
        foreach (var heartbeat in heartbeats)
        {
            workers[WorkerHeartbeat.Parser.ParseFrom(heartbeat).WorkerInstanceKey] = (heartbeat, now);
        }

        Forget(now);
        foreach (var (oldest, _) in workers.OrderBy(w => w.Value.At).Take(workers.Count - MaxWorkers).ToList())
        {
            workers.Remove(oldest);
        }

        return Task.CompletedTask;
    }

    public Task<byte[][]> ListAsync()
    {
        Forget(clock.GetUtcNow());
        return Task.FromResult<byte[][]>([.. workers.Values.Select(w => w.Heartbeat)]);
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var (silent, _) in workers.Where(w => w.Value.At < now - Silent).ToList())
        {
            workers.Remove(silent);
        }
    }
}
