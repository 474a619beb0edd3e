using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.ErrorDetails.V1;

namespace Flagstone.Workflows.Deployments;

/// <summary>What changes a deployment. A refusal means that nothing is to be stored. Pure. (Temporal's server: service/worker/workerdeployment.)</summary>
internal static class DeploymentRules
{
    /// <summary>As many versions may a deployment have, as with Temporal's server.</summary>
    public const int MaxVersions = 100;

    /// <summary>As many task queues, of either kind, may the workers of a version poll.</summary>
    public const int MaxQueues = 100;

    /// <summary>Notes that workers of a build poll a queue. True when that is news.</summary>
    public static bool Register(DeploymentState state, string build, VersionQueue queue, DateTimeOffset now, out Refusal? refusal)
    {
        refusal = null;
        if (!state.Versions.TryGetValue(build, out var version))
        {
            if ((refusal = MakeRoom(state, build)) is not null)
            {
                return false;
            }

            state.Versions[build] = version = new VersionState { CreatedAt = now };
        }

        if (version.Queues.Contains(queue))
        {
            return false;
        }

        if (version.Queues.Count >= MaxQueues)
        {
            refusal = Refusal.Exhausted(
                $"cannot add task queue {queue.Name} since maximum number of task queues ({MaxQueues}) have been registered in deployment version "
                + $"{state.VersionOf(build)}");
            return false;
        }

        version.Queues.Add(queue);
        return true;
    }

    /// <summary>Adds a version whose workers are still to come; null when it is there.</summary>
    public static Refusal? Create(DeploymentState state, string build, string requestId, string identity, DateTimeOffset now)
    {
        if (MakeRoom(state, build) is { } refusal)
        {
            return refusal;
        }

        state.Versions[build] = new VersionState { CreatedAt = now, RequestId = requestId, LastModifier = identity };
        return null;
    }

    /// <summary>Sends new work to a build. True when that is news.</summary>
    /// <param name="build">Empty for workers without a version.</param>
    public static bool SetCurrent(DeploymentState state, string build, string identity, DateTimeOffset now)
    {
        if ((state.Current ?? "") == build && (state.Current is not null || build.Length == 0))
        {
            return false;
        }

        if (state.Current is { Length: > 0 } before)
        {
            Leave(state, before, v => v.CurrentSince = null, now);
        }

        if (state.Ramping == build)
        {
            Unramp(state, now);
        }

        (state.Current, state.CurrentAt) = (build, now);
        if (build.Length > 0)
        {
            var version = state.Versions[build];
            (version.CurrentSince, version.LastCurrentAt) = (now, now);
            Enter(version, now);
        }

        Changed(state, identity);
        return true;
    }

    /// <summary>Sends a part of new work to a build. True when that is news.</summary>
    /// <param name="build">Empty for workers without a version; null for no ramp.</param>
    public static bool SetRamping(DeploymentState state, string? build, float percentage, string identity, DateTimeOffset now)
    {
        if (state.Ramping == build && state.Percentage.Equals(percentage))
        {
            return false;
        }

        if (state.Ramping != build)
        {
            if (state.Ramping is not null)
            {
                Unramp(state, now);
            }

            (state.Ramping, state.RampingAt) = (build, now);
        }

        (state.Percentage, state.PercentageAt) = (percentage, now);
        if (build is { Length: > 0 })
        {
            var version = state.Versions[build];
            version.RampingSince ??= now;
            Enter(version, now);
        }

        Changed(state, identity);
        return true;
    }

    /// <summary>Why a version cannot be deleted; null when it can.</summary>
    /// <param name="isPolled">Whether workers of it have polled lately.</param>
    public static Refusal? RefuseDelete(DeploymentState state, string build, bool skipDrainage, bool isPolled)
    {
        var (name, version) = (state.VersionOf(build), state.Versions[build]);
        return version.IsActive ? Failed($"version '{name}' is current or ramping and cannot be deleted: let another one take its place first")
            : version.Drainage == VersionDrainageStatus.Draining && !skipDrainage
                ? Failed($"version '{name}' is draining: workflows that are pinned to it are open")
            : isPolled ? Failed($"version '{name}' has active pollers and cannot be deleted: stop its workers first")
            : null;
    }

    /// <summary>Takes over whether workflows that are pinned to a version are open. True when that is news.</summary>
    public static bool Observe(VersionState version, bool isOpen, DateTimeOffset now)
    {
        var status = isOpen ? VersionDrainageStatus.Draining : VersionDrainageStatus.Drained;
        if (version.IsActive || version.Drainage == VersionDrainageStatus.Unspecified || version.Drainage == status)
        {
            return false;
        }

        (version.Drainage, version.DrainageChangedAt) = (status, now);
        return true;
    }

    /// <summary>Why who asks may not change the deployment; null when they may.</summary>
    public static Refusal? RefuseManager(DeploymentState state, string identity) => state.Manager.Length == 0 || state.Manager == identity ? null
        : Failed(
            $"ManagerIdentity '{state.Manager}' is set and does not match user identity '{identity}'; to proceed, set your own identity as the "
            + "ManagerIdentity, remove the ManagerIdentity, or wait for the other client to do so");

    public static Refusal Failed(string message) => Refusal.FailedPrecondition(message, null);

    public static void Changed(DeploymentState state, string identity)
    {
        state.Revision++;
        state.Changes++;
        state.LastModifier = identity;
    }

    private static Refusal? MakeRoom(DeploymentState state, string build)
    {
        if (state.Versions.Count < MaxVersions)
        {
            return null;
        }

        // The oldest one that nothing is open for makes room.
        var old = state.Versions.Where(v => v.Value is { IsActive: false, Drainage: VersionDrainageStatus.Drained })
            .OrderBy(v => v.Value.CreatedAt).FirstOrDefault();
        if (old.Key is null)
        {
            return Refusal.Exhausted(
                $"cannot add version {state.VersionOf(build)} since maximum number of versions ({MaxVersions}) have been registered in the deployment. "
                + "Delete one that is not used any more.");
        }

        state.Versions.Remove(old.Key);
        return null;
    }

    private static void Unramp(DeploymentState state, DateTimeOffset now)
    {
        if (state.Ramping is { Length: > 0 } before)
        {
            Leave(state, before, v => v.RampingSince = null, now);
        }

        (state.Ramping, state.RampingAt, state.Percentage, state.PercentageAt) = (null, now, 0, now);
    }

    private static void Enter(VersionState version, DateTimeOffset now)
    {
        (version.RoutingChangedAt, version.DeactivatedAt) = (now, null);
        version.FirstActivatedAt ??= now;
        (version.Drainage, version.DrainageChangedAt) = (VersionDrainageStatus.Unspecified, null);
    }

    private static void Leave(DeploymentState state, string build, Action<VersionState> leave, DateTimeOffset now)
    {
        var version = state.Versions[build];
        if (version.CurrentSince is not null)
        {
            version.LastCurrentAt = now;
        }

        leave(version);
        version.RoutingChangedAt = now;
        if (!version.IsActive)
        {
            (version.DeactivatedAt, version.Drainage, version.DrainageChangedAt) = (now, VersionDrainageStatus.Draining, now);
        }
    }
}
