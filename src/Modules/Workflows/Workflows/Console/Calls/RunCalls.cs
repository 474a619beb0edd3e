using Flagstone.Ui.Components;
using Temporalio.Api.Common.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Console.Calls;

/// <summary>A child that a run has asked for.</summary>
/// <param name="Run">Its first run; the run id is empty while it has not begun.</param>
internal sealed record ChildCall(WorkflowExecution Run, string Type, Status Status);

/// <summary>Another execution that a run signalled or asked to cancel, or that did so to it.</summary>
/// <param name="Run">The run id is empty where the current run was meant.</param>
/// <param name="What"><c>signal NAME</c> or <c>cancel</c>.</param>
/// <param name="Status">Null for what was received.</param>
internal sealed record OtherCall(string Namespace, WorkflowExecution Run, string What, Status? Status);

/// <summary>Activities of one type on one task queue.</summary>
/// <param name="Counts">How many are how far, the worst first.</param>
internal sealed record ActivityCalls(string Type, string Queue, IReadOnlyList<(Status Status, int Count)> Counts);

/// <summary>Nexus operations of one name.</summary>
/// <param name="Handler">The run that handles it; null where none is known.</param>
internal sealed record NexusCalls(
    string Endpoint, string Service, string Operation, Link.Types.WorkflowEvent? Handler, IReadOnlyList<(Status Status, int Count)> Counts);

/// <summary>Whom a run has called and who has called it, as far as some of its events tell. Pure.</summary>
/// <param name="First">Its first event; null where it was not read.</param>
/// <param name="Next">The run that follows by itself; empty for none.</param>
internal sealed record RunCalls(
    HistoryEvent? First, IReadOnlyList<ChildCall> Children, IReadOnlyList<OtherCall> Others, IReadOnlyList<OtherCall> Callers,
    IReadOnlyList<ActivityCalls> Activities, IReadOnlyList<NexusCalls> Operations, string Next)
{
    private static readonly Status Sent = new("Sent", Tone.Busy, "Whether it has come is not known yet.");

    private static readonly Status LeftOpen = new("Left open", Tone.Neutral, "It was under way when the run closed.");

    /// <param name="events">Some of a history, in order. What began outside of them is left out.</param>
    /// <param name="pending">The activities that are under way now; none of a closed run.</param>
    public static RunCalls Of(IReadOnlyList<HistoryEvent> events, bool isRunning, IReadOnlyList<PendingActivityInfo> pending)
    {
        var steps = RunSteps.Of(events).ToDictionary(s => s.EventId);
        var now = pending.ToDictionary(p => p.ActivityId);
        var handlers = events.Where(e => e.NexusOperationStartedEventAttributes is not null)
            .ToDictionary(e => e.NexusOperationStartedEventAttributes.ScheduledEventId, LinkOf);
        var children = new List<ChildCall>();
        var (others, callers) = (new List<OtherCall>(), new List<OtherCall>());
        var activities = new List<(string Type, string Queue, Status Status)>();
        var operations = new List<(NexusOperationScheduledEventAttributes Call, Link.Types.WorkflowEvent? Handler, Status Status)>();
        foreach (var one in events)
        {
            if (one.StartChildWorkflowExecutionInitiatedEventAttributes is { } child)
            {
                var step = steps[one.EventId];
                children.Add(new ChildCall(
                    new WorkflowExecution { WorkflowId = child.WorkflowId, RunId = step.Run?.RunId ?? "" }, child.WorkflowType?.Name ?? "", step.Status));
            }
            else if (one.ActivityTaskScheduledEventAttributes is { } activity)
            {
                var status = steps[one.EventId] is { Ended: null } open
                    ? now.Remove(activity.ActivityId, out var waits) ? CallStatus.Of(waits) : isRunning ? open.Status : LeftOpen
                    : steps[one.EventId].Status;
                activities.Add((activity.ActivityType?.Name ?? "", activity.TaskQueue?.Name ?? "", status));
            }
            else if (one.NexusOperationScheduledEventAttributes is { } operation)
            {
                var step = steps[one.EventId];
                operations.Add((operation, handlers.GetValueOrDefault(one.EventId), step.Ended is null && !isRunning ? LeftOpen : step.Status));
            }
            else if (one.SignalExternalWorkflowExecutionInitiatedEventAttributes is { WorkflowExecution: not null } signal)
            {
                others.Add(new OtherCall(signal.Namespace, signal.WorkflowExecution, $"signal {signal.SignalName}", Delivery(steps[one.EventId])));
            }
            else if (one.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes is { WorkflowExecution: not null } cancel)
            {
                others.Add(new OtherCall(cancel.Namespace, cancel.WorkflowExecution, "cancel", Delivery(steps[one.EventId])));
            }
            else if (one.WorkflowExecutionSignaledEventAttributes is { ExternalWorkflowExecution: { WorkflowId.Length: > 0 } signaller } signalled)
            {
                callers.Add(new OtherCall("", signaller, $"signal {signalled.SignalName}", null));
            }
            else if (one.WorkflowExecutionCancelRequestedEventAttributes is { ExternalWorkflowExecution: { WorkflowId.Length: > 0 } canceller })
            {
                callers.Add(new OtherCall("", canceller, "cancel", null));
            }
        }

        // Those that are under way, and whose beginning was not read.
        activities.AddRange(now.Values.Select(p => (p.ActivityType?.Name ?? "", p.ActivityOptions?.TaskQueue?.Name ?? "", CallStatus.Of(p))));
        return new RunCalls(
            events.FirstOrDefault(e => e.EventId == 1), children, others, callers,
            [.. activities.GroupBy(a => (a.Type, a.Queue)).Select(g => new ActivityCalls(g.Key.Type, g.Key.Queue, CallStatus.Count(g.Select(a => a.Status))))],
            [
                .. operations.GroupBy(o => (o.Call.Endpoint, o.Call.Service, o.Call.Operation, o.Handler))
                    .Select(g => new NexusCalls(g.Key.Endpoint, g.Key.Service, g.Key.Operation, g.Key.Handler, CallStatus.Count(g.Select(o => o.Status)))),
            ],
            events.Select(NextOf).LastOrDefault(n => n.Length > 0) ?? "");
    }

    private static Status Delivery(RunStep step) => step.Ended is null ? Sent : step.Status;

    /// <summary>The run that a Nexus link of an event names; null for none.</summary>
    public static Link.Types.WorkflowEvent? LinkOf(HistoryEvent one) =>
        one.Links.Select(l => l.WorkflowEvent).FirstOrDefault(l => l is { WorkflowId.Length: > 0, RunId.Length: > 0 });

    private static string NextOf(HistoryEvent one) =>
        one.WorkflowExecutionContinuedAsNewEventAttributes?.NewExecutionRunId ?? one.WorkflowExecutionCompletedEventAttributes?.NewExecutionRunId
        ?? one.WorkflowExecutionFailedEventAttributes?.NewExecutionRunId ?? one.WorkflowExecutionTimedOutEventAttributes?.NewExecutionRunId ?? "";
}
