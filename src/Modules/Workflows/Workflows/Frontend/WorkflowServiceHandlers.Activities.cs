using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.TaskQueues;
using Grpc.Core;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Activities: polled and answered by workers.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("poller groups and rate limits of task queues")]
    public async Task<PollActivityTaskQueueResponse> PollActivityTaskQueue(PollActivityTaskQueueRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.TaskQueue?.Name, "TaskQueue");
        var ns = await NamespaceAsync(request.Namespace, context);
        var answer = await PollAsync(
            new TaskQueueKey(ns.Id, TaskKind.Activity, request.TaskQueue!.Name), request.Identity, request.WorkerInstanceKey,
            request.DeploymentOptions, context);
        if (answer.Message is not { Length: > 0 })
        {
            return new PollActivityTaskQueueResponse();
        }

        var task = answer.As<PollActivityTaskQueueResponse>();
        if (task.ActivityRunId.Length > 0)
        {
            return task;
        }

        var scheduled = TaskToken.Read(task.TaskToken)!.ScheduledId;
        var events = await executions.EventsAsync(task.WorkflowExecution.RunId, scheduled, scheduled, 1, long.MaxValue, CancellationToken.None);
        return ActivityTasks.Fill(task, events[0].ActivityTaskScheduledEventAttributes, ns.Name);
    }

    [Rpc]
    public async Task<RespondActivityTaskCompletedResponse> RespondActivityTaskCompleted(RespondActivityTaskCompletedRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.Result, "RespondActivityTaskCompletedRequest.Result");
        var (ns, token) = await TokenAsync(request.Namespace, request.TaskToken, context);
        return Read<RespondActivityTaskCompletedResponse>(await CompleteAsync(ns, CallOf(request, token.RunId, context), token));
    }

    [Rpc]
    public async Task<RespondActivityTaskFailedResponse> RespondActivityTaskFailed(RespondActivityTaskFailedRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.Failure, "RespondActivityTaskFailedRequest.Failure");
        RequestChecks.Blob(request.LastHeartbeatDetails, "RespondActivityTaskFailedRequest.LastHeartbeatDetails");
        var (ns, token) = await TokenAsync(request.Namespace, request.TaskToken, context);
        return Read<RespondActivityTaskFailedResponse>(await FailAsync(ns, CallOf(request, token.RunId, context), token));
    }

    [Rpc]
    public async Task<RespondActivityTaskCanceledResponse> RespondActivityTaskCanceled(RespondActivityTaskCanceledRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.Details, "RespondActivityTaskCanceledRequest.Details");
        var (ns, token) = await TokenAsync(request.Namespace, request.TaskToken, context);
        return Read<RespondActivityTaskCanceledResponse>(await CancelAsync(ns, CallOf(request, token.RunId, context), token));
    }

    [Rpc]
    public async Task<RecordActivityTaskHeartbeatResponse> RecordActivityTaskHeartbeat(RecordActivityTaskHeartbeatRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.Details, "RecordActivityTaskHeartbeatRequest.Details");
        var (ns, token) = await TokenAsync(request.Namespace, request.TaskToken, context);
        return Read<RecordActivityTaskHeartbeatResponse>(await HeartbeatAsync(ns, CallOf(request, token.RunId, context), token));
    }

    private Task<Answer> CompleteAsync(WorkflowNamespace ns, Call call, TaskToken token) => token.IsStandalone
        ? ActivityGrain(ns, token.WorkflowId).CompleteAsync(call, token) : Execution(ns, token.WorkflowId).CompleteActivityAsync(call, token);

    private Task<Answer> FailAsync(WorkflowNamespace ns, Call call, TaskToken token) => token.IsStandalone
        ? ActivityGrain(ns, token.WorkflowId).FailAsync(call, token) : Execution(ns, token.WorkflowId).FailActivityAsync(call, token);

    private Task<Answer> CancelAsync(WorkflowNamespace ns, Call call, TaskToken token) => token.IsStandalone
        ? ActivityGrain(ns, token.WorkflowId).CancelAsync(call, token) : Execution(ns, token.WorkflowId).CancelActivityAsync(call, token);

    private Task<Answer> HeartbeatAsync(WorkflowNamespace ns, Call call, TaskToken token) => token.IsStandalone
        ? ActivityGrain(ns, token.WorkflowId).HeartbeatAsync(call, token) : Execution(ns, token.WorkflowId).HeartbeatAsync(call, token);
}
