using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Starts, signals, and the ends of executions.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("callbacks to addresses outside")]
    public async Task<StartWorkflowExecutionResponse> StartWorkflowExecution(StartWorkflowExecutionRequest request, ServerCallContext context)
    {
        var ns = await OpenNamespaceAsync(request.Namespace, context);
        RequestChecks.Start(request);
        CheckSkipping(ns, request.TimeSkippingConfig);
        await CheckOverrideAsync(ns, request.VersioningOverride, request.TaskQueue.Name, context);
        RequestChecks.SearchAttributes(request.SearchAttributes, ns.SearchAttributes);
        request.RequestId = request.RequestId.Length > 0 ? request.RequestId : Guid.NewGuid().ToString();
        var started = Read<StartWorkflowExecutionResponse>(await Execution(ns, request.WorkflowId).StartAsync(CallOf(request, "", context)));
        if (started.EagerWorkflowTask is { } task)
        {
            await AddHistoryAsync(task, isPartial: false);
        }

        return started;
    }

    [Rpc]
    public async Task<SignalWithStartWorkflowExecutionResponse> SignalWithStartWorkflowExecution(SignalWithStartWorkflowExecutionRequest request, ServerCallContext context)
    {
        var ns = await OpenNamespaceAsync(request.Namespace, context);
        RequestChecks.Start(request.CopyTo(new StartWorkflowExecutionRequest()));
        CheckSkipping(ns, request.TimeSkippingConfig);
        await CheckOverrideAsync(ns, request.VersioningOverride, request.TaskQueue.Name, context);
        RequestChecks.Id(request.SignalName, "SignalName");
        RequestChecks.Blob(request.SignalInput, "SignalWithStartWorkflowExecutionRequest.SignalInput");
        RequestChecks.SearchAttributes(request.SearchAttributes, ns.SearchAttributes);
        if (request.WorkflowIdConflictPolicy == WorkflowIdConflictPolicy.Fail)
        {
            throw RpcErrors.InvalidArgument("Invalid WorkflowIDConflictPolicy: WORKFLOW_ID_CONFLICT_POLICY_FAIL is not supported for this operation.");
        }

        request.RequestId = request.RequestId.Length > 0 ? request.RequestId : Guid.NewGuid().ToString();
        return Read<SignalWithStartWorkflowExecutionResponse>(await Execution(ns, request.WorkflowId).SignalWithStartAsync(CallOf(request, "", context)));
    }

    [Rpc]
    public async Task<SignalWorkflowExecutionResponse> SignalWorkflowExecution(SignalWorkflowExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.SignalName, "SignalName");
        RequestChecks.Length(request.RequestId, "RequestId");
        RequestChecks.Blob(request.Input, "SignalWorkflowExecutionRequest.Input");
        RequestChecks.Links(request.Links);
        var execution = await ExecutionAsync(request.Namespace, request.WorkflowExecution, context);
        return Read<SignalWorkflowExecutionResponse>(await execution.SignalAsync(CallOf(request, request.WorkflowExecution.RunId, context)));
    }

    [Rpc]
    public async Task<RequestCancelWorkflowExecutionResponse> RequestCancelWorkflowExecution(RequestCancelWorkflowExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Length(request.Reason, "Reason");
        var execution = await ExecutionAsync(request.Namespace, request.WorkflowExecution, context);
        return Read<RequestCancelWorkflowExecutionResponse>(await execution.RequestCancelAsync(CallOf(request, request.WorkflowExecution.RunId, context)));
    }

    [Rpc]
    public async Task<TerminateWorkflowExecutionResponse> TerminateWorkflowExecution(TerminateWorkflowExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Length(request.Reason, "Reason");
        RequestChecks.Blob(request.Details, "TerminateWorkflowExecutionRequest.Details");
        var execution = await ExecutionAsync(request.Namespace, request.WorkflowExecution, context);
        return Read<TerminateWorkflowExecutionResponse>(await execution.TerminateAsync(CallOf(request, request.WorkflowExecution.RunId, context)));
    }

    [Rpc]
    public async Task<DeleteWorkflowExecutionResponse> DeleteWorkflowExecution(DeleteWorkflowExecutionRequest request, ServerCallContext context)
    {
        var execution = await ExecutionAsync(request.Namespace, request.WorkflowExecution, context);
        return Read<DeleteWorkflowExecutionResponse>(await execution.DeleteAsync(CallOf(request, request.WorkflowExecution.RunId, context)));
    }

    [Rpc]
    public async Task<ResetStickyTaskQueueResponse> ResetStickyTaskQueue(ResetStickyTaskQueueRequest request, ServerCallContext context)
    {
        var execution = await ExecutionAsync(request.Namespace, request.Execution, context);
        return Read<ResetStickyTaskQueueResponse>(await execution.ResetStickyAsync(request.Execution.RunId, ""));
    }

    private static T Read<T>(Answer answer)
        where T : IMessage<T>, new() => answer.Refusal is { } refusal ? throw RpcErrors.Of(refusal) : answer.As<T>();

    private static Call CallOf(IMessage request, string runId, ServerCallContext context) =>
        new(request.ToByteArray(), runId, CallerInterceptor.Of(context).Name, CallerInterceptor.Of(context).Actor.Id, CallerInterceptor.ReasonOf(context));

    private Task<WorkflowNamespace> NamespaceAsync(string name, ServerCallContext context) => cache.GetAsync(name, context.CancellationToken).AsTask();

    /// <summary>A namespace in which something new may begin.</summary>
    private async Task<WorkflowNamespace> OpenNamespaceAsync(string name, ServerCallContext context)
    {
        var ns = await NamespaceAsync(name, context);
        return ns.IsDeprecated ? throw RpcErrors.NamespaceDeprecated(name) : ns;
    }

    private IExecutionGrain Execution(WorkflowNamespace ns, string workflowId) => grains.GetGrain<IExecutionGrain>(new ExecutionKey(ns.Id, workflowId).ToString());

    private async Task<IExecutionGrain> ExecutionAsync(string name, WorkflowExecution? execution, ServerCallContext context)
    {
        CheckExecution(execution);
        return Execution(await NamespaceAsync(name, context), execution!.WorkflowId);
    }

    private static void CheckExecution(WorkflowExecution? execution)
    {
        RequestChecks.Id(execution?.WorkflowId, "WorkflowId");
        if (execution!.RunId.Length > 0 && !Guid.TryParse(execution.RunId, out _))
        {
            throw RpcErrors.InvalidArgument("Invalid RunId.");
        }
    }
}
