using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A version that new work is to go to.</summary>
/// <param name="Namespace">The workflow namespace's name.</param>
/// <param name="Action"><c>current</c> or <c>ramp</c>.</param>
/// <param name="Token">Of the deployment as the page shows it: a change meanwhile is not overwritten.</param>
/// <param name="Before">Who gets new work now, as a person reads it.</param>
public sealed record VersionTarget(string Namespace, string Deployment, string Build, string Action, ByteString Token, string Before);

/// <summary>Does what people ask of deployments in the console, by the messages of the gRPC API. An answer is null when it is done, else why it is not.</summary>
internal sealed class DeploymentActions(TemporalCalls calls)
{
    public async Task<string?> MakeCurrentAsync(Caller caller, VersionTarget target, string reason) => (await calls.CallAsync<SetWorkerDeploymentCurrentVersionResponse>(
        caller, new SetWorkerDeploymentCurrentVersionRequest
        {
            Namespace = target.Namespace, DeploymentName = target.Deployment, BuildId = target.Build, ConflictToken = target.Token,
            Identity = RunActions.Identity,
        }, reason, CancellationToken.None)).Refusal;

    /// <param name="percentage">0 to 100.</param>
    public async Task<string?> RampAsync(Caller caller, VersionTarget target, float percentage, string reason) => (await calls.CallAsync<SetWorkerDeploymentRampingVersionResponse>(
        caller, new SetWorkerDeploymentRampingVersionRequest
        {
            Namespace = target.Namespace, DeploymentName = target.Deployment, BuildId = target.Build, Percentage = percentage, ConflictToken = target.Token,
            Identity = RunActions.Identity,
        }, reason, CancellationToken.None)).Refusal;
}
