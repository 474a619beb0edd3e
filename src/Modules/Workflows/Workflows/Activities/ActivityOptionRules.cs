using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.People;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Activity.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.TaskQueue.V1;

namespace Flagstone.Workflows.Activities;

/// <summary>The options of an activity that is under way: read, changed field by field, and put back to what they were. Pure.</summary>
internal static class ActivityOptionRules
{
    /// <summary>What a mask may name.</summary>
    private static readonly string[] Known =
    [
        "task_queue", "task_queue.name", "schedule_to_close_timeout", "schedule_to_start_timeout", "start_to_close_timeout", "heartbeat_timeout",
        "retry_policy", "retry_policy.initial_interval", "retry_policy.backoff_coefficient", "retry_policy.maximum_interval", "retry_policy.maximum_attempts",
    ];

    public static ActivityOptions Of(ActivityState activity) => new()
    {
        TaskQueue = new TaskQueue { Name = activity.Queue, Kind = TaskQueueKind.Normal },
        ScheduleToCloseTimeout = Duration.FromTimeSpan(activity.ScheduleToClose),
        ScheduleToStartTimeout = Duration.FromTimeSpan(activity.ScheduleToStart),
        StartToCloseTimeout = Duration.FromTimeSpan(activity.StartToClose),
        HeartbeatTimeout = Duration.FromTimeSpan(activity.Heartbeat),
        RetryPolicy = activity.Retry,
    };

    /// <summary>What is wrong with a change; null when nothing is.</summary>
    public static string? Refuse(ActivityOptions? options, FieldMask? mask, bool restores)
    {
        if (restores)
        {
            return options is null && mask is null or { Paths.Count: 0 } ? null
                : "RestoreOriginal cannot be combined with other options. Leave ActivityOptions and UpdateMask out.";
        }

        if (options is null || mask is null or { Paths.Count: 0 })
        {
            return "ActivityOptions and UpdateMask are not set on request. Name the fields to change in UpdateMask.";
        }

        return mask.Paths.FirstOrDefault(p => !Known.Contains(p)) is { } unknown
            ? $"UpdateMask names '{unknown}', which cannot be changed. Use one of: {string.Join(", ", Known)}." : null;
    }

    /// <summary>Changes what the mask names, or says why it cannot be: then the change must be dropped.</summary>
    public static Refusal? Change(RunChange change, ActivityState activity, ActivityOptions wanted, FieldMask mask)
    {
        if (Change(activity, change.Run.RunTimeout, wanted, mask) is { } refusal)
        {
            return refusal;
        }

        Requeue(change, activity);
        return null;
    }

    /// <summary>As the other, of the activity alone.</summary>
    /// <param name="most">No time of it is longer; zero for no bound.</param>
    public static Refusal? Change(ActivityState activity, TimeSpan most, ActivityOptions wanted, FieldMask mask)
    {
        var next = Of(activity).Clone();
        mask.Merge(wanted, next, new FieldMask.MergeOptions { ReplaceMessageFields = true, ReplacePrimitiveFields = true });
        var all = new[] { next.ScheduleToCloseTimeout, next.ScheduleToStartTimeout, next.StartToCloseTimeout, next.HeartbeatTimeout };
        var wrong = Names.Refuse(next.TaskQueue?.Name, "TaskQueue", "ActivityOptions") ?? RetryRules.Refuse(next.RetryPolicy)
            ?? (all.Any(t => Durations.Of(t) < TimeSpan.Zero) ? "A timeout is negative on ActivityOptions."
                : Durations.Of(next.ScheduleToCloseTimeout) <= TimeSpan.Zero && Durations.Of(next.StartToCloseTimeout) <= TimeSpan.Zero
                    ? "A valid StartToClose or ScheduleToCloseTimeout is not set on ActivityOptions." : null);
        if (wrong is not null)
        {
            return Refusal.InvalidArgument(wrong);
        }

        if (PeopleQueue.Is(next.TaskQueue?.Name) != (activity.Human is not null))
        {
            return Refusal.InvalidArgument(
                $"What people decide stays on task queue '{PeopleQueue.Name}', and nothing else is moved there. Cancel the activity in the workflow, and schedule another.");
        }

        Apply(activity, most, next);
        return null;
    }

    /// <summary>Puts the options back to those with which the activity was scheduled.</summary>
    public static void Restore(RunChange change, ActivityState activity, ActivityState scheduled)
    {
        Restore(activity, change.Run.RunTimeout, scheduled);
        Requeue(change, activity);
    }

    /// <summary>As the other, of the activity alone.</summary>
    public static void Restore(ActivityState activity, TimeSpan most, ActivityState scheduled) => Apply(activity, most, Of(scheduled));

    private static void Requeue(RunChange change, ActivityState activity)
    {
        if (!activity.IsStarted)
        {
            ActivityOperations.Queue(change, activity);
        }
    }

    private static void Apply(ActivityState activity, TimeSpan most, ActivityOptions next)
    {
        var times = ActivityTimes.Of(
            most, Durations.Of(next.ScheduleToCloseTimeout), Durations.Of(next.ScheduleToStartTimeout), Durations.Of(next.StartToCloseTimeout),
            Durations.Of(next.HeartbeatTimeout));
        (activity.Queue, activity.Retry) = (next.TaskQueue.Name, RetryRules.Complete(next.RetryPolicy));
        (activity.ScheduleToClose, activity.ScheduleToStart, activity.StartToClose, activity.Heartbeat) = times;
        if (activity is { IsStarted: false, Attempt: > 1, LastEndedAt: { } ended })
        {
            // An attempt that waits for its time waits as the new policy says.
            activity.ScheduledAt = ended + RetryRules.IntervalAfter(activity.Retry, activity.Attempt - 1);
        }
    }
}
