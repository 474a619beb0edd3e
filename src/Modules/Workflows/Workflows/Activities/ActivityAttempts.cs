using Flagstone.Workflows.Executions;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Activities;

/// <summary>The attempts of an activity, be it of a run or one that a client started itself: begun, tried again, and out of time. Pure.</summary>
internal static class ActivityAttempts
{
    /// <summary>A worker begins. False when the attempt is not the one that is scheduled.</summary>
    public static bool Begin(ActivityState activity, int attempt, DateTimeOffset now, string identity, string stamp, string requestId)
    {
        if (activity is not { IsStarted: false, Pause: null } || activity.Attempt != attempt)
        {
            return false;
        }

        (activity.StartedAt, activity.Identity, activity.Stamp, activity.RequestId, activity.LastHeartbeatAt) = (now, identity, stamp, requestId, null);
        return true;
    }

    /// <summary>What comes of an attempt that failed: the next one waits for its time (<see cref="RetryState.InProgress"/>), or why there is none.</summary>
    public static RetryState Again(ActivityState activity, Failure failure, DateTimeOffset now)
    {
        var (state, at) = RetryRules.Next(activity, failure, now);
        if (state != RetryState.InProgress)
        {
            return state;
        }

        activity.Attempt = activity.IsReset ? 1 : activity.Attempt + 1;
        activity.HeartbeatDetails = activity.ForgetsHeartbeat ? null : activity.HeartbeatDetails;
        (activity.IsReset, activity.ForgetsHeartbeat) = (false, false);
        activity.ScheduledAt = at;
        activity.StartedAt = null;
        activity.Stamp = "";
        activity.LastFailure = failure;
        activity.LastIdentity = activity.Identity;
        activity.LastEndedAt = now;
        return state;
    }

    /// <summary>Which of its times is over first, and when; null for none.</summary>
    public static (DateTimeOffset At, TimeoutType Type)? Deadline(ActivityState activity)
    {
        var at = DateTimeOffset.MaxValue;
        var type = TimeoutType.ScheduleToClose;
        Consider(activity.FirstScheduledAt, activity.ScheduleToClose, TimeoutType.ScheduleToClose);
        if (activity.StartedAt is { } started)
        {
            Consider(started, activity.StartToClose, TimeoutType.StartToClose);
            Consider(activity.LastHeartbeatAt ?? started, activity.Heartbeat, TimeoutType.Heartbeat);
        }
        else if (activity.Pause is null)
        {
            Consider(activity.ScheduledAt, activity.ScheduleToStart, TimeoutType.ScheduleToStart);
        }

        return at == DateTimeOffset.MaxValue ? null : (at, type);

        void Consider(DateTimeOffset from, TimeSpan timeout, TimeoutType candidate)
        {
            if (timeout > TimeSpan.Zero && from + timeout < at)
            {
                (at, type) = (from + timeout, candidate);
            }
        }
    }

    public static Failure TimeoutFailure(ActivityState activity, TimeoutType type) => new()
    {
        Message = $"activity {type} timeout",
        Source = "Server",
        TimeoutFailureInfo = new TimeoutFailureInfo { TimeoutType = type, LastHeartbeatDetails = activity.HeartbeatDetails },
    };

    /// <summary>How the end of an activity is shown whose time is over.</summary>
    /// <param name="failure">Of the attempt.</param>
    /// <param name="state">Why there is no other one.</param>
    public static Failure ShownTimeout(ActivityState activity, TimeoutType type, Failure failure, RetryState state)
    {
        // What ended it is the time for all attempts, which the next one would have passed.
        var shown = state == RetryState.Timeout ? TimeoutFailure(activity, TimeoutType.ScheduleToClose) : failure;
        if (activity.LastFailure is { } cause && type == TimeoutType.ScheduleToClose)
        {
            shown.Cause = cause;
        }

        return shown;
    }
}
