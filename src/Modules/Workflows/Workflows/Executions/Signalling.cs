using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>What a run is told from outside. Pure.</summary>
internal static class Signalling
{
    /// <summary>As many signals may a run get in its life.</summary>
    public const int MaxSignals = 10_000;

    /// <summary>Adds a signal, unless it came already; refuses what is too many.</summary>
    /// <param name="from">The execution that signals; null for a client.</param>
    /// <param name="links">To what caused it; null for nothing.</param>
    public static Refusal? Signal(
        RunChange change, string name, Payloads? input, Header? header, string identity, string requestId, WorkflowExecution? from = null,
        IEnumerable<Link>? links = null)
    {
        var run = change.Run;
        if (requestId.Length > 0 && !run.SignalRequests.Add(requestId))
        {
            return null;
        }

        if (++run.Signals > MaxSignals)
        {
            return Refusal.InvalidArgument($"exceeded workflow execution limit for signal events: {MaxSignals}");
        }

        change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionSignaled,
            WorkflowExecutionSignaledEventAttributes = new WorkflowExecutionSignaledEventAttributes
            {
                SignalName = name, Input = input, Header = header, Identity = identity, ExternalWorkflowExecution = from,
            },
            Links = { links ?? [] },
        });
        return null;
    }

    /// <summary>Asks the workflow to cancel itself; once is enough.</summary>
    /// <param name="from">The execution that asks; null for a client.</param>
    /// <param name="initiatedId">The event of that execution.</param>
    public static void RequestCancel(RunChange change, string reason, string identity, WorkflowExecution? from = null, long initiatedId = 0)
    {
        if (change.Run.CancelRequested)
        {
            return;
        }

        change.Run.CancelRequested = true;
        change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionCancelRequested,
            WorkflowExecutionCancelRequestedEventAttributes = new WorkflowExecutionCancelRequestedEventAttributes
            {
                Cause = reason, Identity = identity, ExternalWorkflowExecution = from, ExternalInitiatedEventId = initiatedId,
            },
        });
        WorkflowTaskRules.Schedule(change, endsBackoff: true);
    }
}
