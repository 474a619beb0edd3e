using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Activities.Standalone;

/// <summary>What clients and workers ask of an activity.</summary>
internal sealed partial class ActivityExecutionGrain
{
    public async Task<Answer> StartAsync(Call call)
    {
        var request = StartActivityExecutionRequest.Parser.ParseFrom(call.Request);
        if (state is not null && StandaloneActivityRules.Existing(state, request) is { } existing)
        {
            return existing;
        }

        state = StandaloneActivityRules.Begin(key, request, clock.GetUtcNow());
        return await CommitAsync(request) is { } refusal ? refusal : Answer.Of(new StartActivityExecutionResponse { RunId = state.RunId, Started = true });
    }

    public async Task<Answer> StartTaskAsync(TaskStart start)
    {
        if (state is not { IsOpen: true } || state.RunId != start.RunId || (start.Queue.Length > 0 && start.Queue != state.Activity.Queue)
            || !ActivityAttempts.Begin(state.Activity, start.Attempt, clock.GetUtcNow(), start.Identity, Guid.NewGuid().ToString(), Guid.NewGuid().ToString()))
        {
            return default;
        }

        state.Activity.WorkerVersion = start.Version.Length > 0 ? start.Version : null;
        metrics.Started("activity", clock.GetUtcNow() - state.Activity.ScheduledAt);
        return await CommitAsync(null) is { } refusal ? refusal : Answer.Of(StandaloneActivityViews.Task(state, started, Token()));
    }

    public Task<Answer> CompleteAsync(Call call, TaskToken token) => AnswerAsync(token, of =>
    {
        StandaloneActivityRules.Complete(of, RespondActivityTaskCompletedRequest.Parser.ParseFrom(call.Request).Result, clock.GetUtcNow());
        return Answer.Of(new RespondActivityTaskCompletedResponse());
    });

    public Task<Answer> FailAsync(Call call, TaskToken token) => AnswerAsync(token, of =>
    {
        var request = RespondActivityTaskFailedRequest.Parser.ParseFrom(call.Request);
        of.Activity.HeartbeatDetails = request.LastHeartbeatDetails ?? of.Activity.HeartbeatDetails;
        StandaloneActivityRules.Fail(of, request.Failure ?? new Failure(), clock.GetUtcNow());
        return Answer.Of(new RespondActivityTaskFailedResponse());
    });

    public Task<Answer> CancelAsync(Call call, TaskToken token) => AnswerAsync(token, of =>
    {
        if (!of.IsCancelRequested)
        {
            return Refusal.InvalidArgument("Unable to mark activity as canceled: its cancellation was not requested.");
        }

        StandaloneActivityRules.Cancel(of, RespondActivityTaskCanceledRequest.Parser.ParseFrom(call.Request).Details, clock.GetUtcNow());
        return Answer.Of(new RespondActivityTaskCanceledResponse());
    });

    public Task<Answer> HeartbeatAsync(Call call, TaskToken token) => AnswerAsync(token, of =>
    {
        StandaloneActivityRules.Heartbeat(of, RecordActivityTaskHeartbeatRequest.Parser.ParseFrom(call.Request).Details, clock.GetUtcNow());
        return Answer.Of(new RecordActivityTaskHeartbeatResponse
        {
            CancelRequested = of.IsCancelRequested, ActivityPaused = of.Activity.Pause is not null, ActivityReset = of.Activity.IsReset,
        });
    });

    public Task<TaskToken?> FindTaskAsync(string runId) => Task.FromResult(
        state is { IsOpen: true, Activity.IsStarted: true } && (runId.Length == 0 || runId == state.RunId) ? Token() : null);

    public async Task<Answer> RequestCancelAsync(Call call)
    {
        var request = RequestCancelActivityExecutionRequest.Parser.ParseFrom(call.Request);
        var answer = new RequestCancelActivityExecutionResponse();
        if (state is { IsCancelRequested: true } && IsMeant(call))
        {
            return state.CancelRequestId == request.RequestId ? Answer.Of(answer)
                : Refusal.FailedPrecondition($"cancellation already requested with request ID {state.CancelRequestId}", null);
        }

        return await ChangeAsync(call, CallerAct.Cancel, answer, of => StandaloneActivityRules.RequestCancel(of, request.Reason, request.RequestId, clock.GetUtcNow()));
    }

    public async Task<Answer> TerminateAsync(Call call)
    {
        var request = TerminateActivityExecutionRequest.Parser.ParseFrom(call.Request);
        var answer = new TerminateActivityExecutionResponse();
        if (state?.TerminateRequestId is { } earlier && earlier == request.RequestId && IsMeant(call))
        {
            return Answer.Of(answer);
        }

        return await ChangeAsync(
            call, CallerAct.Terminate, answer, of => StandaloneActivityRules.Terminate(of, request.Reason, request.Identity, request.RequestId, clock.GetUtcNow()));
    }

    public Task<Answer> DeleteForAsync(Call call) => DropAsync(call.RunId, null, CallerAct.Of(call, CallerAct.Delete));

    public Task<Answer> DeleteAsync(string runId, DateTimeOffset? closedBefore) => DropAsync(runId, closedBefore, null);

    private async Task<Answer> DropAsync(string runId, DateTimeOffset? closedBefore, CallerAct? act)
    {
        if (state is null || (runId.Length > 0 && state.RunId != runId) || (closedBefore is { } time && !(state.ClosedAt < time)))
        {
            return Missing();
        }

        if (!await store.DeleteAsync(key, version, state.RunId, act, CancellationToken.None))
        {
            await LoadAsync();
            return Refusal.Unavailable("The activity changed meanwhile. Try again.");
        }

        await LoadAsync();
        return Answer.Of(new DeleteActivityExecutionResponse());
    }

    private bool IsMeant(Call call) => call.RunId.Length == 0 || state?.RunId == call.RunId;

    private TaskToken Token() => new(key.Namespace, key.ActivityId, state!.RunId, state.Activity.ScheduledId, 0, state.Activity.Attempt, state.Activity.Stamp);

    private async Task<Answer> AnswerAsync(TaskToken token, Func<StandaloneActivity, Answer> decide)
    {
        if (state is null || !StandaloneActivityRules.IsCurrent(state, token))
        {
            return Refusal.StaleActivity();
        }

        var answer = decide(state);
        if (answer.Refusal is not null)
        {
            Drop();
            return answer;
        }

        return await CommitAsync(null) is { } failed ? failed : answer;
    }

    private Task<Answer> ChangeAsync(Call call, string verb, IMessage answer, Action<StandaloneActivity> change) => ChangeAsync(call, verb, answer, of =>
    {
        change(of);
        return null;
    });

    private async Task<Answer> ChangeAsync(Call call, string verb, IMessage answer, Func<StandaloneActivity, Refusal?> change)
    {
        if (state is null || !IsMeant(call))
        {
            return Missing();
        }

        if (!state.IsOpen)
        {
            return Refusal.FailedPrecondition("activity is already completed", null);
        }

        if (change(state) is { } wrong)
        {
            Drop();
            return wrong;
        }

        return await CommitAsync(null, CallerAct.Of(call, verb)) is { } failed ? failed : Answer.Of(answer);
    }

    private Refusal Missing() => Refusal.NotFound($"activity not found for ID: {key.ActivityId}");
}
