using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Activities answered by who knows their ids, and has no token of theirs.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    private const string NotStarted = "activities that no worker has started";

    [Rpc(NotStarted)]
    public async Task<RespondActivityTaskCompletedByIdResponse> RespondActivityTaskCompletedById(
        RespondActivityTaskCompletedByIdRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.Result, "RespondActivityTaskCompletedByIdRequest.Result");
        var answer = await AnswerAsync(
            request.Namespace, request.WorkflowId, request.RunId, request.ActivityId, request.CopyTo(new RespondActivityTaskCompletedRequest()),
            (execution, call, token) => execution.CompleteActivityAsync(call, token), context);
        Read<RespondActivityTaskCompletedResponse>(answer);
        return new RespondActivityTaskCompletedByIdResponse();
    }

    [Rpc(NotStarted)]
    public async Task<RespondActivityTaskFailedByIdResponse> RespondActivityTaskFailedById(
        RespondActivityTaskFailedByIdRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.Failure, "RespondActivityTaskFailedByIdRequest.Failure");
        RequestChecks.Blob(request.LastHeartbeatDetails, "RespondActivityTaskFailedByIdRequest.LastHeartbeatDetails");
        var answer = await AnswerAsync(
            request.Namespace, request.WorkflowId, request.RunId, request.ActivityId, request.CopyTo(new RespondActivityTaskFailedRequest()),
            (execution, call, token) => execution.FailActivityAsync(call, token), context);
        Read<RespondActivityTaskFailedResponse>(answer);
        return new RespondActivityTaskFailedByIdResponse();
    }

    [Rpc(NotStarted)]
    public async Task<RespondActivityTaskCanceledByIdResponse> RespondActivityTaskCanceledById(
        RespondActivityTaskCanceledByIdRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.Details, "RespondActivityTaskCanceledByIdRequest.Details");
        var answer = await AnswerAsync(
            request.Namespace, request.WorkflowId, request.RunId, request.ActivityId, request.CopyTo(new RespondActivityTaskCanceledRequest()),
            (execution, call, token) => execution.CancelActivityAsync(call, token), context);
        Read<RespondActivityTaskCanceledResponse>(answer);
        return new RespondActivityTaskCanceledByIdResponse();
    }

    [Rpc]
    public async Task<RecordActivityTaskHeartbeatByIdResponse> RecordActivityTaskHeartbeatById(
        RecordActivityTaskHeartbeatByIdRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.Details, "RecordActivityTaskHeartbeatByIdRequest.Details");
        var answer = await AnswerAsync(
            request.Namespace, request.WorkflowId, request.RunId, request.ActivityId, request.CopyTo(new RecordActivityTaskHeartbeatRequest()),
            (execution, call, token) => execution.HeartbeatAsync(call, token), context);
        return Read<RecordActivityTaskHeartbeatResponse>(answer).CopyTo(new RecordActivityTaskHeartbeatByIdResponse());
    }

    /// <summary>Answers the attempt that is under way; one that ends between is answered as a stale one.</summary>
    private async Task<Answer> AnswerAsync(
        string name, string workflowId, string runId, string activityId, IMessage request, Func<IExecutionGrain, Call, TaskToken, Task<Answer>> answer,
        ServerCallContext context)
    {
        RequestChecks.Id(activityId, "ActivityId");
        var execution = await ExecutionAsync(name, new() { WorkflowId = workflowId, RunId = runId }, context);
        var token = await execution.FindActivityAsync(runId, activityId)
            ?? throw RpcErrors.NotFound($"cannot find pending activity with ActivityID {activityId} that a worker has started, of workflow {workflowId}");
        return await answer(execution, CallOf(request, token.RunId, context), token);
    }
}
