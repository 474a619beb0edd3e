using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Versioning;

/// <summary>What a run has of the version of the run that it follows, or whose child it is.</summary>
/// <param name="Pinned">The version that it is pinned to; empty for none.</param>
/// <param name="Override">What a caller said of the other run; null for nothing.</param>
/// <param name="Initial">How it begins.</param>
internal sealed record Inherited(string Pinned, VersioningOverride? Override, ContinueAsNewVersioningBehavior Initial)
{
    public static readonly Inherited Nothing = new("", null, ContinueAsNewVersioningBehavior.Unspecified);
}

/// <summary>
/// A run that follows a pinned one is pinned to the same version, where that has the queue, and so is a child. Pure.
/// (Temporal's API: history/v1, inherited_pinned_version.)
/// </summary>
internal static class Inheriting
{
    /// <summary>What the run that follows has.</summary>
    /// <param name="queue">The queue of the next run.</param>
    /// <param name="queues">The queues that the version has beside the run's own.</param>
    /// <param name="initial">How the workflow says that the next run begins.</param>
    public static Inherited Next(
        RunState before, ContinueAsNewInitiator initiator, string queue, IReadOnlySet<string> queues, ContinueAsNewVersioningBehavior initial)
    {
        if (before.Versioning is not { } versioning)
        {
            return Inherited.Nothing with { Initial = initial };
        }

        var belongs = Belongs(before, queue, queues);
        var pinned = !belongs || !VersioningRules.IsPinned(before) || initial != ContinueAsNewVersioningBehavior.Unspecified ? ""
            : initiator == ContinueAsNewInitiator.Workflow ? VersioningRules.VersionOf(before)
            : initiator == ContinueAsNewInitiator.Retry ? versioning.Inherited
            : "";
        return new Inherited(pinned, OverrideOf(before, belongs), initial);
    }

    /// <summary>What a child has.</summary>
    public static Inherited Child(RunState parent, string queue, IReadOnlySet<string> queues)
    {
        if (parent.Versioning is null)
        {
            return Inherited.Nothing;
        }

        var belongs = Belongs(parent, queue, queues);
        return new Inherited(
            belongs && VersioningRules.IsPinned(parent) ? VersioningRules.VersionOf(parent) : "", OverrideOf(parent, belongs),
            ContinueAsNewVersioningBehavior.Unspecified);
    }

    /// <summary>How a run begins; null for a run without versions.</summary>
    public static RunVersioning? Begin(VersioningOverride? given, Inherited? from) =>
        given is null && (from is null || from == Inherited.Nothing) ? null : new RunVersioning
        {
            Override = given,
            Behavior = from is { Pinned.Length: > 0 } ? VersioningBehavior.Pinned : VersioningBehavior.Unspecified,
            Version = from?.Pinned ?? "",
            Deployment = WorkerVersion.Parse(from?.Pinned)?.Deployment ?? "",
            Inherited = from?.Pinned ?? "",
            Initial = from?.Initial ?? ContinueAsNewVersioningBehavior.Unspecified,
        };

    /// <summary>How a run begins, as its first event says it.</summary>
    public static RunVersioning? Begin(WorkflowExecutionStartedEventAttributes started) => Begin(
        started.VersioningOverride,
        Inherited.Nothing with
        {
            Pinned = WorkerVersion.TextOf(started.InheritedPinnedVersion),
            Initial = started.InheritedAutoUpgradeInfo?.ContinueAsNewInitialVersioningBehavior ?? ContinueAsNewVersioningBehavior.Unspecified,
        });

    private static bool Belongs(RunState run, string queue, IReadOnlySet<string> queues) => queue == run.TaskQueue || queues.Contains(queue);

    /// <summary>One for a single workflow task is not inherited.</summary>
    private static VersioningOverride? OverrideOf(RunState run, bool belongs) =>
        belongs && run.Versioning?.Override is { OneTime: null } said && Overriding.BehaviorOf(said) == VersioningBehavior.Pinned ? said : null;
}
