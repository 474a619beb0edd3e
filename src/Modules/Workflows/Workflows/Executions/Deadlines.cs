using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.TimeSkipping;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>What of a run happens by time alone. One wake-up, for the earliest, stands in the due index. Pure.</summary>
internal static class Deadlines
{
    private static readonly TimeSpan LongestSpeculation = TimeSpan.FromSeconds(5);

    /// <summary>When to look again, by the wall clock: at once where the run's clock may jump. Null for never.</summary>
    /// <param name="wall">The time by the wall clock.</param>
    public static DateTimeOffset? Earliest(RunState run, DateTimeOffset wall) =>
        SkipRules.Target(run, RunTime.Of(run, wall)) is not null ? wall
        : All(run).Select(d => (DateTimeOffset?)d.At).Min() is { } at ? RunTime.Wall(run, at) : null;

    /// <summary>
    /// Does what is due, in the order of the times; then, where the run's clock may jump, what is due at the time to which it jumps.
    /// </summary>
    public static void Fire(RunChange change)
    {
        FireDue(change);
        if (SkipRules.Skip(change))
        {
            FireDue(change);
        }
    }

    private static void FireDue(RunChange change)
    {
        // Each one may end others: they are looked up again after it.
        while (All(change.Run).Where(d => d.At <= change.Now).OrderBy(d => d.At).FirstOrDefault() is { } due)
        {
            due.Fire(change);
        }
    }

    private static IEnumerable<Deadline> All(RunState run)
    {
        if (!run.IsRunning)
        {
            yield break;
        }

        if (run.ExpiresAt is { } expires)
        {
            yield return new Deadline(expires, Closing.TimeOut);
        }

        if (run.TimeSkipping is { IsActive: true, FastForward: { HasCompleted: false } forward })
        {
            yield return new Deadline(forward.Target, SkipRules.EndFastForward);
        }

        if (run is { BackoffUntil: { } until, AwaitsParent: false })
        {
            yield return new Deadline(until, change => WorkflowTaskRules.Schedule(change, endsBackoff: true));
        }

        if (run.WorkflowTask is { IsStarted: true } started)
        {
            yield return new Deadline(started.StartedAt + started.Timeout, WorkflowTaskRules.TimeOut);
        }
        else if (run.WorkflowTask is { } waiting && waiting.Queue != run.TaskQueue)
        {
            yield return new Deadline(waiting.ScheduledAt + run.StickyTimeout, WorkflowTaskRules.TimeOut);
        }

        else if (run.WorkflowTask is { IsSpeculative: true } speculative)
        {
            // Nobody takes it: it is stored, so that it lasts. That it is due makes a step, and the step does it.
            yield return new Deadline(speculative.ScheduledAt + LongestSpeculation, _ => { });
        }

        foreach (var (id, timer) in run.Timers)
        {
            yield return new Deadline(timer.FiresAt, change => FireTimer(change, id, timer));
        }

        foreach (var operation in run.NexusOperations.Values)
        {
            if (NexusRules.Deadline(operation) is var (at, type))
            {
                yield return new Deadline(at, change => NexusRules.TimeOut(change, operation, type));
            }
        }

        foreach (var activity in run.Activities.Values)
        {
            if (EarliestOf(activity) is { } deadline)
            {
                yield return deadline;
            }
        }
    }

    private static Deadline? EarliestOf(ActivityState activity) =>
        ActivityAttempts.Deadline(activity) is var (at, type) ? new Deadline(at, change => ActivityRules.TimeOut(change, activity, type)) : null;

    private static void FireTimer(RunChange change, string id, TimerState timer)
    {
        change.Run.Timers.Remove(id);
        change.Add(new HistoryEvent
        {
            EventType = EventType.TimerFired,
            TimerFiredEventAttributes = new TimerFiredEventAttributes { TimerId = id, StartedEventId = timer.StartedId },
        });
        WorkflowTaskRules.Schedule(change);
    }

    private sealed record Deadline(DateTimeOffset At, Action<RunChange> Fire);
}
