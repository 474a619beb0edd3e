using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Servers;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.People.Outside;

/// <summary>
/// It holds no truth: rows say what is asked and decided here, the server what became of the activities. A decision is recorded first and told then, again
/// and again until the server has it or the activity is over without it; both are seen in the run's history, so that telling twice does nothing.
/// </summary>
[GrainType("flagstone.workflow-human-outside"), CollectionAgeLimit(Minutes = 2)]
internal sealed partial class OutsideRunGrain(
    OutsideTaskStore store, HumanTaskStore tasks, OutsideHistory history, OutsideActivities activities, InstallationServer installation,
    TimeProvider clock, ILogger<OutsideRunGrain> logger) : Grain, IOutsideRunGrain
{
    public const string Controller = "workflow-human-outside";

    /// <summary>A decision that the server cannot take yet, as between two attempts, is told again after this.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    /// <summary>The server hears of a task three times within its heartbeat timeout, but no more often.</summary>
    private static readonly TimeSpan ShortestBeat = TimeSpan.FromSeconds(1);

    /// <summary>A call must end well before Orleans gives it up.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private string RunId => this.GetPrimaryKeyString();

    public async Task<string> AskAsync(OutsideAsk ask)
    {
        try
        {
            using var limit = Limit();
            var run = new WorkflowExecution { WorkflowId = ask.WorkflowId, RunId = ask.RunId };
            if (await history.ScheduledAsync(ask, limit.Token) is not { } scheduled
                || HumanRequestReader.Refuse(scheduled.ActivityTaskScheduledEventAttributes.Input) is not null)
            {
                return "";
            }

            // Another attempt of what is asked already, or was decided between two attempts.
            if (await tasks.FindAsync(RunId, scheduled.EventId, limit.Token) is { Phase: HumanTaskPhase.Open or HumanTaskPhase.Decided } known)
            {
                await (known.Phase == HumanTaskPhase.Decided ? TellNowAsync(known) : Task.CompletedTask);
                return "";
            }

            var row = RowOf(ask, scheduled, await history.StarterAsync(ask.Namespace, run, limit.Token));
            var heartbeat = scheduled.ActivityTaskScheduledEventAttributes.HeartbeatTimeout?.ToTimeSpan() ?? TimeSpan.Zero;
            await store.AskAsync(row, heartbeat, heartbeat > TimeSpan.Zero ? row.At + Beat(heartbeat) : null, CancellationToken.None);
            return "";
        }
        catch (Exception e) when (e is RpcException or StoreUnavailableException or OperationCanceledException)
        {
            return e.Message;
        }
    }

    public Task<HumanReply> DecideAsync(HumanCall call) => ActAsync(call, HumanTasks.Decided, async row =>
    {
        var (made, refusal) = HumanRules.Decide(row.Standing, call, clock.GetUtcNow());
        if (made is null)
        {
            return refusal!;
        }

        if (!await store.DecideAsync(row, made, call, CancellationToken.None))
        {
            return HumanTasks.Changed;
        }

        await TellNowAsync(row with { Phase = HumanTaskPhase.Decided, Outcome = made });
        return await tasks.FindAsync(RunId, row.EventId, CancellationToken.None) is { } after ? HumanTasks.Decided(after, call) : HumanTasks.Missing(call);
    });

    public Task<HumanReply> DelegateAsync(HumanCall call) => ActAsync(call, (row, _) => HumanTasks.Over(row), async row =>
    {
        var (made, reply) = HumanRules.Delegate(row.Standing, call, clock.GetUtcNow());
        return made is null ? reply!
            : await store.DelegateAsync(row, made, call, CancellationToken.None) ? HumanReply.Done : HumanTasks.Changed;
    });

    /// <summary>Tells what was decided, and sees what became of the rest.</summary>
    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (installation.Elsewhere is null)
        {
            return ReconcileResult.Done;
        }

        using var limit = Limit();
        var (next, open) = ((TimeSpan?)null, new List<OutsideTask>());
        foreach (var task in await store.UnderWayAsync(RunId, limit.Token))
        {
            if (task.Row.Phase == HumanTaskPhase.Open)
            {
                open.Add(task);
            }
            else if (!await TellAsync(task.Row, limit.Token))
            {
                next = Soon;
            }
        }

        if (open.Count > 0)
        {
            var described = await activities.DescribeAsync(open[0].Row, limit.Token);
            foreach (var task in open)
            {
                var isReplaced = open.Exists(o => o.Row.ActivityId == task.Row.ActivityId && o.Row.EventId > task.Row.EventId);
                if (await IsKeptAsync(task, isReplaced ? null : described, limit.Token) && task.Heartbeat > TimeSpan.Zero && !(next < Beat(task.Heartbeat)))
                {
                    next = Beat(task.Heartbeat);
                }
            }
        }

        return next is { } after ? ReconcileResult.After(after) : ReconcileResult.Done;
    }

    private static TimeSpan Beat(TimeSpan heartbeat) => heartbeat / 3 is var beat && beat > ShortestBeat ? beat : ShortestBeat;

    private static CancellationTokenSource Limit() => new(Longest);

    private HumanTaskRow RowOf(OutsideAsk ask, HistoryEvent scheduled, string starter)
    {
        var (asked, at, now) = (scheduled.ActivityTaskScheduledEventAttributes, scheduled.EventTime.ToDateTimeOffset(), clock.GetUtcNow());
        var close = asked.ScheduleToCloseTimeout?.ToTimeSpan() ?? TimeSpan.Zero;
        // An attempt that is not the last one is asked again under the same task.
        var start = asked.RetryPolicy?.MaximumAttempts == 1 ? asked.StartToCloseTimeout?.ToTimeSpan() ?? TimeSpan.Zero : TimeSpan.Zero;
        DateTimeOffset? due = close > TimeSpan.Zero ? at + close : start > TimeSpan.Zero ? at + start : null;
        return new HumanTaskRow(
            ask.RunId, scheduled.EventId, "", ask.Namespace, ask.WorkflowId, ask.ActivityId, starter, HumanTaskPhase.Open, now, now,
            HumanRequestReader.Read(asked.Input), new HumanTaskLive(at, due, "", []), null);
    }

    /// <param name="over">The answer for a task that is over.</param>
    private async Task<HumanReply> ActAsync(HumanCall call, Func<HumanTaskRow, HumanCall, HumanReply> over, Func<HumanTaskRow, Task<HumanReply>> act)
    {
        if (await tasks.FindAsync(RunId, call.EventId, CancellationToken.None) is not { } row)
        {
            return HumanTasks.Missing(call);
        }

        if (row.Phase != HumanTaskPhase.Open)
        {
            return over(row, call);
        }

        if (installation.Elsewhere is null)
        {
            return new HumanReply(
                HumanOutcome.Conflict, "Its run is at a Temporal server elsewhere that the settings no longer name. An administrator names it again.");
        }

        try
        {
            return await act(row);
        }
        catch (StoreUnavailableException)
        {
            return HumanTasks.Changed;
        }
    }

    /// <summary>What does not succeed now is due, and told then.</summary>
    private async Task TellNowAsync(HumanTaskRow row)
    {
        try
        {
            using var limit = Limit();
            await TellAsync(row, limit.Token);
        }
        catch (Exception e) when (e is RpcException or StoreUnavailableException or OperationCanceledException)
        {
            LogNotTold(row.Id, e.Message);
        }
    }

    /// <summary>False when the server could not take it yet.</summary>
    private async Task<bool> TellAsync(HumanTaskRow row, CancellationToken ct)
    {
        var fate = await history.FateAsync(row, ct);
        if (fate.Phase != HumanTaskPhase.Open)
        {
            await EndAsync(row, fate);
            return true;
        }

        if (!await activities.CompleteAsync(row, row.Outcome!, ct))
        {
            // It waits for its next attempt, or its end is not in the history yet.
            return false;
        }

        await store.ToldAsync(row, CancellationToken.None);
        return true;
    }

    private Task EndAsync(HumanTaskRow row, OutsideFate fate) =>
        row.Outcome is { } made && fate.Made is { } told && (told.By, told.Decision, told.At) == (made.By, made.Decision, made.At)
            ? store.ToldAsync(row, CancellationToken.None) : store.SettleAsync(row, fate.Phase, fate.IsKnown, CancellationToken.None);

    /// <summary>Whether people may still decide an open task.</summary>
    private async Task<bool> IsKeptAsync(OutsideTask task, DescribeWorkflowExecutionResponse? described, CancellationToken ct)
    {
        var row = task.Row;
        var pending = described?.WorkflowExecutionInfo.Status == WorkflowExecutionStatus.Running
            ? described.PendingActivities.FirstOrDefault(a => a.ActivityId == row.ActivityId) : null;
        if (pending is null)
        {
            // The end of an activity may stand in the history a moment later.
            var fate = await history.FateAsync(row, ct);
            if (fate.Phase != HumanTaskPhase.Open)
            {
                await EndAsync(row, fate);
            }

            return false;
        }

        var isBeating = task.Heartbeat > TimeSpan.Zero && pending.State == PendingActivityState.Started;
        if (pending.State == PendingActivityState.CancelRequested || (isBeating && await activities.BeatAsync(row, ct)))
        {
            if (await activities.CancelAsync(row, ct))
            {
                await store.SettleAsync(row, HumanTaskPhase.Cancelled, true, CancellationToken.None);
                return false;
            }

            return true;
        }

        if (PausedOf(pending) is var paused && paused != row.Live.Paused)
        {
            await store.PauseAsync(row, paused, CancellationToken.None);
        }

        return true;
    }

    private static string PausedOf(PendingActivityInfo pending) => !pending.Paused ? ""
        : pending.PauseInfo?.Manual is { } by ? by.Reason.Length > 0 ? $"{by.Reason}, by {by.Identity}" : $"by {by.Identity}"
        : "at the Temporal server";

    [LoggerMessage(Level = LogLevel.Warning, Message = "The Temporal server could not be told now what was decided in task {Task}; it is told again: {Why}")]
    private partial void LogNotTold(string task, string why);
}
