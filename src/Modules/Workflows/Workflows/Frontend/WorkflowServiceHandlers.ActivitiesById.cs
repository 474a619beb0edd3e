using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
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
            CompleteAsync, context);
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
            FailAsync, context);
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
            CancelAsync, context);
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
            HeartbeatAsync, context);
        return Read<RecordActivityTaskHeartbeatResponse>(answer).CopyTo(new RecordActivityTaskHeartbeatByIdResponse());
    }

    /// <summary>
    /// Answers the attempt that is under way; one that ends between is answered as a stale one. Without a workflow id it is an activity that a client
    /// started.
    /// </summary>
    private async Task<Answer> AnswerAsync(
        string name, string workflowId, string runId, string activityId, IMessage request, Func<WorkflowNamespace, Call, TaskToken, Task<Answer>> answer,
        ServerCallContext context)
    {
        RequestChecks.Id(activityId, "ActivityId");
        var ns = await NamespaceAsync(name, context);
        var token = workflowId.Length == 0 ? await ActivityGrain(ns, activityId).FindTaskAsync(runId)
            : await (await ExecutionAsync(name, new() { WorkflowId = workflowId, RunId = runId }, context)).FindActivityAsync(runId, activityId);
        if (token is null)
        {
            var of = workflowId.Length > 0 ? $", of workflow {workflowId}" : "";
            throw RpcErrors.NotFound($"cannot find pending activity with ActivityID {activityId} that a worker has started{of}");
        }

        return await answer(ns, CallOf(request, token.RunId, context), token);
    }
}
