using Flagstone.Platform.Feed;
using Flagstone.Platform.Ledger;

namespace Flagstone.Platform.Reconciling;

/// <summary>Follows the ledger with a durable cursor and makes due whatever each row concerns: at least once, in order.</summary>
[GrainInterfaceType("flagstone.dispatcher")]
internal interface IDispatcherGrain : IGrainWithIntegerKey
{
    /// <summary>Dispatches all rows up to the head; returns the partitions that got work.</summary>
    [Alias("Tick")]
    Task<int[]> TickAsync();
}

[GrainType("flagstone.dispatcher")]
internal sealed class DispatcherGrain(
    FeedCursors cursors,
    LedgerTail tail,
    LedgerWriter writer,
    IEnumerable<Controller> controllers,
    TimeProvider clock) : Grain, IDispatcherGrain
{
    private const string Consumer = "dispatcher";

    private readonly Controller[] controllers = [.. controllers];
    private long? position;

    public async Task<int[]> TickAsync()
    {
        var woken = new HashSet<int>();
        position ??= await cursors.ReadAsync(Consumer, CancellationToken.None);
        while (await tail.ReadAsync(position.Value, CancellationToken.None) is { Count: > 0 } rows)
        {
            var now = clock.GetUtcNow();
            var due = new Dictionary<(string, string), DueChange>();
            foreach (var row in rows)
            {
                foreach (var controller in controllers)
                {
                    foreach (var key in controller.Route(row))
                    {
                        due[(controller.Name, key)] = new DueChange(controller.Name, key, now);
                    }
                }
            }

            // The wake-ups and the cursor move together: after a crash none is lost, and some may come twice.
            await writer.CommitAsync(new Unit
            {
                Actor = Actor.Controller(Consumer),
                Origin = "reconcile",
                Background = true,
                Due = [.. due.Values],
                Sql = [FeedCursors.Move(Consumer, position.Value, rows[^1].Sequence)],
            }, CancellationToken.None);
            position = rows[^1].Sequence;
            woken.UnionWith(due.Values.Select(d => Storage.DuePartition.Of(d.Kind, d.Key)));
        }

        return [.. woken];
    }
}
