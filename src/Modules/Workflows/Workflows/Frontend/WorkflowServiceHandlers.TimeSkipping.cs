using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.TimeSkipping;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Time skipping: where it is allowed, and what of it is waited for.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    /// <summary>Answers when the fast-forward is complete or cannot be any more, or after a while that it is neither.</summary>
    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<PollWorkflowExecutionTimeSkippingResponse> PollWorkflowExecutionTimeSkipping(
        PollWorkflowExecutionTimeSkippingRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.FastForwardId, "FastForwardId");
        var execution = await ExecutionAsync(request.Namespace, request.WorkflowExecution, context);
        return Read<PollWorkflowExecutionTimeSkippingResponse>(
            await execution.PollFastForwardAsync(request.WorkflowExecution.RunId, request.FastForwardId, Left(context)).WaitAsync(context.CancellationToken));
    }

    /// <summary>Histories are evidence of when things happened: where a namespace does not say otherwise, no clock jumps.</summary>
    private static void CheckSkipping(WorkflowNamespace ns, TimeSkippingConfig? config)
    {
        if (SkipConfig.Refuse(config) is { } wrong)
        {
            throw RpcErrors.InvalidArgument(wrong);
        }

        if (config is { Enabled: true } && !ns.AllowsTimeSkipping)
        {
            throw RpcErrors.FailedPrecondition(
                $"Namespace '{ns.Name}' does not allow time skipping: its histories are evidence of when things happened. "
                + "Use a namespace for tests, whose WorkflowNamespace has spec.timeSkipping: true, or leave time_skipping_config out.");
        }
    }

    private static void CheckOptions(WorkflowNamespace ns, FieldMask? mask, WorkflowExecutionOptions? options)
    {
        if (OptionFields.Refuse(mask, options) is { } wrong)
        {
            throw RpcErrors.InvalidArgument(wrong);
        }

        if (OptionFields.Of(mask).Skipping)
        {
            CheckSkipping(ns, options?.TimeSkippingConfig);
        }
    }
}
