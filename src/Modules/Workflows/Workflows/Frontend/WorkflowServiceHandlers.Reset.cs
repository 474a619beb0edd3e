using Flagstone.Workflows.Namespaces;
using Grpc.Core;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Resets of executions.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("priorities among post_reset_operations")]
    public async Task<ResetWorkflowExecutionResponse> ResetWorkflowExecution(ResetWorkflowExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Length(request.Reason, "Reason");
        RequestChecks.Length(request.RequestId, "RequestId");
        CheckExecution(request.WorkflowExecution);
        var ns = await NamespaceAsync(request.Namespace, context);
        CheckPostReset(ns, request.PostResetOperations);
        request.RequestId = request.RequestId.Length > 0 ? request.RequestId : Guid.NewGuid().ToString();
        var execution = Execution(ns, request.WorkflowExecution.WorkflowId);
        return Read<ResetWorkflowExecutionResponse>(await execution.ResetAsync(CallOf(request, request.WorkflowExecution.RunId, context)));
    }

    private static void CheckPostReset(WorkflowNamespace ns, IEnumerable<PostResetOperation> operations)
    {
        foreach (var operation in operations)
        {
            if (operation.UpdateWorkflowOptions is { } options)
            {
                CheckOptions(ns, options.UpdateMask, options.WorkflowExecutionOptions);
                continue;
            }

            if (operation.SignalWorkflow is not { } signal)
            {
                throw RpcErrors.Unimplemented("Of the operations after a reset only signals and options of workflows are there.");
            }

            RequestChecks.Id(signal.SignalName, "SignalName");
            RequestChecks.Blob(signal.Input, "PostResetOperation.SignalWorkflow.Input");
        }
    }
}
