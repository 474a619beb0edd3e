using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Updates;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Commands;

/// <summary>What a worker commanded is not possible: its workflow task fails.</summary>
internal sealed record CommandFailure(WorkflowTaskFailedCause Cause, string Message);

/// <summary>A worker's commands, in their order, as events. Pure.</summary>
internal static class CommandRules
{
    /// <summary>As many activities, and as many timers, may be under way in one run.</summary>
    public const int MaxPending = 2_000;

    public const int MaxBlob = 2 * 1024 * 1024;

    /// <summary>Whether a command ends the run.</summary>
    public static bool Closes(CommandType type) => type is
        CommandType.CompleteWorkflowExecution or CommandType.FailWorkflowExecution or CommandType.CancelWorkflowExecution or CommandType.ContinueAsNewWorkflowExecution;

    /// <summary>Applies all of them, or says what is wrong with one: then the change must be dropped.</summary>
    /// <param name="completedId">The event of the workflow task that commands.</param>
    public static CommandFailure? Apply(RunChange change, RepeatedField<Command> commands, long completedId)
    {
        foreach (var command in commands)
        {
            if (!change.Run.IsRunning)
            {
                return Bad(WorkflowTaskFailedCause.UnhandledCommand, $"A command {command.CommandType} comes after the one that ended the workflow.");
            }

            var first = change.Events.Count;
            if (Apply(change, command, completedId) is { } failure)
            {
                return failure;
            }

            if (command.UserMetadata is not null && change.Events.Count > first)
            {
                change.Events[first].UserMetadata = command.UserMetadata;
            }
        }

        return null;
    }

    private static CommandFailure? Apply(RunChange change, Command command, long completedId) => command.AttributesCase switch
    {
        Command.AttributesOneofCase.ScheduleActivityTaskCommandAttributes => ActivityCommands.Schedule(change, command.ScheduleActivityTaskCommandAttributes, completedId),
        Command.AttributesOneofCase.RequestCancelActivityTaskCommandAttributes => ActivityCommands.RequestCancel(change, command.RequestCancelActivityTaskCommandAttributes, completedId),
        Command.AttributesOneofCase.StartTimerCommandAttributes => TimerCommands.Start(change, command.StartTimerCommandAttributes, completedId),
        Command.AttributesOneofCase.CancelTimerCommandAttributes => TimerCommands.Cancel(change, command.CancelTimerCommandAttributes, completedId),
        Command.AttributesOneofCase.RecordMarkerCommandAttributes => Record(change, command.RecordMarkerCommandAttributes, completedId),
        Command.AttributesOneofCase.UpsertWorkflowSearchAttributesCommandAttributes => Upsert(change, command.UpsertWorkflowSearchAttributesCommandAttributes, completedId),
        Command.AttributesOneofCase.ModifyWorkflowPropertiesCommandAttributes => Modify(change, command.ModifyWorkflowPropertiesCommandAttributes, completedId),
        Command.AttributesOneofCase.ContinueAsNewWorkflowExecutionCommandAttributes => ContinueAsNew.Apply(change, command.ContinueAsNewWorkflowExecutionCommandAttributes, completedId),
        Command.AttributesOneofCase.CompleteWorkflowExecutionCommandAttributes => CloseCommands.Complete(change, command.CompleteWorkflowExecutionCommandAttributes, completedId),
        Command.AttributesOneofCase.FailWorkflowExecutionCommandAttributes => CloseCommands.Fail(change, command.FailWorkflowExecutionCommandAttributes, completedId),
        Command.AttributesOneofCase.CancelWorkflowExecutionCommandAttributes => CloseCommands.Cancel(change, command.CancelWorkflowExecutionCommandAttributes, completedId),
        Command.AttributesOneofCase.StartChildWorkflowExecutionCommandAttributes =>
            ChildCommands.Start(change, command.StartChildWorkflowExecutionCommandAttributes, completedId),
        Command.AttributesOneofCase.SignalExternalWorkflowExecutionCommandAttributes =>
            ExternalCommands.Signal(change, command.SignalExternalWorkflowExecutionCommandAttributes, completedId),
        Command.AttributesOneofCase.RequestCancelExternalWorkflowExecutionCommandAttributes =>
            ExternalCommands.RequestCancel(change, command.RequestCancelExternalWorkflowExecutionCommandAttributes, completedId),
        Command.AttributesOneofCase.ScheduleNexusOperationCommandAttributes =>
            NexusCommands.Schedule(change, command.ScheduleNexusOperationCommandAttributes, completedId),
        Command.AttributesOneofCase.RequestCancelNexusOperationCommandAttributes =>
            NexusCommands.RequestCancel(change, command.RequestCancelNexusOperationCommandAttributes, completedId),
        Command.AttributesOneofCase.ProtocolMessageCommandAttributes => UpdateRules.Place(change, command.ProtocolMessageCommandAttributes.MessageId),
        _ => Bad(WorkflowTaskFailedCause.FeatureDisabled, $"The command {command.CommandType} is not there yet."),
    };

    public static CommandFailure Bad(WorkflowTaskFailedCause cause, string message) => new(cause, message);

    /// <summary>Fails on an attribute that the namespace does not have: the frontend has put the type to each one that it has.</summary>
    public static CommandFailure? UnknownAttribute(SearchAttributes? attributes) =>
        attributes?.IndexedFields.FirstOrDefault(f => !f.Value.Metadata.ContainsKey("type")) is { Key: { } unknown }
            ? Bad(WorkflowTaskFailedCause.BadSearchAttributes, $"Namespace has no mapping defined for search attribute {unknown}.") : null;

    /// <summary>Whether a command is for the run's own namespace.</summary>
    /// <param name="name">Empty for the run's own.</param>
    public static bool IsHere(RunState run, string name) => name.Length == 0 || name == run.NamespaceName;

    public static bool IsTooLarge(IMessage? message) => message?.CalculateSize() > MaxBlob;

    private static CommandFailure? Record(RunChange change, RecordMarkerCommandAttributes command, long completedId)
    {
        if (Names.Refuse(command.MarkerName, "MarkerName", "RecordMarkerCommand") is { } wrong)
        {
            return Bad(WorkflowTaskFailedCause.BadRecordMarkerAttributes, wrong);
        }

        var marker = command.CopyTo(new MarkerRecordedEventAttributes { WorkflowTaskCompletedEventId = completedId });
        change.Add(new HistoryEvent { EventType = EventType.MarkerRecorded, MarkerRecordedEventAttributes = marker });
        return null;
    }

    private static CommandFailure? Upsert(RunChange change, UpsertWorkflowSearchAttributesCommandAttributes command, long completedId)
    {
        if (command.SearchAttributes?.IndexedFields is not { Count: > 0 } fields)
        {
            return Bad(WorkflowTaskFailedCause.BadSearchAttributes, "IndexedFields is not set on UpsertWorkflowSearchAttributesCommand.");
        }

        if (UnknownAttribute(command.SearchAttributes) is { } unknown)
        {
            return unknown;
        }

        var all = change.Run.SearchAttributes ??= new SearchAttributes();
        Merge(all.IndexedFields, fields);
        if (AttributeValues.Refuse(all.IndexedFields) is { } wrong)
        {
            return Bad(WorkflowTaskFailedCause.BadSearchAttributes, $"{wrong}.");
        }

        change.Add(new HistoryEvent
        {
            EventType = EventType.UpsertWorkflowSearchAttributes,
            UpsertWorkflowSearchAttributesEventAttributes = command.CopyTo(new UpsertWorkflowSearchAttributesEventAttributes { WorkflowTaskCompletedEventId = completedId }),
        });
        return null;
    }

    private static CommandFailure? Modify(RunChange change, ModifyWorkflowPropertiesCommandAttributes command, long completedId)
    {
        if (command.UpsertedMemo?.Fields is not { Count: > 0 } fields)
        {
            return Bad(WorkflowTaskFailedCause.BadModifyWorkflowPropertiesAttributes, "UpsertedMemo is not set on ModifyWorkflowPropertiesCommand.");
        }

        var all = change.Run.Memo ??= new Memo();
        Merge(all.Fields, fields);
        if (IsTooLarge(all))
        {
            return Bad(WorkflowTaskFailedCause.BadModifyWorkflowPropertiesAttributes, $"The memo is larger than {MaxBlob} bytes.");
        }

        change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowPropertiesModified,
            WorkflowPropertiesModifiedEventAttributes = command.CopyTo(new WorkflowPropertiesModifiedEventAttributes { WorkflowTaskCompletedEventId = completedId }),
        });
        return null;
    }

    /// <summary>Null removes: SDKs send it as a payload of no data, or of the JSON word.</summary>
    public static void Merge(MapField<string, Payload> all, MapField<string, Payload> given)
    {
        foreach (var (name, payload) in given)
        {
            if (payload.Data.IsEmpty || payload.Data.Span.SequenceEqual("null"u8))
            {
                all.Remove(name);
            }
            else
            {
                all[name] = payload;
            }
        }
    }
}
