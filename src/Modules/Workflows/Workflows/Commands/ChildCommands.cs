using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Children;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.People;
using Flagstone.Workflows.TimeSkipping;
using Flagstone.Workflows.Versioning;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.TaskQueue.V1;

#pragma warning disable CS0612 // SDKs name the namespace, though the API calls that old.

namespace Flagstone.Workflows.Commands;

/// <summary>The command that starts a child. Pure.</summary>
internal static class ChildCommands
{
    private const string Where = "StartChildWorkflowExecutionCommand";

    public static CommandFailure? Start(RunChange change, StartChildWorkflowExecutionCommandAttributes command, long completedId)
    {
        var run = change.Run;
        if (Refuse(run, command) is { } wrong)
        {
            return wrong;
        }

        var isHere = CommandRules.IsHere(run, command.Namespace);
        var attributes = command.CopyTo(new StartChildWorkflowExecutionInitiatedEventAttributes { WorkflowTaskCompletedEventId = completedId });
        attributes.Namespace = isHere ? run.NamespaceName : command.Namespace;
        attributes.NamespaceId = isHere ? run.Namespace : "";
        attributes.TaskQueue = new TaskQueue { Name = command.TaskQueue?.Name is { Length: > 0 } queue ? queue : run.TaskQueue, Kind = TaskQueueKind.Normal };
        attributes.WorkflowTaskTimeout = Durations.Of(command.WorkflowTaskTimeout) > TimeSpan.Zero ? command.WorkflowTaskTimeout
            : Duration.FromTimeSpan(run.TaskTimeout);
        attributes.ParentClosePolicy = command.ParentClosePolicy == ParentClosePolicy.Unspecified ? ParentClosePolicy.Terminate : command.ParentClosePolicy;
        attributes.RetryPolicy = command.RetryPolicy is null ? null : RetryRules.Complete(command.RetryPolicy);
        if (command.WorkflowIdReusePolicy == WorkflowIdReusePolicy.Unspecified)
        {
            attributes.WorkflowIdReusePolicy = WorkflowIdReusePolicy.AllowDuplicate;
        }

        if (run.ReplacedChildren.Remove($"{command.WorkflowType.Name}:{command.WorkflowId}"))
        {
            // The run before the reset began it, and it may run still.
            attributes.WorkflowIdReusePolicy = WorkflowIdReusePolicy.TerminateIfRunning;
        }

        SkipConfig.Propagate(run, attributes);
        var initiated = change.Add(new HistoryEvent
        {
            EventType = EventType.StartChildWorkflowExecutionInitiated, StartChildWorkflowExecutionInitiatedEventAttributes = attributes,
        }).EventId;
        var inherited = Inheriting.Child(run, attributes.TaskQueue.Name, change.VersionQueues);
        var child = new ChildState
        {
            InitiatedId = initiated,
            InheritedVersion = inherited.Pinned.Length > 0 ? inherited.Pinned : null,
            InheritedOverride = inherited.Override,
            WorkflowId = command.WorkflowId,
            RunId = ChildRules.RunIdOf(run.RunId, initiated),
            Type = command.WorkflowType.Name,
            ParentClosePolicy = attributes.ParentClosePolicy,
            CompletedId = completedId,
        };
        if (!isHere)
        {
            // The rights of who runs this workflow are those of its own namespace.
            change.Add(ChildRules.StartFailedEvent(run, child, command.Namespace, "", StartChildWorkflowExecutionFailedCause.NamespaceNotFound));
            return null;
        }

        run.Children[initiated] = child;
        change.Send(new OutboxMessage(new OutboxKey(run.RunId, OutboxKind.Start, initiated), child.WorkflowId, child.RunId));
        return null;
    }

    private static CommandFailure? Refuse(RunState run, StartChildWorkflowExecutionCommandAttributes command)
    {
        if (run.Children.Count >= CommandRules.MaxPending)
        {
            return CommandRules.Bad(
                WorkflowTaskFailedCause.PendingChildWorkflowsLimitExceeded,
                $"The number of pending child workflow executions, {CommandRules.MaxPending}, has reached the limit.");
        }

        var wrong = Names.Refuse(command.WorkflowId, "WorkflowId", Where) ?? Names.Refuse(command.WorkflowType?.Name, "WorkflowType", Where)
            ?? Names.RefuseOptional(command.TaskQueue?.Name, "TaskQueue") ?? PeopleQueue.RefuseWorkflows(command.TaskQueue?.Name)
            ?? (new[] { command.WorkflowExecutionTimeout, command.WorkflowRunTimeout, command.WorkflowTaskTimeout }.Any(t => Durations.Of(t) < TimeSpan.Zero)
                ? "A timeout is negative on StartChildWorkflowExecutionCommand."
            : CommandRules.IsTooLarge(command.Input) || CommandRules.IsTooLarge(command.Memo)
                ? $"StartChildWorkflowExecutionCommandAttributes exceed {CommandRules.MaxBlob} bytes."
            : RetryRules.Refuse(command.RetryPolicy) ?? CronSchedule.Refuse(command.CronSchedule) ?? Overriding.Refuse(command.VersioningOverride));
        return wrong is not null ? CommandRules.Bad(WorkflowTaskFailedCause.BadStartChildExecutionAttributes, wrong)
            : CommandRules.UnknownAttribute(command.SearchAttributes);
    }
}
