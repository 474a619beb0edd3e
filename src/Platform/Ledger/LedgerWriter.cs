using System.Threading.Channels;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Platform.Ledger;

/// <summary>
/// The only way to write: one for each process. It takes what is queued, commits it as one group, and answers every caller after the commit.
/// The order of sequence is the order of commit, without gaps, on any number of processes: all of them queue at the sequencer lock.
/// </summary>
public sealed partial class LedgerWriter(
    PlatformDatabase database,
    LedgerTail tail,
    Sealer sealer,
    TimeProvider clock,
    ILogger<LedgerWriter> logger) : BackgroundService, IHostedLifecycleService
{
    /// <summary>More does not make a commit cheaper, and the last of the group waits for all.</summary>
    private const int MaxGroup = 256;

    /// <summary>Callers wait here when the database is slower than they are.</summary>
    private const int MaxQueued = 4096;

    private static readonly Exception OneByOne = new InvalidOperationException("These units are committed one by one.");

    private readonly Channel<Pending> people = Channel.CreateBounded<Pending>(MaxQueued);
    private readonly Channel<Pending> controllers = Channel.CreateBounded<Pending>(MaxQueued);
    private readonly SemaphoreSlim queued = new(0);
    private IGroupSession? session;

    /// <summary>
    /// Commits a unit. Returns when it is durable or refused; throws when the store could not take it. Once queued a unit runs to its end:
    /// the token only ends the wait for a place in the queue.
    /// </summary>
    public async Task<CommitOutcome> CommitAsync(Unit unit, CancellationToken ct)
    {
        var pending = new Pending(unit);
        await (unit.Background ? controllers : people).Writer.WriteAsync(pending, ct);
        queued.Release();
        return await pending.Done.Task;
    }

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Grains write until the silo has stopped, whatever the order in which both were registered: the writer stops after all that it serves.</summary>
    public Task StoppedAsync(CancellationToken cancellationToken) => base.StopAsync(cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await queued.WaitAsync(stoppingToken);
                var group = Take();
                if (group.Count > 0)
                {
                    await CommitGroupAsync(group);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            people.Writer.TryComplete();
            controllers.Writer.TryComplete();
            for (var rest = Take(); rest.Count > 0; rest = Take())
            {
                await CommitGroupAsync(rest);
            }
        }
        finally
        {
            await CloseAsync();
        }
    }

    public override void Dispose()
    {
        queued.Dispose();
        base.Dispose();
    }

    private List<Pending> Take()
    {
        var group = new List<Pending>();
        while (group.Count < MaxGroup && (people.Reader.TryRead(out var next) || controllers.Reader.TryRead(out next)))
        {
            group.Add(next);
            // One permit stands for each unit; those taken with the first are not waited for again.
            if (group.Count > 1)
            {
                queued.Wait(0);
            }
        }

        return group;
    }

    private async Task CommitGroupAsync(List<Pending> group)
    {
        var failure = MayShare(group) ? await TryCommitAsync(group) : OneByOne;
        if (failure is null)
        {
            return;
        }

        if (group.Count == 1)
        {
            LogFailed(failure, group[0].Unit.Origin, group[0].Unit.Actor.Id);
            group[0].Done.TrySetException(new StoreUnavailableException(StoreUnavailableException.Explain(failure), failure));
            return;
        }

        // One unit spoils the transaction of all. Alone, each gets its own answer.
        foreach (var pending in group)
        {
            await CommitGroupAsync([pending]);
        }
    }

    /// <summary>A guard asks of rows that another unit's statements may change: each must see what the one before did, unless their scopes keep them apart.</summary>
    private static bool MayShare(List<Pending> group)
    {
        var guarded = group.Where(p => p.Unit.Guards.Count > 0).Select(p => p.Unit.Scope).ToList();
        return guarded.Count < 2 || (!guarded.Contains("") && guarded.Distinct().Count() == guarded.Count);
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Any failure is the callers' answer; the writer itself must go on.")]
    private async Task<Exception?> TryCommitAsync(List<Pending> group)
    {
        GroupPlanner? planner = null;
        var committing = false;
        var outcomes = new CommitOutcome[group.Count];
        try
        {
            session ??= await database.OpenWriterAsync(CancellationToken.None);
            var ledgered = group.Exists(p => p.Unit.Writes.Count + p.Unit.Notes.Count + p.Unit.Requires.Count + p.Unit.Guards.Count > 0);
            var view = await session.BeginAsync(KeysOf(group), [.. group.SelectMany(p => p.Unit.Guards).Select(g => g.Query)], ledgered, CancellationToken.None);
            planner = new GroupPlanner(view, view.NowMicros ?? Micros.From(clock.GetUtcNow()), sealer);
            var asked = 0;
            for (var i = 0; i < group.Count; i++)
            {
                var unit = group[i].Unit;
                outcomes[i] = FirstUnmet(unit, view.Holds, asked) ?? planner.Add(unit);
                asked += unit.Guards.Count;
            }

            planner.Complete();
            committing = true;
            await session.CommitAsync(planner.Plan, CancellationToken.None);
        }
        catch (Exception e)
        {
            await AbandonAsync();
            if (!committing || !await IsCommittedAsync(planner!.Plan))
            {
                return e;
            }
        }

        // The tail sees the rows before any caller does: who writes and then watches misses nothing.
        tail.Publish(planner.Plan);
        for (var i = 0; i < group.Count; i++)
        {
            group[i].Done.TrySetResult(outcomes[i]);
        }

        return null;
    }

    /// <param name="from">Where the unit's guards begin among those of the group.</param>
    private static Unmet? FirstUnmet(Unit unit, IReadOnlyList<bool> holds, int from)
    {
        for (var i = 0; i < unit.Guards.Count; i++)
        {
            if (!holds[from + i])
            {
                return new Unmet(unit.Guards[i].Name);
            }
        }

        return null;
    }

    /// <summary>A commit whose answer was lost may have happened: the ledger itself tells.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "While the database cannot be asked, the outcome stays unknown and the callers are told so.")]
    private async Task<bool> IsCommittedAsync(GroupPlan plan)
    {
        if (plan.Rows.Count == 0)
        {
            return false;
        }

        try
        {
            session ??= await database.OpenWriterAsync(CancellationToken.None);
            var leaf = await session.LeafAtAsync(plan.Rows[0].Sequence, CancellationToken.None);
            return leaf is not null && leaf.AsSpan().SequenceEqual(plan.Rows[0].Leaf);
        }
        catch (Exception e)
        {
            LogUnknown(e, plan.Rows[0].Sequence);
            await CloseAsync();
            return false;
        }
    }

    private async Task AbandonAsync()
    {
        if (session is not null)
        {
            await session.RollbackAsync();
            await CloseAsync();
        }
    }

    private async Task CloseAsync()
    {
        if (session is not null)
        {
            await session.DisposeAsync();
            session = null;
        }
    }

    private static List<ResourceKey> KeysOf(List<Pending> group)
    {
        var keys = new HashSet<ResourceKey>();
        foreach (var pending in group)
        {
            foreach (var write in pending.Unit.Writes)
            {
                keys.Add(write.Key);
            }

            foreach (var required in pending.Unit.Requires)
            {
                keys.Add(required.Key);
            }
        }

        return [.. keys];
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A unit of {Actor} from {Origin} was not stored")]
    private partial void LogFailed(Exception exception, string origin, string actor);

    [LoggerMessage(Level = LogLevel.Error, Message = "Whether ledger row {Sequence} is stored cannot be found out now")]
    private partial void LogUnknown(Exception exception, long sequence);

    private sealed record Pending(Unit Unit)
    {
        public TaskCompletionSource<CommitOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
