using Flagstone.Workflows.Executions;
using Google.Protobuf;

namespace Flagstone.Workflows.Deployments;

/// <summary>Whether work may be sent to a version, and whether anybody takes it.</summary>
internal sealed partial class DeploymentGrain
{
    private async Task<Refusal?> TooManyAsync() => await store.CountAsync(key.Namespace, CancellationToken.None) < DeploymentStore.MaxDeployments ? null
        : Refusal.Exhausted(
            $"reached maximum deployments in namespace ({DeploymentStore.MaxDeployments}). Delete a deployment that is not used any more.");

    /// <summary>Why work may not be sent to a build; null when it may. A version without workers is made where the caller says that they come.</summary>
    private async Task<Refusal?> ReadyAsync(string build, ByteString token, string identity, bool allowNoPollers, bool ignoreMissing, string role)
    {
        if (state is null)
        {
            return Missing();
        }

        if ((RefuseToken(token) ?? DeploymentRules.RefuseManager(state, identity)) is var refusal && (refusal is not null || build.Length == 0))
        {
            return refusal;
        }

        if (!state.Versions.TryGetValue(build, out var next))
        {
            if (!allowNoPollers)
            {
                return MissingVersion(build);
            }

            if (DeploymentRules.Create(state, build, "", identity, clock.GetUtcNow()) is { } full)
            {
                return full;
            }

            next = state.Versions[build];
        }

        if (!allowNoPollers && next.Queues.Count == 0)
        {
            return DeploymentRules.Failed($"version '{Shown(build)}' has no pollers: start its workers first, or set allow_no_pollers");
        }

        return !ignoreMissing && await IsMissingQueuesAsync(build, next)
            ? DeploymentRules.Failed(
                $"proposed {role} version '{Shown(build)}' is missing active task queues from the current version; these would become unversioned if it "
                + $"is set as the {role} version")
            : null;
    }

    /// <summary>Whether a queue is in use that the current version's workers poll and those of the next do not.</summary>
    private async Task<bool> IsMissingQueuesAsync(string build, VersionState next)
    {
        if (state!.Current is not { Length: > 0 } current || current == build)
        {
            return false;
        }

        foreach (var queue in state.Versions[current].Queues.Except(next.Queues))
        {
            // A queue that has moved to another deployment is of no concern to this one.
            if ((await store.RoutingAsync(KeyOf(queue), CancellationToken.None)).Current == Shown(current)
                && (await Queue(queue).IsUsedAsync() || (await tasks.BacklogAsync(KeyOf(queue), clock.GetUtcNow(), CancellationToken.None)).Count > 0))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> IsPolledAsync(string build)
    {
        foreach (var queue in state!.Versions[build].Queues)
        {
            if ((await Queue(queue).PollersAsync()).Any(p => p.Worker?.Version == Shown(build)))
            {
                return true;
            }
        }

        return false;
    }
}
