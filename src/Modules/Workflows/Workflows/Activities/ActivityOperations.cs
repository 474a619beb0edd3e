using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf.WellKnownTypes;

namespace Flagstone.Workflows.Activities;

/// <summary>The activities of a run that an operation is for.</summary>
/// <param name="Id">Only the one with this id; empty for those of the type.</param>
/// <param name="Type">Those of this type; empty, and no id: all.</param>
internal sealed record ActivityChoice(string Id, string Type)
{
    /// <summary>In the order in which they were scheduled; null where none is what was named.</summary>
    public List<ActivityState>? In(RunState run)
    {
        var chosen = run.Activities.Values.Where(a => Id.Length > 0 ? a.Id == Id : Type.Length == 0 || a.Type == Type).OrderBy(a => a.ScheduledId).ToList();
        return chosen.Count > 0 || Id.Length + Type.Length == 0 ? chosen : null;
    }

    /// <summary>Of a choice that finds none.</summary>
    public Refusal Missing() => Refusal.NotFound(
        $"activity not found: no activity {(Id.Length > 0 ? $"with the id '{Id}'" : $"of the type '{Type}'")} is under way");
}

/// <summary>
/// What people do to activities that are under way, be they of a run or started by a client. An attempt that a worker has begun goes on; its worker hears
/// of it with its next heartbeat. Nothing of it stands in the history. Pure. (Temporal's server: service/history/workflow/activity.go.)
/// </summary>
internal static class ActivityOperations
{
    /// <summary>No attempt starts until it is taken back. What is paused stays as it is.</summary>
    public static void Pause(RunChange change, ActivityState activity, string identity, string reason)
    {
        if (Pause(activity, identity, reason, change.Now))
        {
            change.Unqueue(TaskKind.Activity, activity.ScheduledId);
        }
    }

    /// <summary>As the other, for an activity of no run. True when an attempt has left its queue.</summary>
    public static bool Pause(ActivityState activity, string identity, string reason, DateTimeOffset now)
    {
        if (activity.Pause is not null)
        {
            return false;
        }

        activity.Pause = new ActivityPause(now, identity, reason);
        return !activity.IsStarted;
    }

    /// <summary>Attempts may start again: the next one when its time comes, with new attempts at once.</summary>
    /// <param name="delay">How much later.</param>
    public static void Unpause(RunChange change, ActivityState activity, bool resetAttempts, bool resetHeartbeat, TimeSpan delay)
    {
        if (Unpause(activity, resetAttempts, resetHeartbeat, delay, change.Now))
        {
            Queue(change, activity);
        }
    }

    /// <summary>As the other, for an activity of no run. True when an attempt waits in its queue again.</summary>
    public static bool Unpause(ActivityState activity, bool resetAttempts, bool resetHeartbeat, TimeSpan delay, DateTimeOffset now)
    {
        if (activity.Pause is null)
        {
            return false;
        }

        activity.Pause = null;
        if (activity.IsStarted)
        {
            (activity.IsReset, activity.ForgetsHeartbeat) = (activity.IsReset || resetAttempts, activity.ForgetsHeartbeat || resetHeartbeat);
            return false;
        }

        activity.Attempt = resetAttempts ? 1 : activity.Attempt;
        activity.HeartbeatDetails = resetHeartbeat ? null : activity.HeartbeatDetails;
        activity.ScheduledAt = (!resetAttempts && activity.ScheduledAt > now ? activity.ScheduledAt : now) + delay;
        return true;
    }

    /// <summary>The next attempt is the first again, and starts at once.</summary>
    /// <param name="delay">How much later.</param>
    public static void Reset(RunChange change, ActivityState activity, bool resetHeartbeat, bool keepPaused, TimeSpan delay)
    {
        if (Reset(activity, resetHeartbeat, keepPaused, delay, change.Now))
        {
            Queue(change, activity);
        }
    }

    /// <summary>As the other, for an activity of no run. True when the attempt that waits has another time.</summary>
    public static bool Reset(ActivityState activity, bool resetHeartbeat, bool keepPaused, TimeSpan delay, DateTimeOffset now)
    {
        activity.Pause = keepPaused ? activity.Pause : null;
        if (activity.IsStarted)
        {
            (activity.IsReset, activity.ForgetsHeartbeat) = (true, resetHeartbeat);
            return false;
        }

        activity.Attempt = 1;
        activity.HeartbeatDetails = resetHeartbeat ? null : activity.HeartbeatDetails;
        activity.ScheduledAt = now + delay;
        return true;
    }

    /// <summary>The next attempt waits in its queue until its time, unless the activity is paused.</summary>
    public static void Queue(RunChange change, ActivityState activity)
    {
        if (activity.Pause is null)
        {
            change.Queue(TaskKind.Activity, activity.Queue, activity.ScheduledId, activity.Attempt, activity.ScheduledAt);
        }
    }

    /// <summary>A time of up to so long, another one each time.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5394", Justification = "It spreads load; nobody gains by guessing it.")]
    public static TimeSpan Spread(Duration? most) =>
        Durations.Of(most) is var time && time > TimeSpan.Zero ? time * Random.Shared.NextDouble() : TimeSpan.Zero;
}
