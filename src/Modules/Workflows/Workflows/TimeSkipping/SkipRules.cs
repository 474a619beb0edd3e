using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.TimeSkipping;

/// <summary>When a run's clock jumps, how far, and what that does. Pure.</summary>
internal static class SkipRules
{
    /// <summary>A clock that is further ahead jumps no more: its times must still be dates.</summary>
    public static readonly TimeSpan MaxSkipped = TimeSpan.FromDays(1_000_000);

    /// <summary>The time to which the run's clock may jump now; null where it may not, or has nothing to jump to.</summary>
    /// <param name="now">By the run's clock.</param>
    public static DateTimeOffset? Target(RunState run, DateTimeOffset now) =>
        run is { IsRunning: true, TimeSkipping: { IsActive: true } state } && !IsBusy(run, now) && Earliest(run, now) is { } target && target > now
        && target - now <= MaxSkipped - state.Skipped ? target : null;

    /// <summary>Lets the clock jump where it may. What is due then is left to who calls.</summary>
    public static bool Skip(RunChange change)
    {
        var run = change.Run;
        if (Target(run, change.Now) is not { } target)
        {
            return false;
        }

        var state = run.TimeSkipping!;
        var backoffs = run.Activities.Values.Where(a => IsInBackoff(a, change.Now)).ToList();
        var isOver = state.FastForward is { HasCompleted: false } forward && forward.Target == target;
        AddTransition(change, target, isOver);
        run.TimeSkipping = state with { Skipped = state.Skipped + (target - change.Now), Skips = state.Skips + 1 };
        if (isOver)
        {
            End(run);
        }

        foreach (var activity in backoffs)
        {
            // Its attempt is due earlier by the wall clock, which the queues go by.
            change.Queue(TaskKind.Activity, activity.Queue, activity.ScheduledId, activity.Attempt, activity.ScheduledAt);
        }

        return true;
    }

    /// <summary>The clock has come to the fast-forward's time by itself.</summary>
    public static void EndFastForward(RunChange change)
    {
        AddTransition(change, change.Run.TimeSkipping!.FastForward!.Target, isOver: true);
        End(change.Run);
    }

    /// <summary>Whether something is under way that takes its time outside the run.</summary>
    private static bool IsBusy(RunState run, DateTimeOffset now) =>
        run.WorkflowTask is not null || run.AwaitsParent || run.Buffered.Count > 0 || run.Children.Count > 0 || run.Externals.Count > 0
        || run.NexusOperations.Count > 0 || run.AdmittedUpdates.Count > 0 || run.Updates.Values.Any(u => u.CompletedId == 0)
        || run.Activities.Values.Any(a => !IsInBackoff(a, now));

    /// <summary>Whether nobody may start the activity before its time comes.</summary>
    private static bool IsInBackoff(ActivityState activity, DateTimeOffset now) =>
        activity is { IsStarted: false, Pause: null, Human: null } && activity.ScheduledAt > now;

    private static DateTimeOffset? Earliest(RunState run, DateTimeOffset now) => run.Timers.Values.Select(t => (DateTimeOffset?)t.FiresAt)
        .Concat(run.Activities.Values.Select(a => (DateTimeOffset?)a.ScheduledAt))
        .Append(run.BackoffUntil)
        .Append(run.ExpiresAt)
        .Append(run.TimeSkipping?.FastForward is { HasCompleted: false } forward ? forward.Target : null)
        .Min();

    private static void End(RunState run)
    {
        var state = run.TimeSkipping!;
        var config = state.Config!.Clone();
        config.Enabled = false;
        run.TimeSkipping = state with { Config = config, FastForward = state.FastForward! with { HasCompleted = true } };
    }

    private static void AddTransition(RunChange change, DateTimeOffset target, bool isOver) => change.Add(new HistoryEvent
    {
        EventType = EventType.WorkflowExecutionTimeSkippingTransitioned,
        // The workflow's code does not see it.
        WorkerMayIgnore = true,
        WorkflowExecutionTimeSkippingTransitionedEventAttributes = new WorkflowExecutionTimeSkippingTransitionedEventAttributes
        {
            TargetTime = Timestamp.FromDateTimeOffset(target),
            WallClockTime = Timestamp.FromDateTimeOffset(change.Wall),
            DisabledAfterFastForward = isOver,
        },
    });
}
