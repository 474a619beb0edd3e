using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>
/// Events that come while a workflow task is open wait for its end: what the worker decides stands on the history that it was given. Pure.
/// (Temporal's server: service/history/historybuilder/event_store.go.)
/// </summary>
internal static class EventBuffer
{
    /// <summary>More wait for no worker: the open workflow task is failed, and they go into the history.</summary>
    public const int MaxBuffered = 100;

    public const int MaxBufferedBytes = 2 * 1024 * 1024;

    /// <summary>Whether an event of this type waits; starts, ends, workflow tasks and what commands make do not.</summary>
    public static bool IsBuffered(EventType type) => type is
        EventType.WorkflowExecutionSignaled or EventType.WorkflowExecutionCancelRequested or EventType.TimerFired
        or EventType.ActivityTaskStarted or EventType.StartChildWorkflowExecutionFailed or EventType.ChildWorkflowExecutionStarted
        or EventType.ExternalWorkflowExecutionSignaled or EventType.SignalExternalWorkflowExecutionFailed
        or EventType.ExternalWorkflowExecutionCancelRequested or EventType.RequestCancelExternalWorkflowExecutionFailed
        or EventType.NexusOperationStarted or EventType.NexusOperationCancelRequestCompleted or EventType.NexusOperationCancelRequestFailed
        or EventType.WorkflowExecutionOptionsUpdated or EventType.WorkflowExecutionTimeSkippingTransitioned
        || IsEnd(type);

    public static bool IsFull(List<HistoryEvent> buffered) =>
        buffered.Count >= MaxBuffered || buffered.Sum(e => e.CalculateSize()) >= MaxBufferedBytes;

    /// <summary>Ends of activities, of children and of Nexus operations go behind all others, so that each one's Started event is before it.</summary>
    public static List<HistoryEvent> Order(List<HistoryEvent> buffered) =>
        [.. buffered.Where(e => !IsEnd(e.EventType)), .. buffered.Where(e => IsEnd(e.EventType))];

    /// <summary>Ties the end of an activity or a child to its Started event, whose id is known only now.</summary>
    /// <param name="started">The Started events so far, by the id of the Scheduled or Initiated event.</param>
    public static void Link(HistoryEvent numbered, Dictionary<long, long> started)
    {
        switch (numbered.EventType)
        {
            case EventType.ActivityTaskStarted:
                started[numbered.ActivityTaskStartedEventAttributes.ScheduledEventId] = numbered.EventId;
                break;
            case EventType.ActivityTaskCompleted when started.TryGetValue(numbered.ActivityTaskCompletedEventAttributes.ScheduledEventId, out var id):
                numbered.ActivityTaskCompletedEventAttributes.StartedEventId = id;
                break;
            case EventType.ActivityTaskFailed when started.TryGetValue(numbered.ActivityTaskFailedEventAttributes.ScheduledEventId, out var id):
                numbered.ActivityTaskFailedEventAttributes.StartedEventId = id;
                break;
            case EventType.ActivityTaskTimedOut when started.TryGetValue(numbered.ActivityTaskTimedOutEventAttributes.ScheduledEventId, out var id):
                numbered.ActivityTaskTimedOutEventAttributes.StartedEventId = id;
                break;
            case EventType.ActivityTaskCanceled when started.TryGetValue(numbered.ActivityTaskCanceledEventAttributes.ScheduledEventId, out var id):
                numbered.ActivityTaskCanceledEventAttributes.StartedEventId = id;
                break;
            case EventType.ChildWorkflowExecutionStarted:
                started[numbered.ChildWorkflowExecutionStartedEventAttributes.InitiatedEventId] = numbered.EventId;
                break;
            default:
                LinkChild(numbered, started);
                break;
        }
    }

    private static void LinkChild(HistoryEvent numbered, Dictionary<long, long> started)
    {
        if (numbered.ChildWorkflowExecutionCompletedEventAttributes is { } completed)
        {
            completed.StartedEventId = Of(completed.InitiatedEventId, completed.StartedEventId);
        }
        else if (numbered.ChildWorkflowExecutionFailedEventAttributes is { } failed)
        {
            failed.StartedEventId = Of(failed.InitiatedEventId, failed.StartedEventId);
        }
        else if (numbered.ChildWorkflowExecutionCanceledEventAttributes is { } canceled)
        {
            canceled.StartedEventId = Of(canceled.InitiatedEventId, canceled.StartedEventId);
        }
        else if (numbered.ChildWorkflowExecutionTimedOutEventAttributes is { } timedOut)
        {
            timedOut.StartedEventId = Of(timedOut.InitiatedEventId, timedOut.StartedEventId);
        }
        else if (numbered.ChildWorkflowExecutionTerminatedEventAttributes is { } terminated)
        {
            terminated.StartedEventId = Of(terminated.InitiatedEventId, terminated.StartedEventId);
        }

        long Of(long initiated, long known) => started.GetValueOrDefault(initiated, known);
    }

    private static bool IsEnd(EventType type) => IsActivityEnd(type) || IsChildEnd(type) || IsNexusEnd(type);

    private static bool IsNexusEnd(EventType type) => type is
        EventType.NexusOperationCompleted or EventType.NexusOperationFailed or EventType.NexusOperationCanceled or EventType.NexusOperationTimedOut;

    private static bool IsChildEnd(EventType type) => type is
        EventType.ChildWorkflowExecutionCompleted or EventType.ChildWorkflowExecutionFailed or EventType.ChildWorkflowExecutionCanceled
        or EventType.ChildWorkflowExecutionTimedOut or EventType.ChildWorkflowExecutionTerminated;

    private static bool IsActivityEnd(EventType type) =>
        type is EventType.ActivityTaskCompleted or EventType.ActivityTaskFailed or EventType.ActivityTaskTimedOut or EventType.ActivityTaskCanceled;
}
