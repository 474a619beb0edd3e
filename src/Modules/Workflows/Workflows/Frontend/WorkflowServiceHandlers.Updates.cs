using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Updates;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Update.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Updates: a workflow is asked to change, and answers.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    /// <summary>Who waits longer is told how far the update is, and asks again.</summary>
    private static readonly TimeSpan LongestUpdate = TimeSpan.FromSeconds(20);

    [Rpc("completion callbacks")]
    public async Task<UpdateWorkflowExecutionResponse> UpdateWorkflowExecution(UpdateWorkflowExecutionRequest request, ServerCallContext context)
    {
        CheckExecution(request.WorkflowExecution);
        CheckUpdate(request);
        var ns = await NamespaceAsync(request.Namespace, context);
        var execution = Execution(ns, request.WorkflowExecution.WorkflowId);
        var admitted = await execution.AdmitUpdateAsync(CallOf(request, request.WorkflowExecution.RunId, context));
        return await UpdatedAsync(execution, admitted, request.WaitPolicy, context);
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<PollWorkflowExecutionUpdateResponse> PollWorkflowExecutionUpdate(PollWorkflowExecutionUpdateRequest request, ServerCallContext context)
    {
        CheckExecution(request.UpdateRef?.WorkflowExecution);
        RequestChecks.Id(request.UpdateRef!.UpdateId, "UpdateRef.UpdateId");
        var ns = await NamespaceAsync(request.Namespace, context);
        var of = request.UpdateRef.WorkflowExecution;
        return Read<PollWorkflowExecutionUpdateResponse>(
            await Execution(ns, of.WorkflowId).PollUpdateAsync(of.RunId, request.UpdateRef.UpdateId, StageOf(request.WaitPolicy), Left(context)).WaitAsync(context.CancellationToken));
    }

    [Rpc("any but a start with an update, and what on_conflict_options attach")]
    public async Task<ExecuteMultiOperationResponse> ExecuteMultiOperation(ExecuteMultiOperationRequest request, ServerCallContext context)
    {
        if (request.Operations is not [{ StartWorkflow: { } start }, { UpdateWorkflow: { } update }])
        {
            throw RpcErrors.InvalidArgument("Operations have to be exactly [Start, Update].");
        }

        var ns = await OpenNamespaceAsync(request.Namespace, context);
        CheckOperations(request, start, update, ns);
        start.RequestId = start.RequestId.Length > 0 ? start.RequestId : Guid.NewGuid().ToString();
        var execution = Execution(ns, start.WorkflowId);
        var admitted = await execution.StartWithUpdateAsync(CallOf(start, "", context), update.ToByteArray());
        if (admitted.Answer.Refusal is { } refusal)
        {
            throw RpcErrors.OperationFailed(refusal, admitted.IsStartRefused ? 0 : 1);
        }

        try
        {
            var updated = await UpdatedAsync(execution, admitted, update.WaitPolicy, context);
            var started = new StartWorkflowExecutionResponse { RunId = admitted.RunId, Started = admitted.Started, Status = WorkflowExecutionStatus.Running };
            return new ExecuteMultiOperationResponse { Responses = { Of(new() { StartWorkflow = started }), Of(new() { UpdateWorkflow = updated }) } };
        }
        catch (RpcException e)
        {
            throw RpcErrors.OperationFailed(e, 1);
        }
    }

    private static ExecuteMultiOperationResponse.Types.Response Of(ExecuteMultiOperationResponse.Types.Response response) => response;

    private static void CheckUpdate(UpdateWorkflowExecutionRequest request)
    {
        var stage = StageOf(request.WaitPolicy);
        if (stage == UpdateWorkflowExecutionLifecycleStage.Admitted)
        {
            throw RpcErrors.InvalidArgument("WaitPolicy.LifecycleStage ADMITTED is not supported.");
        }

        RequestChecks.Id(request.Request?.Input?.Name, "Request.Input.Name");
        RequestChecks.Blob(request.Request, "UpdateWorkflowExecutionRequest.Request");
        if (request.Request!.CompletionCallbacks.Count > 0)
        {
            throw RpcErrors.Unimplemented("Completion callbacks of updates are not there yet.");
        }

        request.Request.Meta ??= new Meta();
        request.Request.Meta.UpdateId = request.Request.Meta.UpdateId is { Length: > 0 } id ? id : Guid.NewGuid().ToString();
        RequestChecks.Length(request.Request.Meta.UpdateId, "Request.Meta.UpdateId");
    }

    private static void CheckOperations(ExecuteMultiOperationRequest request, StartWorkflowExecutionRequest start, UpdateWorkflowExecutionRequest update, WorkflowNamespace ns)
    {
        try
        {
            if ((start.Namespace.Length > 0 && start.Namespace != request.Namespace) || (update.Namespace.Length > 0 && update.Namespace != request.Namespace))
            {
                throw RpcErrors.InvalidArgument("The operations are of another namespace than the request.");
            }

            RequestChecks.Start(start);
            CheckSkipping(ns, start.TimeSkippingConfig);
            RequestChecks.SearchAttributes(start.SearchAttributes, ns.SearchAttributes);
            if (start.WorkflowIdConflictPolicy == WorkflowIdConflictPolicy.Unspecified)
            {
                throw RpcErrors.InvalidArgument("WorkflowIdConflictPolicy is not set on request.");
            }
        }
        catch (RpcException e)
        {
            throw RpcErrors.OperationFailed(e, 0);
        }

        try
        {
            if (update.WorkflowExecution?.WorkflowId != start.WorkflowId || update.WorkflowExecution.RunId.Length > 0 || update.FirstExecutionRunId.Length > 0)
            {
                throw RpcErrors.InvalidArgument("The update is of another workflow than the start, or names a run.");
            }

            CheckUpdate(update);
        }
        catch (RpcException e)
        {
            throw RpcErrors.OperationFailed(e, 1);
        }
    }

    /// <summary>Without a wish the answer comes when the update is accepted.</summary>
    private static UpdateWorkflowExecutionLifecycleStage StageOf(WaitPolicy? policy) =>
        policy is null or { LifecycleStage: UpdateWorkflowExecutionLifecycleStage.Unspecified } ? UpdateWorkflowExecutionLifecycleStage.Accepted : policy.LifecycleStage;

    private async Task<UpdateWorkflowExecutionResponse> UpdatedAsync(IExecutionGrain execution, Admission admitted, WaitPolicy? policy, ServerCallContext context)
    {
        var answer = admitted.Ticket == Guid.Empty ? admitted.Answer
            : await execution.WaitUpdateAsync(admitted.Ticket, StageOf(policy), Left(context)).WaitAsync(context.CancellationToken);
        var state = Read<PollWorkflowExecutionUpdateResponse>(answer);
        return new UpdateWorkflowExecutionResponse { UpdateRef = state.UpdateRef, Outcome = state.Outcome, Stage = state.Stage };
    }

    /// <summary>How long a call waits: its answer is on the way before its deadline.</summary>
    private TimeSpan Left(ServerCallContext context)
    {
        var left = context.Deadline == DateTime.MaxValue ? LongestUpdate : context.Deadline.ToUniversalTime() - clock.GetUtcNow().UtcDateTime - ReturnTime;
        return left < TimeSpan.Zero ? TimeSpan.Zero : left < LongestUpdate ? left : LongestUpdate;
    }
}
