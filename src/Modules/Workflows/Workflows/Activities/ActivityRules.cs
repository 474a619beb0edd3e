using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.People;
using Flagstone.Workflows.TaskQueues;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Activities;

/// <summary>
/// An activity of a run: scheduled, started, tried again, and over. That it started is written with its end, so that a hundred attempts are two
/// events. Pure.
/// </summary>
internal static class ActivityRules
{
    /// <summary>The activity that an event schedules, before anything happened to it.</summary>
    public static ActivityState Of(HistoryEvent scheduled)
    {
        var (attributes, at) = (scheduled.ActivityTaskScheduledEventAttributes, scheduled.EventTime.ToDateTimeOffset());
        return new ActivityState
        {
            ScheduledId = scheduled.EventId,
            Id = attributes.ActivityId,
            Type = attributes.ActivityType.Name,
            Queue = attributes.TaskQueue.Name,
            FirstScheduledAt = at,
            ScheduledAt = at,
            ScheduleToClose = Durations.Of(attributes.ScheduleToCloseTimeout),
            ScheduleToStart = Durations.Of(attributes.ScheduleToStartTimeout),
            StartToClose = Durations.Of(attributes.StartToCloseTimeout),
            Heartbeat = Durations.Of(attributes.HeartbeatTimeout),
            Retry = attributes.RetryPolicy,
            Human = PeopleQueue.Is(attributes.TaskQueue.Name) ? HumanRequestReader.StateOf(attributes.Input) : null,
        };
    }

    /// <summary>Records that a worker begins. False when the attempt is not the one that is scheduled.</summary>
    public static bool Start(RunChange change, long scheduledId, int attempt, string identity, string stamp, string requestId)
    {
        if (!change.Run.IsRunning || Find(change.Run, scheduledId) is not { Human: null } activity
            || !ActivityAttempts.Begin(activity, attempt, change.Now, identity, stamp, requestId))
        {
            return false;
        }

        change.Unqueue(TaskKind.Activity, scheduledId);
        return true;
    }

    /// <summary>The activity that a token is of; null for a token of an attempt that is over.</summary>
    public static ActivityState? Current(RunState run, TaskToken token) =>
        run.IsRunning && run.RunId == token.RunId && Find(run, token.ScheduledId) is { IsStarted: true } activity
        && activity.Attempt == token.Attempt && activity.Stamp == token.Stamp ? activity : null;

    public static void Complete(RunChange change, ActivityState activity, Payloads? result, string identity)
    {
        var started = WriteStarted(change, activity);
        End(change, activity, new HistoryEvent
        {
            EventType = EventType.ActivityTaskCompleted,
            ActivityTaskCompletedEventAttributes = new ActivityTaskCompletedEventAttributes
            {
                Result = result, ScheduledEventId = activity.ScheduledId, StartedEventId = started, Identity = identity,
            },
        });
    }

    /// <summary>The attempt failed: the next one is queued, or the activity is over.</summary>
    public static void Fail(RunChange change, ActivityState activity, Failure failure, string identity)
    {
        if (TryAgain(change, activity, failure, out var state))
        {
            return;
        }

        var started = WriteStarted(change, activity);
        End(change, activity, new HistoryEvent
        {
            EventType = EventType.ActivityTaskFailed,
            ActivityTaskFailedEventAttributes = new ActivityTaskFailedEventAttributes
            {
                Failure = failure, ScheduledEventId = activity.ScheduledId, StartedEventId = started, Identity = identity, RetryState = state,
            },
        });
    }

    /// <summary>The time of the attempt is over: the next one is queued, or the activity is over.</summary>
    public static void TimeOut(RunChange change, ActivityState activity, TimeoutType type)
    {
        var failure = ActivityAttempts.TimeoutFailure(activity, type);
        if (TryAgain(change, activity, failure, out var state))
        {
            return;
        }

        var shown = ActivityAttempts.ShownTimeout(activity, type, failure, state);
        var started = activity.IsStarted ? WriteStarted(change, activity) : 0;
        End(change, activity, new HistoryEvent
        {
            EventType = EventType.ActivityTaskTimedOut,
            ActivityTaskTimedOutEventAttributes = new ActivityTaskTimedOutEventAttributes
            {
                Failure = shown, ScheduledEventId = activity.ScheduledId, StartedEventId = started, RetryState = state,
            },
        });
    }

    public static void Cancel(RunChange change, ActivityState activity, Payloads? details, string identity)
    {
        var started = activity.IsStarted ? WriteStarted(change, activity) : 0;
        End(change, activity, new HistoryEvent
        {
            EventType = EventType.ActivityTaskCanceled,
            ActivityTaskCanceledEventAttributes = new ActivityTaskCanceledEventAttributes
            {
                Details = details, ScheduledEventId = activity.ScheduledId, StartedEventId = started,
                LatestCancelRequestedEventId = activity.CancelRequestedId, Identity = identity,
            },
        });
    }

    public static void Heartbeat(RunChange change, ActivityState activity, Payloads? details)
    {
        activity.LastHeartbeatAt = change.Now;
        activity.HeartbeatDetails = details;
    }

    private static ActivityState? Find(RunState run, long scheduledId) => run.Activities.GetValueOrDefault(scheduledId);

    private static bool TryAgain(RunChange change, ActivityState activity, Failure failure, out RetryState state)
    {
        state = ActivityAttempts.Again(activity, failure, change.Now);
        if (state == RetryState.InProgress && activity.Pause is null)
        {
            change.Queue(TaskKind.Activity, activity.Queue, activity.ScheduledId, activity.Attempt, activity.ScheduledAt);
        }

        return state == RetryState.InProgress;
    }

    /// <summary>Returns the event's id; 0 while it is buffered.</summary>
    private static long WriteStarted(RunChange change, ActivityState activity) => change.Add(new HistoryEvent
    {
        EventType = EventType.ActivityTaskStarted,
        ActivityTaskStartedEventAttributes = new ActivityTaskStartedEventAttributes
        {
            ScheduledEventId = activity.ScheduledId, Identity = activity.Identity, RequestId = activity.RequestId, Attempt = activity.Attempt, LastFailure = activity.LastFailure,
        },
    }).EventId;

    private static void End(RunChange change, ActivityState activity, HistoryEvent end)
    {
        change.Add(end);
        change.Unqueue(TaskKind.Activity, activity.ScheduledId);
        change.Run.Activities.Remove(activity.ScheduledId);
        WorkflowTaskRules.Schedule(change);
    }
}
