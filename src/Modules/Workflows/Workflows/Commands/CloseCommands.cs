using Flagstone.Workflows.Executions;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Commands;

/// <summary>The commands that end a run; a run may follow by its retry policy or its cron schedule, in the same step. Pure.</summary>
internal static class CloseCommands
{
    public static CommandFailure? Complete(RunChange change, CompleteWorkflowExecutionCommandAttributes command, long completedId) =>
        TooLarge(command.Result) ?? Close(change, WorkflowExecutionStatus.Completed, new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionCompleted,
            WorkflowExecutionCompletedEventAttributes = new WorkflowExecutionCompletedEventAttributes
            {
                Result = command.Result, NewExecutionRunId = Repeating.AfterSuccess(change, command.Result), WorkflowTaskCompletedEventId = completedId,
            },
        });

    public static CommandFailure? Fail(RunChange change, FailWorkflowExecutionCommandAttributes command, long completedId)
    {
        if (TooLarge(command.Failure) is { } refused)
        {
            return refused;
        }

        var (state, next) = Repeating.AfterFailure(change, command.Failure ?? new Failure());
        return Close(change, WorkflowExecutionStatus.Failed, new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionFailed,
            WorkflowExecutionFailedEventAttributes = new WorkflowExecutionFailedEventAttributes
            {
                Failure = command.Failure, RetryState = state, NewExecutionRunId = next, WorkflowTaskCompletedEventId = completedId,
            },
        });
    }

    public static CommandFailure? Cancel(RunChange change, CancelWorkflowExecutionCommandAttributes command, long completedId) =>
        TooLarge(command.Details) ?? Close(change, WorkflowExecutionStatus.Canceled, new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionCanceled,
            WorkflowExecutionCanceledEventAttributes = new WorkflowExecutionCanceledEventAttributes
            {
                Details = command.Details, WorkflowTaskCompletedEventId = completedId,
            },
        });

    private static CommandFailure? TooLarge(Google.Protobuf.IMessage? result) =>
        CommandRules.IsTooLarge(result)
            ? CommandRules.Bad(WorkflowTaskFailedCause.BadBinary, $"The result is larger than {CommandRules.MaxBlob} bytes.") : null;

    private static CommandFailure? Close(RunChange change, WorkflowExecutionStatus status, HistoryEvent last)
    {
        Closing.Close(change, status, last);
        return null;
    }
}
