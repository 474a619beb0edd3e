using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Nexus tasks: polled, completed and failed by the workers of handlers.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("poller groups")]
    public async Task<PollNexusTaskQueueResponse> PollNexusTaskQueue(PollNexusTaskQueueRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.TaskQueue?.Name, "TaskQueue");
        var ns = await NamespaceAsync(request.Namespace, context);
        var answer = await PollAsync(
            new TaskQueueKey(ns.Id, TaskKind.Nexus, request.TaskQueue!.Name), request.Identity, request.WorkerInstanceKey,
            request.DeploymentOptions, context);
        if (answer.Message is not { Length: > 0 })
        {
            return new PollNexusTaskQueueResponse();
        }

        var task = answer.As<PollNexusTaskQueueResponse>();
        NexusRequests.Take(task.Request, clock.GetUtcNow());
        return task;
    }

    [Rpc]
    public async Task<RespondNexusTaskCompletedResponse> RespondNexusTaskCompleted(RespondNexusTaskCompletedRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.Response, "RespondNexusTaskCompletedRequest.Response");
        await RespondAsync(request.Namespace, request.TaskToken, request, context);
        return new RespondNexusTaskCompletedResponse();
    }

    [Rpc]
    public async Task<RespondNexusTaskFailedResponse> RespondNexusTaskFailed(RespondNexusTaskFailedRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request, "RespondNexusTaskFailedRequest");
#pragma warning disable CS0612 // Older workers say it there.
        if (request.Failure is null && request.Error is null)
        {
            throw RpcErrors.InvalidArgument("request must contain error or failure");
        }
#pragma warning restore CS0612

        await RespondAsync(request.Namespace, request.TaskToken, request, context);
        return new RespondNexusTaskFailedResponse();
    }

    private async Task RespondAsync(string name, ByteString bytes, IMessage answer, ServerCallContext context)
    {
        var token = NexusTaskToken.Read(bytes) ?? throw RpcErrors.InvalidArgument("Error deserializing task token.");
        var ns = await NamespaceAsync(name, context);
        if (token.Namespace != ns.Id)
        {
            throw RpcErrors.InvalidArgument("Operation requested with a token from a different namespace.");
        }

        if (!await Queue(new TaskQueueKey(ns.Id, TaskKind.Nexus, token.Queue)).AnswerQueryAsync(token.Id, Answer.Of(Any.Pack(answer))))
        {
            throw RpcErrors.NotFound("Nexus task not found or already expired");
        }
    }

    /// <summary>Says which operations wait because their endpoint does not answer, and which callbacks have not been called.</summary>
    private async Task<DescribeWorkflowExecutionResponse> WithNexusAsync(RunState run, DescribeWorkflowExecutionResponse described, CancellationToken ct)
    {
        foreach (var operation in described.PendingNexusOperations.Where(o => o.State != PendingNexusOperationState.Started))
        {
            var endpoint = run.NexusOperations[operation.ScheduledEventId].EndpointId;
            if (await BreakerOf(run.Namespace, endpoint).IsOpenAsync())
            {
                (operation.State, operation.BlockedReason) = (PendingNexusOperationState.Blocked, NexusBreakerGrain.OpenReason);
            }
        }

        if (!run.IsRunning && run.Callbacks.Count > 0 && await outbox.IsSendingAsync(run.RunId, ct))
        {
            foreach (var callback in described.Callbacks)
            {
                callback.State = CallbackState.Scheduled;
            }
        }

        return described;
    }
}
