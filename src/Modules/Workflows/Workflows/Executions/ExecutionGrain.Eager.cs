using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Versioning;
using Temporalio.Api.Command.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>
/// Tasks that go to the worker that caused them with the answer of its call, and through no queue: they are started in the step that schedules them.
/// An answer that is lost is like a poll's that is: the task's time runs out.
/// </summary>
internal sealed partial class ExecutionGrain
{
    /// <summary>Starts the activities that the worker has kept a place for, if they are of the queue that it works on.</summary>
    private List<ActivityTaskScheduledEventAttributes> StartEagerly(RunChange change, RespondWorkflowTaskCompletedRequest request, out List<ActivityState> started)
    {
        started = [];
        var attributes = new List<ActivityTaskScheduledEventAttributes>();
        if (!VersioningRules.MayGoOn(run!, request))
        {
            return attributes;
        }

        foreach (var command in request.Commands.Select(c => c.ScheduleActivityTaskCommandAttributes).Where(IsEager))
        {
            if (run!.Activities.Values.FirstOrDefault(a => a.Id == command.ActivityId && a.Queue == run.TaskQueue && !a.IsStarted) is { } activity
                && change.Events.FirstOrDefault(e => e.EventId == activity.ScheduledId)?.ActivityTaskScheduledEventAttributes is { } scheduled
                && ActivityRules.Start(change, activity.ScheduledId, activity.Attempt, request.Identity, Stamp(), Stamp()))
            {
                started.Add(activity);
                attributes.Add(scheduled);
            }
        }

        return attributes;
    }

    private static bool IsEager(ScheduleActivityTaskCommandAttributes? command) => command is { RequestEagerExecution: true };

    /// <summary>Gives the first workflow task to the client that starts the run and has a worker beside it.</summary>
    private static void StartEagerly(RunChange begun, StartWorkflowExecutionRequest request)
    {
        // A version gets it by the queue.
        var isVersioned = begun.Run.Versioning is not null || WorkerVersion.TextOf(request.EagerWorkerDeploymentOptions).Length > 0;
        if (request.RequestEagerExecution && !isVersioned && begun.Run.WorkflowTask is { } task)
        {
            begun.Events[0].WorkflowExecutionStartedEventAttributes.EagerExecutionAccepted = true;
            WorkflowTaskRules.Start(begun, task.ScheduledId, task.Attempt, request.Identity, Stamp(), request.RequestId);
        }
    }
}
