using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console.Activities;

/// <summary>A standalone activity that something is done to.</summary>
/// <param name="Namespace">The workflow namespace's name.</param>
internal sealed record ActivityTarget(string Namespace, string Id, string RunId);

/// <summary>Does what people ask of standalone activities, by the messages of the gRPC API. An answer is null when it is done, else why it is not.</summary>
internal sealed class ActivityActions(TemporalCalls calls)
{
    public async Task<string?> PauseAsync(Caller caller, ActivityTarget activity, string reason) => (await calls.CallAsync<PauseActivityExecutionResponse>(
        caller, new PauseActivityExecutionRequest
        {
            Namespace = activity.Namespace, ActivityId = activity.Id, RunId = activity.RunId, Reason = reason, Identity = RunActions.Identity,
            RequestId = Guid.NewGuid().ToString(),
        }, reason, CancellationToken.None)).Refusal;

    public async Task<string?> UnpauseAsync(Caller caller, ActivityTarget activity, string reason) => (await calls.CallAsync<UnpauseActivityExecutionResponse>(
        caller, new UnpauseActivityExecutionRequest
        {
            Namespace = activity.Namespace, ActivityId = activity.Id, RunId = activity.RunId, Reason = reason, Identity = RunActions.Identity,
            RequestId = Guid.NewGuid().ToString(),
        }, reason, CancellationToken.None)).Refusal;

    public async Task<string?> ResetAsync(Caller caller, ActivityTarget activity, string reason) => (await calls.CallAsync<ResetActivityExecutionResponse>(
        caller, new ResetActivityExecutionRequest
        {
            Namespace = activity.Namespace, ActivityId = activity.Id, RunId = activity.RunId, Identity = RunActions.Identity, RequestId = Guid.NewGuid().ToString(),
        }, reason, CancellationToken.None)).Refusal;

    public async Task<string?> CancelAsync(Caller caller, ActivityTarget activity, string reason) => (await calls.CallAsync<RequestCancelActivityExecutionResponse>(
        caller, new RequestCancelActivityExecutionRequest
        {
            Namespace = activity.Namespace, ActivityId = activity.Id, RunId = activity.RunId, Reason = reason, Identity = RunActions.Identity,
            RequestId = Guid.NewGuid().ToString(),
        }, reason, CancellationToken.None)).Refusal;

    public async Task<string?> TerminateAsync(Caller caller, ActivityTarget activity, string reason) => (await calls.CallAsync<TerminateActivityExecutionResponse>(
        caller, new TerminateActivityExecutionRequest
        {
            Namespace = activity.Namespace, ActivityId = activity.Id, RunId = activity.RunId, Reason = reason, Identity = RunActions.Identity,
            RequestId = Guid.NewGuid().ToString(),
        }, reason, CancellationToken.None)).Refusal;

    public async Task<string?> DeleteAsync(Caller caller, ActivityTarget activity, string reason) => (await calls.CallAsync<DeleteActivityExecutionResponse>(
        caller, new DeleteActivityExecutionRequest { Namespace = activity.Namespace, ActivityId = activity.Id, RunId = activity.RunId }, reason,
        CancellationToken.None)).Refusal;
}
