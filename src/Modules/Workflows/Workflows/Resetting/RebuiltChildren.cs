using Flagstone.Workflows.Children;
using Flagstone.Workflows.Executions;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Resetting;

/// <summary>A run's children, and what it asks of other executions, from its events. Pure.</summary>
internal static class RebuiltChildren
{
    public static void Apply(RunState run, HistoryEvent stored)
    {
        if (InitiatedOf(stored) is { } ended)
        {
            run.Children.Remove(ended);
            run.Externals.Remove(ended);
            return;
        }

        switch (stored.EventType)
        {
            case EventType.StartChildWorkflowExecutionInitiated:
                var initiated = stored.StartChildWorkflowExecutionInitiatedEventAttributes;
                run.Children[stored.EventId] = new ChildState
                {
                    InitiatedId = stored.EventId,
                    WorkflowId = initiated.WorkflowId,
                    RunId = ChildRules.RunIdOf(run.RunId, stored.EventId),
                    Type = initiated.WorkflowType.Name,
                    ParentClosePolicy = initiated.ParentClosePolicy,
                    CompletedId = initiated.WorkflowTaskCompletedEventId,
                };
                break;
            case EventType.ChildWorkflowExecutionStarted:
                var started = stored.ChildWorkflowExecutionStartedEventAttributes;
                var child = run.Children[started.InitiatedEventId];
                run.Children[started.InitiatedEventId] = child with { RunId = started.WorkflowExecution.RunId, IsStarted = true, StartedId = stored.EventId };
                break;
            case EventType.SignalExternalWorkflowExecutionInitiated:
                var signal = stored.SignalExternalWorkflowExecutionInitiatedEventAttributes;
                run.Externals[stored.EventId] = new ExternalState(
                    stored.EventId, true, signal.WorkflowExecution.WorkflowId, signal.WorkflowExecution.RunId, signal.WorkflowTaskCompletedEventId);
                break;
            case EventType.RequestCancelExternalWorkflowExecutionInitiated:
                var cancel = stored.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes;
                run.Externals[stored.EventId] = new ExternalState(
                    stored.EventId, false, cancel.WorkflowExecution.WorkflowId, cancel.WorkflowExecution.RunId, cancel.WorkflowTaskCompletedEventId);
                break;
        }
    }

    /// <summary>The children so far are those of another run, whose history this one goes on with: they know that one as their parent.</summary>
    public static void Own(RunState run, string parentRunId)
    {
        foreach (var child in run.Children.Values.Where(c => c.ParentRunId.Length == 0).ToList())
        {
            run.Children[child.InitiatedId] = child with
            {
                ParentRunId = parentRunId, RunId = child.IsStarted ? child.RunId : ChildRules.RunIdOf(parentRunId, child.InitiatedId),
            };
        }
    }

    /// <summary>The Initiated event of what an event ends; null for an event that ends no child and answers no other execution.</summary>
    public static long? InitiatedOf(HistoryEvent ended) => ended.EventType switch
    {
        EventType.StartChildWorkflowExecutionFailed => ended.StartChildWorkflowExecutionFailedEventAttributes.InitiatedEventId,
        EventType.ChildWorkflowExecutionCompleted => ended.ChildWorkflowExecutionCompletedEventAttributes.InitiatedEventId,
        EventType.ChildWorkflowExecutionFailed => ended.ChildWorkflowExecutionFailedEventAttributes.InitiatedEventId,
        EventType.ChildWorkflowExecutionCanceled => ended.ChildWorkflowExecutionCanceledEventAttributes.InitiatedEventId,
        EventType.ChildWorkflowExecutionTimedOut => ended.ChildWorkflowExecutionTimedOutEventAttributes.InitiatedEventId,
        EventType.ChildWorkflowExecutionTerminated => ended.ChildWorkflowExecutionTerminatedEventAttributes.InitiatedEventId,
        EventType.ExternalWorkflowExecutionSignaled => ended.ExternalWorkflowExecutionSignaledEventAttributes.InitiatedEventId,
        EventType.SignalExternalWorkflowExecutionFailed => ended.SignalExternalWorkflowExecutionFailedEventAttributes.InitiatedEventId,
        EventType.ExternalWorkflowExecutionCancelRequested => ended.ExternalWorkflowExecutionCancelRequestedEventAttributes.InitiatedEventId,
        EventType.RequestCancelExternalWorkflowExecutionFailed => ended.RequestCancelExternalWorkflowExecutionFailedEventAttributes.InitiatedEventId,
        _ => null,
    };
}
