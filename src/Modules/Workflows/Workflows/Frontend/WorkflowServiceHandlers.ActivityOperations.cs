using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Commands;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Operations on activities that are under way.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc]
    public async Task<PauseActivityResponse> PauseActivity(PauseActivityRequest request, ServerCallContext context)
    {
        CheckChoice(request.HasId ? request.Id : null, request.HasType ? request.Type : null, all: false);
        RequestChecks.Length(request.Reason, "Reason");
        RequestChecks.Length(request.Identity, "Identity");
        var execution = await ExecutionAsync(request.Namespace, request.Execution, context);
        return Read<PauseActivityResponse>(await execution.PauseActivityAsync(CallOf(request, request.Execution.RunId, context)));
    }

    [Rpc]
    public async Task<UnpauseActivityResponse> UnpauseActivity(UnpauseActivityRequest request, ServerCallContext context)
    {
        CheckChoice(request.HasId ? request.Id : null, request.HasType ? request.Type : null, request.UnpauseAll);
        CheckJitter(request.Jitter);
        var execution = await ExecutionAsync(request.Namespace, request.Execution, context);
        return Read<UnpauseActivityResponse>(await execution.UnpauseActivityAsync(CallOf(request, request.Execution.RunId, context)));
    }

    [Rpc]
    public async Task<ResetActivityResponse> ResetActivity(ResetActivityRequest request, ServerCallContext context)
    {
        CheckChoice(request.HasId ? request.Id : null, request.HasType ? request.Type : null, request.MatchAll);
        CheckJitter(request.Jitter);
        var execution = await ExecutionAsync(request.Namespace, request.Execution, context);
        return Read<ResetActivityResponse>(await execution.ResetActivityAsync(CallOf(request, request.Execution.RunId, context)));
    }

    [Rpc("priorities and start delays")]
    public async Task<UpdateActivityOptionsResponse> UpdateActivityOptions(UpdateActivityOptionsRequest request, ServerCallContext context)
    {
        CheckChoice(request.HasId ? request.Id : null, request.HasType ? request.Type : null, request.MatchAll);
        if (ActivityOptionRules.Refuse(request.ActivityOptions, request.UpdateMask, request.RestoreOriginal) is { } wrong)
        {
            throw RpcErrors.InvalidArgument(wrong);
        }

        var execution = await ExecutionAsync(request.Namespace, request.Execution, context);
        return Read<UpdateActivityOptionsResponse>(await execution.UpdateActivityOptionsAsync(CallOf(request, request.Execution.RunId, context)));
    }

    private static void CheckChoice(string? id, string? type, bool all)
    {
        if (id is null && type is null && !all)
        {
            throw RpcErrors.InvalidArgument("Neither the id nor the type of an activity is set on request.");
        }

        if (!all)
        {
            RequestChecks.Id(id ?? type, id is null ? "Activity.Type" : "Activity.Id");
        }
    }

    private static void CheckJitter(Duration? jitter)
    {
        if (Durations.Of(jitter) < TimeSpan.Zero)
        {
            throw RpcErrors.InvalidArgument("Invalid Jitter: it is negative, or no duration.");
        }
    }
}
