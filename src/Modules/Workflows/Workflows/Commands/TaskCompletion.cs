using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Updates;
using Flagstone.Workflows.Versioning;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Commands;

/// <summary>What a worker's answer to a workflow task does to the run. Pure.</summary>
internal static class TaskCompletion
{
    /// <summary>Applies the answer, or says why it cannot be: then the change must be dropped.</summary>
    public static CommandFailure? Apply(RunChange change, RespondWorkflowTaskCompletedRequest request)
    {
        var run = change.Run;
        var task = run.WorkflowTask!;
        // The worker would end the run without having seen what came meanwhile.
        if (run.Buffered.Count > 0 && request.Commands.Any(c => CommandRules.Closes(c.CommandType)))
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.UnhandledCommand, "UnhandledCommand");
        }

        var completedId = WorkflowTaskRules.Complete(change, request);
        run.StickyQueue = request.StickyAttributes?.WorkerTaskQueue?.Name ?? "";
        run.StickyTimeout = Durations.Of(request.StickyAttributes?.ScheduleToStartTimeout);
        if (run.StickyTimeout <= TimeSpan.Zero || !VersioningRules.MayGoOn(run, request))
        {
            run.StickyQueue = "";
        }

        change.IsCommanding = true;
        change.Messages.AddRange(request.Messages);
        if ((CommandRules.Apply(change, request.Commands, completedId) ?? UpdateRules.ApplyRest(change)) is { } failure)
        {
            return failure;
        }

        change.IsCommanding = false;
        if (request.ForceCreateNewWorkflowTask || run.Buffered.Count > 0)
        {
            WorkflowTaskRules.Schedule(change, IsHeartbeat(request) ? task.OriginallyScheduledAt : null);
        }

        return null;
    }

    /// <summary>Whether the worker only says that it still works on the task, and has done so for too long.</summary>
    public static bool IsOverdue(RunChange change, RespondWorkflowTaskCompletedRequest request) =>
        IsHeartbeat(request) && change.Now - change.Run.WorkflowTask!.OriginallyScheduledAt > WorkflowTaskRules.MaxHeartbeats;

    /// <summary>Whether the worker only says that it still works on the task.</summary>
    public static bool IsHeartbeat(RespondWorkflowTaskCompletedRequest request) =>
        request is { ForceCreateNewWorkflowTask: true, Commands.Count: 0, Messages.Count: 0 };
}
