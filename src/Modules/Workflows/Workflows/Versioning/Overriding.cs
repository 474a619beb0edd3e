using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;
using Over = Temporalio.Api.Workflow.V1.VersioningOverride.OverrideOneofCase;

#pragma warning disable CS0612 // Older clients say an override by the fields that the API calls old.

namespace Flagstone.Workflows.Versioning;

/// <summary>What a caller says of a run's version, against what its workers say. Pure.</summary>
internal static class Overriding
{
    /// <summary>What is wrong with an override; null when nothing is.</summary>
    public static string? Refuse(VersioningOverride? given) => given is null ? null : given.OverrideCase switch
    {
        Over.Pinned => given.Pinned is { Behavior: VersioningOverride.Types.PinnedOverrideBehavior.Unspecified }
            ? "must specify pinned override behavior if override is pinned."
            : given.Pinned.Version is not null ? RefuseVersion(given.Pinned.Version.DeploymentName, given.Pinned.Version.BuildId) : null,
        Over.OneTime => given.OneTime.TargetDeploymentVersion is { } target ? RefuseVersion(target.DeploymentName, target.BuildId)
            : "must provide target deployment version if override is one-time.",
        Over.AutoUpgrade => null,
        _ => given.Behavior switch
        {
            VersioningBehavior.AutoUpgrade => null,
            VersioningBehavior.Pinned => VersionOf(given).Length > 0 ? null : "must provide deployment (deprecated) or pinned version if behavior is 'PINNED'",
            _ => "override behavior is required",
        },
    };

    /// <summary>Unspecified for no override.</summary>
    public static VersioningBehavior BehaviorOf(VersioningOverride? given) => given?.OverrideCase switch
    {
        null => VersioningBehavior.Unspecified,
        Over.Pinned or Over.OneTime => VersioningBehavior.Pinned,
        Over.AutoUpgrade => VersioningBehavior.AutoUpgrade,
        _ => given.Behavior,
    };

    /// <summary>The version that an override names; empty for none.</summary>
    public static string VersionOf(VersioningOverride? given) => given?.OverrideCase switch
    {
        null or Over.AutoUpgrade => "",
        Over.Pinned => WorkerVersion.TextOf(given.Pinned.Version),
        Over.OneTime => WorkerVersion.TextOf(given.OneTime.TargetDeploymentVersion),
        _ => WorkerVersion.OfDotted(given.PinnedVersion)?.ToString()
            ?? (given.Deployment is { SeriesName.Length: > 0 } old ? new WorkerVersion(old.SeriesName, old.BuildId).ToString() : ""),
    };

    public static Refusal NotInQueue(WorkerVersion version, string queue) => Refusal.FailedPrecondition(
        $"Pinned version '{version}' is not present in task queue '{queue}': have its workers polled it?", null);

    /// <summary>Sets or takes away the override of a run; null when it is done.</summary>
    public static Refusal? Apply(RunChange change, VersioningOverride? given, string identity)
    {
        var run = change.Run;
        if (given is { OverrideCase: Over.Pinned, Pinned.Version: null })
        {
            if (!VersioningRules.IsPinned(run))
            {
                return Refusal.FailedPrecondition("must specify a specific pinned override version because workflow is not already pinned.", null);
            }

            given = given.Clone();
            given.Pinned.Version = WorkerVersion.MessageOf(VersioningRules.VersionOf(run));
        }

        if (Equals(run.Versioning?.Override, given))
        {
            return null;
        }

        var (before, shown) = ((VersioningRules.VersionOf(run), VersioningRules.DirectiveOf(run)), VersioningAttributes.Mark(run));
        change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionOptionsUpdated,
            // The workflow's code does not see it.
            WorkerMayIgnore = true,
            WorkflowExecutionOptionsUpdatedEventAttributes = new WorkflowExecutionOptionsUpdatedEventAttributes
            {
                VersioningOverride = given, UnsetVersioningOverride = given is null, Identity = identity,
            },
        });
        Set(run, given);
        if (before != (VersioningRules.VersionOf(run), VersioningRules.DirectiveOf(run)))
        {
            VersioningRules.Requeue(change);
        }

        change.ChangesVersioning |= VersioningAttributes.Mark(run) != shown;
        return null;
    }

    /// <summary>Takes over an override, as the history says it.</summary>
    public static void Set(RunState run, VersioningOverride? given)
    {
        var versioning = run.Versioning ??= new RunVersioning();
        versioning.Override = given;
        if (BehaviorOf(given) == VersioningBehavior.Pinned)
        {
            // What is pinned does not go over.
            versioning.Transition = null;
        }
    }

    private static string? RefuseVersion(string deployment, string build) =>
        deployment.Length == 0 || build.Length == 0 ? "the version of an override needs a deployment name and a build ID." : null;
}
