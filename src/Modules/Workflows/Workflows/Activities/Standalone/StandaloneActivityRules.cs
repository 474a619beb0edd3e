using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Activities.Standalone;

/// <summary>The steps of an activity that a client started itself. Pure. (Temporal's server: chasm/lib/activity.)</summary>
internal static class StandaloneActivityRules
{
    public static StandaloneActivity Begin(ActivityKey key, StartActivityExecutionRequest request, DateTimeOffset now)
    {
        var first = now + Durations.Of(request.StartDelay);
        var times = ActivityTimes.Of(
            TimeSpan.Zero, Durations.Of(request.ScheduleToCloseTimeout), Durations.Of(request.ScheduleToStartTimeout),
            Durations.Of(request.StartToCloseTimeout), Durations.Of(request.HeartbeatTimeout));
        return new StandaloneActivity
        {
            Namespace = key.Namespace,
            NamespaceName = request.Namespace,
            Id = key.ActivityId,
            RunId = Guid.CreateVersion7(now).ToString(),
            RequestId = request.RequestId,
            CreatedAt = now,
            Activity = new ActivityState
            {
                // No event schedules it; those of workflows begin with 1.
                ScheduledId = 0,
                Id = key.ActivityId,
                Type = request.ActivityType.Name,
                Queue = request.TaskQueue.Name,
                FirstScheduledAt = first,
                ScheduledAt = first,
                ScheduleToClose = times.ScheduleToClose,
                ScheduleToStart = times.ScheduleToStart,
                StartToClose = times.StartToClose,
                Heartbeat = times.Heartbeat,
                Retry = RetryRules.Complete(request.RetryPolicy),
            },
        };
    }

    /// <summary>How a start is answered where the id is in use or was; null for a new activity.</summary>
    public static Answer? Existing(StandaloneActivity there, StartActivityExecutionRequest request)
    {
        if (there.RequestId == request.RequestId)
        {
            return Answer.Of(new StartActivityExecutionResponse { RunId = there.RunId, Started = true });
        }

        if (there.IsOpen)
        {
            return request.IdConflictPolicy == ActivityIdConflictPolicy.UseExisting
                ? Answer.Of(new StartActivityExecutionResponse { RunId = there.RunId }) : Exists(there);
        }

        return request.IdReusePolicy switch
        {
            ActivityIdReusePolicy.RejectDuplicate => Exists(there),
            ActivityIdReusePolicy.AllowDuplicateFailedOnly when there.Status == ActivityExecutionStatus.Completed => Exists(there),
            _ => (Answer?)null,
        };
    }

    /// <summary>Whether a token is that of the attempt that is under way.</summary>
    public static bool IsCurrent(StandaloneActivity state, TaskToken token) =>
        state is { IsOpen: true, Activity.IsStarted: true } && state.RunId == token.RunId && state.Activity.Attempt == token.Attempt
        && state.Activity.Stamp == token.Stamp;

    public static void Complete(StandaloneActivity state, Payloads? result, DateTimeOffset now)
    {
        state.Result = result ?? new Payloads();
        Close(state, ActivityExecutionStatus.Completed, null, now);
    }

    /// <summary>The attempt failed: the next one waits for its time, or the activity is over.</summary>
    public static void Fail(StandaloneActivity state, Failure failure, DateTimeOffset now)
    {
        var retry = Again(state, failure, now);
        if (retry != RetryState.InProgress)
        {
            state.RetryState = retry;
            Close(state, ActivityExecutionStatus.Failed, failure, now);
        }
    }

    /// <summary>Does what is due. True when something was.</summary>
    public static bool TimeOut(StandaloneActivity state, DateTimeOffset now)
    {
        var fired = false;
        while (state.IsOpen && ActivityAttempts.Deadline(state.Activity) is var (at, type) && at <= now)
        {
            fired = true;
            var failure = ActivityAttempts.TimeoutFailure(state.Activity, type);
            var retry = Again(state, failure, now);
            if (retry != RetryState.InProgress)
            {
                state.RetryState = retry;
                Close(state, ActivityExecutionStatus.TimedOut, ActivityAttempts.ShownTimeout(state.Activity, type, failure, retry), now);
            }
        }

        return fired;
    }

    /// <summary>A worker hears of it with its next heartbeat; where none is at work, it is over.</summary>
    public static void RequestCancel(StandaloneActivity state, string reason, string requestId, DateTimeOffset now)
    {
        (state.CancelReason, state.CancelRequestId) = (reason, requestId);
        if (!state.Activity.IsStarted)
        {
            Cancel(state, null, now);
        }
    }

    public static void Cancel(StandaloneActivity state, Payloads? details, DateTimeOffset now) => Close(
        state, ActivityExecutionStatus.Canceled,
        new Failure { Message = "Activity canceled", Source = "Server", CanceledFailureInfo = new CanceledFailureInfo { Details = details } }, now);

    public static void Terminate(StandaloneActivity state, string reason, string identity, string requestId, DateTimeOffset now)
    {
        state.TerminateRequestId = requestId;
        var failure = new Failure { Message = reason, Source = "Server", TerminatedFailureInfo = new TerminatedFailureInfo { Identity = identity } };
        Close(state, ActivityExecutionStatus.Terminated, failure, now);
    }

    public static void Heartbeat(StandaloneActivity state, Payloads? details, DateTimeOffset now)
    {
        (state.Activity.LastHeartbeatAt, state.Activity.HeartbeatDetails) = (now, details);
        state.Heartbeats++;
    }

    private static RetryState Again(StandaloneActivity state, Failure failure, DateTimeOffset now) =>
        state.IsCancelRequested ? RetryState.CancelRequested : ActivityAttempts.Again(state.Activity, failure, now);

    private static void Close(StandaloneActivity state, ActivityExecutionStatus status, Failure? failure, DateTimeOffset now)
    {
        (state.Status, state.Failure, state.ClosedAt) = (status, failure, now);
        // A token of the attempt that was under way is stale.
        state.Activity.LastIdentity = state.Activity.Identity.Length > 0 ? state.Activity.Identity : state.Activity.LastIdentity;
        state.Activity.LastEndedAt = state.Activity.IsStarted ? now : state.Activity.LastEndedAt;
    }

    private static Answer Exists(StandaloneActivity there) => Refusal.ActivityExists(there.Id, there.RunId, there.RequestId);
}
