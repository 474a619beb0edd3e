using Flagstone.Workflows.Children;
using Flagstone.Workflows.Executions;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Outbox;

/// <summary>What the run that asked records of the answer, in the step that removes the message. Pure.</summary>
internal static class Settling
{
    /// <summary>False when the run does not wait for it any more.</summary>
    public static bool Apply(RunChange change, Delivery delivery, Receipt receipt)
    {
        var run = change.Run;
        if (!run.IsRunning || run.RunId != delivery.Key.RunId)
        {
            return false;
        }

        if (delivery.Key.Kind != OutboxKind.Start)
        {
            return run.Externals.Remove(delivery.Key.EventId, out var external) && Answer(change, external, receipt);
        }

        if (!run.Children.TryGetValue(delivery.Key.EventId, out var child) || child.IsStarted)
        {
            return false;
        }

        if (receipt == Receipt.Done)
        {
            ChildRules.Started(change, child, HistoryEvent.Parser.ParseFrom(delivery.Event).StartChildWorkflowExecutionInitiatedEventAttributes.Header);
        }
        else
        {
            ChildRules.StartFailed(change, child, StartChildWorkflowExecutionFailedCause.WorkflowAlreadyExists);
        }

        return true;
    }

    /// <summary>The answer that another namespace's execution is not reached, for the command's own step.</summary>
    public static HistoryEvent Unreachable(ExternalState external, string name) => external.IsSignal
        ? SignalFailed(external, name, "", SignalExternalWorkflowExecutionFailedCause.NamespaceNotFound)
        : CancelFailed(external, name, "", CancelExternalWorkflowExecutionFailedCause.NamespaceNotFound);

    private static bool Answer(RunChange change, ExternalState external, Receipt receipt)
    {
        var (name, id) = (change.Run.NamespaceName, change.Run.Namespace);
        change.Settle(new OutboxKey(change.Run.RunId, external.Kind, external.InitiatedId));
        change.Add((external.IsSignal, receipt) switch
        {
            (true, Receipt.Done) => new HistoryEvent
            {
                EventType = EventType.ExternalWorkflowExecutionSignaled,
                ExternalWorkflowExecutionSignaledEventAttributes = new ExternalWorkflowExecutionSignaledEventAttributes
                {
                    InitiatedEventId = external.InitiatedId, Namespace = name, NamespaceId = id, WorkflowExecution = Target(external),
                },
            },
            (true, Receipt.TooMany) => SignalFailed(external, name, id, SignalExternalWorkflowExecutionFailedCause.SignalCountLimitExceeded),
            (true, _) => SignalFailed(external, name, id, SignalExternalWorkflowExecutionFailedCause.ExternalWorkflowExecutionNotFound),
            (false, Receipt.Done) => new HistoryEvent
            {
                EventType = EventType.ExternalWorkflowExecutionCancelRequested,
                ExternalWorkflowExecutionCancelRequestedEventAttributes = new ExternalWorkflowExecutionCancelRequestedEventAttributes
                {
                    InitiatedEventId = external.InitiatedId, Namespace = name, NamespaceId = id, WorkflowExecution = Target(external),
                },
            },
            _ => CancelFailed(external, name, id, CancelExternalWorkflowExecutionFailedCause.ExternalWorkflowExecutionNotFound),
        });
        WorkflowTaskRules.Schedule(change);
        return true;
    }

    private static HistoryEvent SignalFailed(ExternalState external, string name, string id, SignalExternalWorkflowExecutionFailedCause cause) => new()
    {
        EventType = EventType.SignalExternalWorkflowExecutionFailed,
        SignalExternalWorkflowExecutionFailedEventAttributes = new SignalExternalWorkflowExecutionFailedEventAttributes
        {
            Cause = cause, WorkflowTaskCompletedEventId = external.CompletedId, Namespace = name, NamespaceId = id, WorkflowExecution = Target(external),
            InitiatedEventId = external.InitiatedId,
        },
    };

    private static HistoryEvent CancelFailed(ExternalState external, string name, string id, CancelExternalWorkflowExecutionFailedCause cause) => new()
    {
        EventType = EventType.RequestCancelExternalWorkflowExecutionFailed,
        RequestCancelExternalWorkflowExecutionFailedEventAttributes = new RequestCancelExternalWorkflowExecutionFailedEventAttributes
        {
            Cause = cause, WorkflowTaskCompletedEventId = external.CompletedId, Namespace = name, NamespaceId = id, WorkflowExecution = Target(external),
            InitiatedEventId = external.InitiatedId,
        },
    };

    private static WorkflowExecution Target(ExternalState external) => new() { WorkflowId = external.WorkflowId, RunId = external.RunId };
}
