using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Versioning;

/// <summary>
/// Which workers go on with a run: those of one version, or those that its queue sends work to. Pure. (Temporal's server: common/worker_versioning,
/// service/history/workflow/mutable_state_impl.go.)
/// </summary>
internal static class VersioningRules
{
    /// <summary>The behavior that counts.</summary>
    public static VersioningBehavior BehaviorOf(RunState run) =>
        run.Versioning is not { } versioning ? VersioningBehavior.Unspecified
        : versioning.Transition is not null ? VersioningBehavior.AutoUpgrade
        : Overriding.BehaviorOf(versioning.Override) is var said && said != VersioningBehavior.Unspecified ? said
        : versioning.Behavior;

    /// <summary>The version that counts; empty for none.</summary>
    public static string VersionOf(RunState run) =>
        run.Versioning is not { } versioning ? ""
        : versioning.Transition is { } target ? target
        : Overriding.VersionOf(versioning.Override) is { Length: > 0 } said ? said
        : versioning.Behavior == VersioningBehavior.Unspecified ? "" : versioning.Version;

    public static bool IsPinned(RunState run) => BehaviorOf(run) == VersioningBehavior.Pinned;

    /// <summary>What the run's tasks say of the version that they go to: as <see cref="QueuedTask.Directive"/>.</summary>
    public static string DirectiveOf(RunState run) =>
        IsPinned(run) ? VersionOf(run)
        : run.Versioning is { Initial: ContinueAsNewVersioningBehavior.UseRampingVersion } ? Directives.Ramping
        : Directives.Free;

    /// <summary>Whether a task was queued before the run was pinned elsewhere, or is taken by a worker of another version than the run is pinned to.</summary>
    public static bool IsStale(RunState run, TaskStart start) =>
        start.Directive is not null && (start.Directive != DirectiveOf(run) || (IsPinned(run) && !start.IsIndependent && start.Version != VersionOf(run)));

    /// <summary>Whether the run goes over to another version with a workflow task that is started.</summary>
    public static bool Moves(RunState run, TaskStart start) => start.Directive is not null && start.Version != VersionOf(run);

    /// <summary>Notes what the queue knows of a workflow task that is about to start.</summary>
    public static void Note(RunState run, TaskStart start)
    {
        if (run.WorkflowTask is { IsStarted: false } task && task.ScheduledId == start.EventId)
        {
            task.IsTargetChanged = start.Target is not null && IsPinned(run) && start.Target != VersionOf(run);
        }
    }

    /// <summary>The run goes over to another version: its cache elsewhere counts no more, and its activities wait.</summary>
    public static void Move(RunChange change, string version)
    {
        var versioning = change.Run.Versioning ??= new RunVersioning();
        versioning.Transition = version;
        Forget(change);
    }

    /// <summary>Whether the worker that completes a workflow task may go on with the run at once.</summary>
    public static bool MayGoOn(RunState run, RespondWorkflowTaskCompletedRequest request) =>
        run.Versioning is null || (run.Versioning.Transition is null && VersionOf(run) == WorkerVersion.TextOf(request.DeploymentOptions));

    /// <summary>Takes over what the worker says that completes a workflow task; also into the event.</summary>
    public static void Complete(RunChange change, RespondWorkflowTaskCompletedRequest request, WorkflowTaskCompletedEventAttributes completed)
    {
        var (run, options) = (change.Run, request.DeploymentOptions);
        if (run.Versioning is null && options is not { DeploymentName.Length: > 0 })
        {
            return;
        }

        completed.VersioningBehavior = request.VersioningBehavior;
        completed.WorkerDeploymentName = options?.DeploymentName ?? "";
        completed.DeploymentVersion = options is { DeploymentName.Length: > 0, BuildId.Length: > 0 }
            ? new WorkerVersion(options.DeploymentName, options.BuildId).ToMessage() : null;
#pragma warning disable CS0612 // Older clients read it there.
        completed.WorkerDeploymentVersion = WorkerVersion.DottedOf(WorkerVersion.TextOf(options));
#pragma warning restore CS0612
        var (before, shown) = (DirectiveOf(run), VersioningAttributes.Mark(run));
        var wasMoving = run.Versioning?.Transition is not null;
        Record(run, completed, WorkerVersion.TextOf(options));
        if (DirectiveOf(run) != before || (wasMoving && run.Versioning!.Transition is null))
        {
            RequeueActivities(change);
        }

        change.ChangesVersioning |= VersioningAttributes.Mark(run) != shown;
    }

    /// <summary>Takes over what a completed workflow task says, as it stands in the history.</summary>
    /// <param name="worker">The version of the worker; empty for none.</param>
    public static void Record(RunState run, WorkflowTaskCompletedEventAttributes completed, string worker)
    {
        if (run.Versioning is null && completed.WorkerDeploymentName.Length == 0)
        {
            return;
        }

        var versioning = run.Versioning ??= new RunVersioning();
        var version = WorkerVersion.TextOf(completed.DeploymentVersion);
        versioning.Revision += version != versioning.Version ? 1 : 0;
        (versioning.Behavior, versioning.Version, versioning.Deployment) = (completed.VersioningBehavior, version, completed.WorkerDeploymentName);
        versioning.Initial = ContinueAsNewVersioningBehavior.Unspecified;
        versioning.Transition = versioning.Transition == worker ? null : versioning.Transition;
        if (versioning.Override?.OneTime is not null && Overriding.VersionOf(versioning.Override) == worker)
        {
            versioning.Override = null;
        }
    }

    /// <summary>What waits to be started goes where the run says now; who has the run in its cache is not asked.</summary>
    public static void Requeue(RunChange change)
    {
        Forget(change);
        RequeueActivities(change);
    }

    private static void Forget(RunChange change)
    {
        var run = change.Run;
        run.StickyQueue = "";
        if (run.WorkflowTask is { IsStarted: false } task)
        {
            task.Queue = run.TaskQueue;
            change.Queue(TaskKind.Workflow, run.TaskQueue, task.ScheduledId, task.Attempt);
        }
    }

    private static void RequeueActivities(RunChange change)
    {
        foreach (var activity in change.Run.Activities.Values.Where(a => a is { IsStarted: false, Pause: null }))
        {
            change.Queue(TaskKind.Activity, activity.Queue, activity.ScheduledId, activity.Attempt, activity.ScheduledAt);
        }
    }
}
