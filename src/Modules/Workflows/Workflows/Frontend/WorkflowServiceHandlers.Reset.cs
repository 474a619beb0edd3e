using Flagstone.Workflows.Versioning;
using Grpc.Core;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Resets of executions.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("priorities and time skipping among post_reset_operations")]
    public async Task<ResetWorkflowExecutionResponse> ResetWorkflowExecution(ResetWorkflowExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Length(request.Reason, "Reason");
        RequestChecks.Length(request.RequestId, "RequestId");
        CheckPostReset(request.PostResetOperations);
        request.RequestId = request.RequestId.Length > 0 ? request.RequestId : Guid.NewGuid().ToString();
        var execution = await ExecutionAsync(request.Namespace, request.WorkflowExecution, context);
        return Read<ResetWorkflowExecutionResponse>(await execution.ResetAsync(CallOf(request, request.WorkflowExecution.RunId, context)));
    }

    private static void CheckPostReset(IEnumerable<PostResetOperation> operations)
    {
        foreach (var operation in operations)
        {
            if (operation.UpdateWorkflowOptions is { } options)
            {
                if ((Overriding.Refuse(options.UpdateMask) ?? Overriding.Refuse(options.WorkflowExecutionOptions?.VersioningOverride)) is { } wrong)
                {
                    throw RpcErrors.InvalidArgument(wrong);
                }

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
