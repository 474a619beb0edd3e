using Flagstone.Workflows.Activities;
using Grpc.Core;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Operations on one activity that is under way: of a workflow where the request names one, else one that a client started.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("a status of its own in lists; remembered request ids")]
    public async Task<PauseActivityExecutionResponse> PauseActivityExecution(PauseActivityExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.ActivityId, "ActivityId");
        RequestChecks.Length(request.Reason, "Reason");
        RequestChecks.Length(request.Identity, "Identity");
        if (request.WorkflowId.Length > 0)
        {
            await PauseActivity(
                new PauseActivityRequest
                {
                    Namespace = request.Namespace, Execution = new() { WorkflowId = request.WorkflowId, RunId = request.RunId }, Id = request.ActivityId,
                    Identity = request.Identity, Reason = request.Reason,
                },
                context);
            return new PauseActivityExecutionResponse();
        }

        var activity = ActivityGrain(await NamespaceAsync(request.Namespace, context), request.ActivityId);
        return Read<PauseActivityExecutionResponse>(await activity.PauseAsync(CallOf(request, request.RunId, context)));
    }

    [Rpc("remembered request ids")]
    public async Task<UnpauseActivityExecutionResponse> UnpauseActivityExecution(UnpauseActivityExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.ActivityId, "ActivityId");
        CheckJitter(request.Jitter);
        if (request.WorkflowId.Length > 0)
        {
            await UnpauseActivity(
                new UnpauseActivityRequest
                {
                    Namespace = request.Namespace, Execution = new() { WorkflowId = request.WorkflowId, RunId = request.RunId }, Id = request.ActivityId,
                    Identity = request.Identity, Jitter = request.Jitter,
                },
                context);
            return new UnpauseActivityExecutionResponse();
        }

        var activity = ActivityGrain(await NamespaceAsync(request.Namespace, context), request.ActivityId);
        return Read<UnpauseActivityExecutionResponse>(await activity.UnpauseAsync(CallOf(request, request.RunId, context)));
    }

    [Rpc("remembered request ids")]
    public async Task<ResetActivityExecutionResponse> ResetActivityExecution(ResetActivityExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.ActivityId, "ActivityId");
        CheckJitter(request.Jitter);
        if (request.WorkflowId.Length > 0)
        {
            await ResetActivity(
                new ResetActivityRequest
                {
                    Namespace = request.Namespace, Execution = new() { WorkflowId = request.WorkflowId, RunId = request.RunId }, Id = request.ActivityId,
                    Identity = request.Identity, Jitter = request.Jitter, KeepPaused = request.KeepPaused, ResetHeartbeat = request.ResetHeartbeat,
                    RestoreOriginalOptions = request.RestoreOriginalOptions,
                },
                context);
            return new ResetActivityExecutionResponse();
        }

        var activity = ActivityGrain(await NamespaceAsync(request.Namespace, context), request.ActivityId);
        return Read<ResetActivityExecutionResponse>(await activity.ResetAsync(CallOf(request, request.RunId, context)));
    }

    [Rpc("priorities and start delays; remembered request ids")]
    public async Task<UpdateActivityExecutionOptionsResponse> UpdateActivityExecutionOptions(
        UpdateActivityExecutionOptionsRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.ActivityId, "ActivityId");
        if (request.WorkflowId.Length > 0)
        {
            var updated = await UpdateActivityOptions(
                new UpdateActivityOptionsRequest
                {
                    Namespace = request.Namespace, Execution = new() { WorkflowId = request.WorkflowId, RunId = request.RunId }, Id = request.ActivityId,
                    Identity = request.Identity, ActivityOptions = request.ActivityOptions, UpdateMask = request.UpdateMask,
                    RestoreOriginal = request.RestoreOriginal,
                },
                context);
            return new UpdateActivityExecutionOptionsResponse { ActivityOptions = updated.ActivityOptions };
        }

        if (ActivityOptionRules.Refuse(request.ActivityOptions, request.UpdateMask, request.RestoreOriginal) is { } wrong)
        {
            throw RpcErrors.InvalidArgument(wrong);
        }

        var activity = ActivityGrain(await NamespaceAsync(request.Namespace, context), request.ActivityId);
        return Read<UpdateActivityExecutionOptionsResponse>(await activity.UpdateOptionsAsync(CallOf(request, request.RunId, context)));
    }
}
