using Flagstone.Workflows.Children;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

#pragma warning disable CS0612 // SDKs name the namespace, though the API calls that old.

namespace Flagstone.Workflows.Commands;

/// <summary>The commands that signal other executions, and ask them to cancel; a child is cancelled so too. Pure.</summary>
internal static class ExternalCommands
{
    public static CommandFailure? Signal(RunChange change, SignalExternalWorkflowExecutionCommandAttributes command, long completedId)
    {
        var run = change.Run;
        var wrong = Refuse(command.Execution, "SignalExternalWorkflowExecutionCommand")
            ?? Names.Refuse(command.SignalName, "SignalName", "SignalExternalWorkflowExecutionCommand");
        if (wrong is not null)
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.BadSignalWorkflowExecutionAttributes, wrong);
        }

        if (CommandRules.IsTooLarge(command.Input))
        {
            return CommandRules.Bad(
                WorkflowTaskFailedCause.BadSignalInputSize, $"SignalExternalWorkflowExecutionCommandAttributes.Input exceeds {CommandRules.MaxBlob} bytes.");
        }

        if (run.Externals.Values.Count(e => e.IsSignal) >= CommandRules.MaxPending)
        {
            return CommandRules.Bad(
                WorkflowTaskFailedCause.PendingSignalsLimitExceeded,
                $"The number of pending signals to external workflows, {CommandRules.MaxPending}, has reached the limit.");
        }

        var isHere = CommandRules.IsHere(run, command.Namespace);
        var attributes = command.CopyTo(new SignalExternalWorkflowExecutionInitiatedEventAttributes { WorkflowTaskCompletedEventId = completedId });
        attributes.Namespace = isHere ? run.NamespaceName : command.Namespace;
        attributes.NamespaceId = isHere ? run.Namespace : "";
        attributes.WorkflowExecution = command.Execution;
        var initiated = change.Add(new HistoryEvent
        {
            EventType = EventType.SignalExternalWorkflowExecutionInitiated, SignalExternalWorkflowExecutionInitiatedEventAttributes = attributes,
        });
        Send(change, new ExternalState(initiated.EventId, true, command.Execution.WorkflowId, command.Execution.RunId, completedId), command.Namespace);
        return null;
    }

    public static CommandFailure? RequestCancel(RunChange change, RequestCancelExternalWorkflowExecutionCommandAttributes command, long completedId)
    {
        var run = change.Run;
        var target = new WorkflowExecution { WorkflowId = command.WorkflowId, RunId = command.RunId };
        var wrong = Refuse(target, "RequestCancelExternalWorkflowExecutionCommand")
            ?? Names.RefuseOptional(command.Reason, "Reason");
        if (wrong is not null)
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.BadRequestCancelExternalWorkflowExecutionAttributes, wrong);
        }

        if (run.Externals.Values.Count(e => !e.IsSignal) >= CommandRules.MaxPending)
        {
            return CommandRules.Bad(
                WorkflowTaskFailedCause.PendingRequestCancelLimitExceeded,
                $"The number of pending requests to cancel external workflows, {CommandRules.MaxPending}, has reached the limit.");
        }

        var isHere = CommandRules.IsHere(run, command.Namespace);
        var attributes = command.CopyTo(new RequestCancelExternalWorkflowExecutionInitiatedEventAttributes { WorkflowTaskCompletedEventId = completedId });
        attributes.Namespace = isHere ? run.NamespaceName : command.Namespace;
        attributes.NamespaceId = isHere ? run.Namespace : "";
        attributes.WorkflowExecution = target;
        var initiated = change.Add(new HistoryEvent
        {
            EventType = EventType.RequestCancelExternalWorkflowExecutionInitiated, RequestCancelExternalWorkflowExecutionInitiatedEventAttributes = attributes,
        });
        Send(change, new ExternalState(initiated.EventId, false, target.WorkflowId, target.RunId, completedId), command.Namespace);
        return null;
    }

    private static void Send(RunChange change, ExternalState external, string name)
    {
        var run = change.Run;
        if (!CommandRules.IsHere(run, name))
        {
            change.Add(Settling.Unreachable(external, name));
            return;
        }

        run.Externals[external.InitiatedId] = external;
        change.Send(new OutboxMessage(new OutboxKey(run.RunId, external.Kind, external.InitiatedId), external.WorkflowId, external.RunId));
    }

    private static string? Refuse(WorkflowExecution? target, string command) =>
        Names.Refuse(target?.WorkflowId, "WorkflowId", command)
        ?? (target!.RunId.Length > 0 && !Guid.TryParse(target.RunId, out _) ? $"Invalid RunId set on {command}." : null);
}
