using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Versioning;
using Grpc.Core;
using Temporalio.Api.Deployment.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Versions of workers: as polls and answers name them, and as callers override them.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("priorities")]
    public async Task<UpdateWorkflowExecutionOptionsResponse> UpdateWorkflowExecutionOptions(
        UpdateWorkflowExecutionOptionsRequest request, ServerCallContext context)
    {
        CheckExecution(request.WorkflowExecution);
        var ns = await NamespaceAsync(request.Namespace, context);
        CheckOptions(ns, request.UpdateMask, request.WorkflowExecutionOptions);
        var execution = Execution(ns, request.WorkflowExecution.WorkflowId);
        return Read<UpdateWorkflowExecutionOptionsResponse>(await execution.UpdateOptionsAsync(CallOf(request, request.WorkflowExecution.RunId, context)));
    }

    private static void CheckVersion(RespondWorkflowTaskCompletedRequest request)
    {
        if (request.VersioningBehavior != VersioningBehavior.Unspecified && request.DeploymentOptions?.WorkerVersioningMode != WorkerVersioningMode.Versioned)
        {
            throw RpcErrors.InvalidArgument(
                "versioning_behavior is set, and deployment_options.worker_versioning_mode is not VERSIONED. Set both, or neither.");
        }
    }

    /// <summary>A workflow that is pinned to a version which has not its queue would wait for ever.</summary>
    private async Task CheckOverrideAsync(WorkflowNamespace ns, VersioningOverride? said, string queue, ServerCallContext context)
    {
        if (WorkerVersion.Parse(Overriding.VersionOf(said)) is { } version
            && !(await deployments.QueuesAsync(ns.Id, version, TaskKind.Workflow, context.CancellationToken)).Contains(queue))
        {
            throw RpcErrors.Of(Overriding.NotInQueue(version, queue));
        }
    }

    /// <summary>What a worker says of its deployment, which is told what the worker polls.</summary>
    private async Task<DeployedWorker?> SeenAsync(TaskQueueKey key, WorkerDeploymentOptions? options, string normal, ServerCallContext context)
    {
        if (options is null || (options.DeploymentName.Length == 0 && options.WorkerVersioningMode != WorkerVersioningMode.Versioned))
        {
            return null;
        }

        CheckDeployment(options.DeploymentName);
        RequestChecks.Id(options.BuildId, "BuildId");
        if (normal.Length == 0 && await registrar.SeenAsync(key, options, CallerInterceptor.Of(context).Actor.Id) is { } refusal)
        {
            throw RpcErrors.Of(refusal);
        }

        return new DeployedWorker(options.DeploymentName, options.BuildId, options.WorkerVersioningMode == WorkerVersioningMode.Versioned);
    }
}
