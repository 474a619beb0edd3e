using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.TimeSkipping;
using Flagstone.Workflows.Versioning;
using Google.Protobuf.Collections;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>Versions of workers: what a caller says of them, and what waits for one.</summary>
internal sealed partial class ExecutionGrain
{
    public async Task<Answer> UpdateOptionsAsync(Call call)
    {
        var request = UpdateWorkflowExecutionOptionsRequest.Parser.ParseFrom(call.Request);
        var fields = OptionFields.Of(request.UpdateMask);
        return fields.Override && await RefuseOverrideAsync(request.WorkflowExecutionOptions?.VersioningOverride) is { } refusal ? refusal
            : await StepAsync(call, change =>
            {
                change.Act = fields.Skipping ? CallerAct.Of(call, CallerAct.SkipTime) : null;
                return Update(change, request);
            });
    }

    private static Answer Update(RunChange change, UpdateWorkflowExecutionOptionsRequest request) =>
        OptionFields.Apply(change, request.UpdateMask, request.WorkflowExecutionOptions, request.Identity) is { } refusal ? refusal
            : Answer.Of(new UpdateWorkflowExecutionOptionsResponse
            {
                WorkflowExecutionOptions = new WorkflowExecutionOptions
                {
                    VersioningOverride = change.Run.Versioning?.Override, TimeSkippingConfig = change.Run.TimeSkipping?.Config,
                },
            });

    /// <summary>A workflow that is pinned to a version which has not its queue would wait for ever. Null when it has, or is pinned to none.</summary>
    private async Task<Refusal?> RefuseOverrideAsync(VersioningOverride? said) =>
        run is not null && WorkerVersion.Parse(Overriding.VersionOf(said)) is { } version
        && !(await deployments.QueuesAsync(key.Namespace, version, TaskKind.Workflow, CancellationToken.None)).Contains(run.TaskQueue)
            ? Overriding.NotInQueue(version, run.TaskQueue) : null;

    /// <summary>Whether workers without a version get the first task of a start: only then may one that asks for it have it at once.</summary>
    private async Task<bool> IsUnversionedAsync(StartWorkflowExecutionRequest request) => (await deployments.RoutingAsync(
        new TaskQueueKey(key.Namespace, TaskKind.Workflow, request.TaskQueue.Name), CancellationToken.None)).TargetOf(key.WorkflowId).Length == 0;

    /// <summary>
    /// Whether an activity is not to be started by this worker now: the run is pinned elsewhere or goes over to another version, or it does so now, because
    /// its own queue sends work to the version of the worker that came for the activity.
    /// </summary>
    private async Task<bool> WaitsForVersionAsync(TaskStart start)
    {
        if (VersioningRules.IsStale(run!, start))
        {
            return true;
        }

        if (start.Directive is not null && run!.Versioning?.Transition is null && !VersioningRules.IsPinned(run)
            && start.Version != VersioningRules.VersionOf(run) && await TargetAsync() == start.Version)
        {
            var moved = Step(By(start.Caller));
            VersioningRules.Move(moved, start.Version);
            moved.ChangesVersioning = true;
            WorkflowTaskRules.Schedule(moved);
            await CommitAsync(moved);
            return true;
        }

        return start.Directive is not null && run!.Versioning?.Transition is not null;
    }

    /// <summary>Where the workflow's own queue sends its work.</summary>
    private async Task<string> TargetAsync() =>
        (await deployments.RoutingAsync(new TaskQueueKey(key.Namespace, TaskKind.Workflow, run!.TaskQueue), CancellationToken.None)).TargetOf(key.WorkflowId);

    /// <summary>The queues of the version that the run is pinned to, where commands name others than the run's own.</summary>
    private async Task<IReadOnlySet<string>> VersionQueuesAsync(RepeatedField<Command> commands) =>
        VersioningRules.IsPinned(run!) && commands.Any(NamesAnotherQueue) && WorkerVersion.Parse(VersioningRules.VersionOf(run!)) is { } version
            ? await deployments.QueuesAsync(key.Namespace, version, TaskKind.Workflow, CancellationToken.None) : new HashSet<string>();

    private bool NamesAnotherQueue(Command command) =>
        (command.ContinueAsNewWorkflowExecutionCommandAttributes?.TaskQueue ?? command.StartChildWorkflowExecutionCommandAttributes?.TaskQueue)?.Name
            is { Length: > 0 } queue && queue != run!.TaskQueue;
}
