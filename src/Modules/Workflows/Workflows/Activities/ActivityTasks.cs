using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Activities;

/// <summary>Activities as their workers get them. Pure.</summary>
internal static class ActivityTasks
{
    /// <summary>Adds what the Scheduled event alone has; returns the task.</summary>
    /// <param name="workflowNamespace">The namespace's name.</param>
    public static PollActivityTaskQueueResponse Fill(PollActivityTaskQueueResponse task, ActivityTaskScheduledEventAttributes scheduled, string workflowNamespace)
    {
        task.WorkflowNamespace = workflowNamespace;
        task.Header = scheduled.Header;
        task.Input = scheduled.Input;
        task.Priority = scheduled.Priority;
        return task;
    }
}
