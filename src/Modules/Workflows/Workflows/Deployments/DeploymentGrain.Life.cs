using Flagstone.Workflows.Executions;
using Temporalio.Api.WorkflowService.V1;

#pragma warning disable CS0612 // Older clients read versions as texts.

namespace Flagstone.Workflows.Deployments;

/// <summary>Deployments and versions that clients make, and that they delete.</summary>
internal sealed partial class DeploymentGrain
{
    public async Task<Answer> CreateAsync(Call call)
    {
        var request = CreateWorkerDeploymentRequest.Parser.ParseFrom(call.Request);
        if (state is not null)
        {
            return state.RequestId == request.RequestId ? Answer.Of(new CreateWorkerDeploymentResponse { ConflictToken = DeploymentViews.TokenOf(state) })
                : Refusal.AlreadyExists($"Worker Deployment '{key.Name}' already exists");
        }

        if (await TooManyAsync() is { } refused)
        {
            return refused;
        }

        state = NewState(request.RequestId);
        state.LastModifier = request.Identity;
        return await CommitAsync("create", WithReason($"deployment {key.Name}", call), call.Actor) is { } failed ? failed
            : Answer.Of(new CreateWorkerDeploymentResponse { ConflictToken = DeploymentViews.TokenOf(state) });
    }

    public async Task<Answer> CreateVersionAsync(Call call)
    {
        var request = CreateWorkerDeploymentVersionRequest.Parser.ParseFrom(call.Request);
        var build = request.DeploymentVersion.BuildId;
        if (state is null)
        {
            return Missing();
        }

        if (state.Versions.TryGetValue(build, out var there))
        {
            return there.RequestId == request.RequestId ? Answer.Of(new CreateWorkerDeploymentVersionResponse())
                : Refusal.AlreadyExists($"Worker Deployment Version '{state.VersionOf(build)}' already exists");
        }

        if ((DeploymentRules.RefuseManager(state, request.Identity)
            ?? DeploymentRules.Create(state, build, request.RequestId, request.Identity, clock.GetUtcNow())) is { } refusal)
        {
            return Dropped(refusal);
        }

        return await CommitAsync("create-version", WithReason($"version {Shown(build)}", call), call.Actor) is { } failed ? failed
            : Answer.Of(new CreateWorkerDeploymentVersionResponse());
    }

    public async Task<Answer> DeleteVersionAsync(Call call)
    {
        var request = DeleteWorkerDeploymentVersionRequest.Parser.ParseFrom(call.Request);
        var build = BuildOf(request.DeploymentVersion, request.Version);
        await ObserveAsync();
        if (state?.Versions.GetValueOrDefault(build) is not { } of)
        {
            // Who asks again has what they want.
            return Answer.Of(new DeleteWorkerDeploymentVersionResponse());
        }

        var isPolled = await IsPolledAsync(build);
        if ((DeploymentRules.RefuseManager(state, request.Identity)
            ?? DeploymentRules.RefuseDelete(state, build, request.SkipDrainage, isPolled)) is { } refusal)
        {
            return Dropped(refusal);
        }

        state.Versions.Remove(build);
        state.LastModifier = request.Identity;
        if (await CommitAsync("delete-version", WithReason($"version {Shown(build)}", call), call.Actor) is { } failed)
        {
            return failed;
        }

        await TellAsync(of.Queues);
        return Answer.Of(new DeleteWorkerDeploymentVersionResponse());
    }

    public async Task<Answer> DeleteAsync(Call call)
    {
        var request = DeleteWorkerDeploymentRequest.Parser.ParseFrom(call.Request);
        if (state is null)
        {
            return Answer.Of(new DeleteWorkerDeploymentResponse());
        }

        if (DeploymentRules.RefuseManager(state, request.Identity) is { } refusal)
        {
            return refusal;
        }

        if (state.Versions.Count > 0)
        {
            return DeploymentRules.Failed($"deployment '{key.Name}' has versions, can't be deleted: delete them first");
        }

        var step = new DeploymentStep("delete", WithReason($"deployment {key.Name}", call), call.Actor, null);
        if (!await store.DeleteAsync(key, version, state, step, CancellationToken.None))
        {
            return await OvertakenAsync();
        }

        await LoadAsync();
        return Answer.Of(new DeleteWorkerDeploymentResponse());
    }
}
