using Flagstone.Workflows.Activities;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>Activities: taken, and answered by their workers.</summary>
internal sealed partial class ExecutionGrain
{
    public async Task<Answer> StartActivityAsync(TaskStart start)
    {
        if (run is null || run.RunId != start.RunId)
        {
            return default;
        }

        // Its queue was changed, and this one has not forgotten it.
        if (start.Queue.Length > 0 && run.Activities.GetValueOrDefault(start.EventId)?.Queue != start.Queue)
        {
            return default;
        }

        if (await WaitsForVersionAsync(start))
        {
            return default;
        }

        var change = Step(By(start.Caller));
        if (!ActivityRules.Start(change, start.EventId, start.Attempt, start.Identity, Stamp(), Stamp()))
        {
            Drop();
            return default;
        }

        run.Activities[start.EventId].WorkerVersion = start.Version.Length > 0 ? start.Version : null;
        metrics.Started("activity", RunNow - run.Activities[start.EventId].ScheduledAt);
        return await CommitAsync(change) is { } refusal ? refusal : Answer.Of(TaskOf(run, run.Activities[start.EventId]));
    }

    public Task<Answer> CompleteActivityAsync(Call call, TaskToken token) => AnswerAsync(call, token, (change, activity) =>
    {
        var request = RespondActivityTaskCompletedRequest.Parser.ParseFrom(call.Request);
        ActivityRules.Complete(change, activity, request.Result, request.Identity);
        return Answer.Of(new RespondActivityTaskCompletedResponse());
    });

    public Task<Answer> FailActivityAsync(Call call, TaskToken token) => AnswerAsync(call, token, (change, activity) =>
    {
        var request = RespondActivityTaskFailedRequest.Parser.ParseFrom(call.Request);
        if (request.LastHeartbeatDetails is not null)
        {
            activity.HeartbeatDetails = request.LastHeartbeatDetails;
        }

        ActivityRules.Fail(change, activity, request.Failure ?? new Temporalio.Api.Failure.V1.Failure(), request.Identity);
        return Answer.Of(new RespondActivityTaskFailedResponse());
    });

    public Task<Answer> CancelActivityAsync(Call call, TaskToken token) => AnswerAsync(call, token, (change, activity) =>
    {
        var request = RespondActivityTaskCanceledRequest.Parser.ParseFrom(call.Request);
        if (activity.CancelRequestedId == 0)
        {
            return Refusal.InvalidArgument("Unable to mark activity as canceled: its cancellation was not requested.");
        }

        ActivityRules.Cancel(change, activity, request.Details, request.Identity);
        return Answer.Of(new RespondActivityTaskCanceledResponse());
    });

    public Task<Answer> HeartbeatAsync(Call call, TaskToken token) => AnswerAsync(call, token, (change, activity) =>
    {
        var request = RecordActivityTaskHeartbeatRequest.Parser.ParseFrom(call.Request);
        ActivityRules.Heartbeat(change, activity, request.Details);
        return Answer.Of(new RecordActivityTaskHeartbeatResponse
        {
            CancelRequested = activity.CancelRequestedId > 0, ActivityPaused = activity.Pause is not null, ActivityReset = activity.IsReset,
        });
    });

    public Task<TaskToken?> FindActivityAsync(string runId, string activityId) => Task.FromResult(
        run is { IsRunning: true } && (runId.Length == 0 || runId == run.RunId)
        && run.Activities.Values.FirstOrDefault(a => a.Id == activityId && a.IsStarted) is { } activity ? TokenOf(run, activity) : null);

    private Task<Answer> AnswerAsync(Call call, TaskToken token, Func<RunChange, ActivityState, Answer> decide)
    {
        if (run is null || ActivityRules.Current(run, token) is not { } activity)
        {
            return Task.FromResult<Answer>(Refusal.StaleActivity());
        }

        return StepAsync(call, change => decide(change, activity));
    }

    private TaskToken TokenOf(RunState current, ActivityState activity) =>
        new(key.Namespace, key.WorkflowId, current.RunId, activity.ScheduledId, 0, activity.Attempt, activity.Stamp);

    /// <summary>The started activity for its worker; input and headers are in the Scheduled event, and are read where it is sent.</summary>
    private PollActivityTaskQueueResponse TaskOf(RunState current, ActivityState activity) => new()
    {
        TaskToken = TokenOf(current, activity).ToBytes(),
        WorkflowExecution = new WorkflowExecution { WorkflowId = key.WorkflowId, RunId = current.RunId },
        WorkflowType = new WorkflowType { Name = current.Type },
        ActivityId = activity.Id,
        ActivityType = new ActivityType { Name = activity.Type },
        Attempt = activity.Attempt,
        ScheduledTime = Timestamp.FromDateTimeOffset(activity.FirstScheduledAt),
        CurrentAttemptScheduledTime = Timestamp.FromDateTimeOffset(activity.ScheduledAt),
        StartedTime = Timestamp.FromDateTimeOffset(activity.StartedAt!.Value),
        HeartbeatDetails = activity.HeartbeatDetails,
        ScheduleToCloseTimeout = Duration.FromTimeSpan(activity.ScheduleToClose),
        StartToCloseTimeout = Duration.FromTimeSpan(activity.StartToClose),
        HeartbeatTimeout = Duration.FromTimeSpan(activity.Heartbeat),
        RetryPolicy = activity.Retry,
    };
}
