using Flagstone.Workflows.Children;
using Flagstone.Workflows.Nexus.Callbacks;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>The ends of a run. Pure.</summary>
internal static class Closing
{
    public static void Terminate(RunChange change, string reason, Payloads? details, string identity)
    {
        WorkflowTaskRules.ForceClose(change);
        Close(change, WorkflowExecutionStatus.Terminated, new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionTerminated,
            WorkflowExecutionTerminatedEventAttributes = new WorkflowExecutionTerminatedEventAttributes { Reason = reason, Details = details, Identity = identity },
        });
    }

    public static void TimeOut(RunChange change)
    {
        WorkflowTaskRules.ForceClose(change);
        var (state, next) = Repeating.AfterTimeout(change);
        Close(change, WorkflowExecutionStatus.TimedOut, new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionTimedOut,
            WorkflowExecutionTimedOutEventAttributes = new WorkflowExecutionTimedOutEventAttributes { RetryState = state, NewExecutionRunId = next },
        });
    }

    /// <summary>Writes the last event; what was under way ends without a trace.</summary>
    public static void Close(RunChange change, WorkflowExecutionStatus status, HistoryEvent last)
    {
        var run = change.Run;
        var lastId = change.Add(last).EventId;
        ChildRules.Leave(change, lastId);
        CallbackRules.Leave(change, lastId);
        change.Closes = true;
        run.Status = status;
        run.ClosedAt = change.Now;
        run.WorkflowTask = null;
        change.EndsPeople = run.Activities.Values.Any(a => a.Human is not null);
        run.Activities.Clear();
        run.Timers.Clear();
        run.NexusOperations.Clear();
        run.Buffered.Clear();
        run.AdmittedUpdates.Clear();
        run.ReplacedChildren.Clear();
        run.StickyQueue = "";
    }
}
