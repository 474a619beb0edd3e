using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.People;
using Flagstone.Workflows.Versioning;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Commands;

/// <summary>The command that ends a run and begins the next one of the chain. Both are one step. Pure.</summary>
internal static class ContinueAsNew
{
    public static CommandFailure? Apply(RunChange change, ContinueAsNewWorkflowExecutionCommandAttributes command, long completedId)
    {
        var run = change.Run;
        if (Durations.Of(command.WorkflowRunTimeout) < TimeSpan.Zero || Durations.Of(command.WorkflowTaskTimeout) < TimeSpan.Zero)
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.BadContinueAsNewAttributes, "A timeout is negative on ContinueAsNewWorkflowExecutionCommand.");
        }

        if ((Names.RefuseOptional(command.WorkflowType?.Name, "WorkflowType") ?? Names.RefuseOptional(command.TaskQueue?.Name, "TaskQueue")
            ?? PeopleQueue.RefuseWorkflows(command.TaskQueue?.Name) ?? RetryRules.Refuse(command.RetryPolicy) ?? CronSchedule.Refuse(command.CronSchedule)) is { } wrong)
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.BadContinueAsNewAttributes, wrong);
        }

        if (CommandRules.IsTooLarge(command.Input) || CommandRules.IsTooLarge(command.Memo))
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.BadContinueAsNewAttributes, $"ContinueAsNewWorkflowExecutionCommandAttributes exceed {CommandRules.MaxBlob} bytes.");
        }

        if (CommandRules.UnknownAttribute(command.SearchAttributes) is { } unknown)
        {
            return unknown;
        }

        var request = Request(run, command);
        var next = change.Follow(request, new Origin
        {
            Initiator = ContinueAsNewInitiator.Workflow, Failure = command.Failure, LastResult = command.LastCompletionResult,
            Inherited = Inheriting.Next(
                run, ContinueAsNewInitiator.Workflow, request.TaskQueue.Name, change.VersionQueues, command.InitialVersioningBehavior),
        });
        var last = command.CopyTo(new WorkflowExecutionContinuedAsNewEventAttributes { NewExecutionRunId = next.Run.RunId, WorkflowTaskCompletedEventId = completedId });
        last.WorkflowType = new WorkflowType { Name = next.Run.Type };
        last.TaskQueue = new TaskQueue { Name = next.Run.TaskQueue, Kind = TaskQueueKind.Normal };
        last.Memo = next.Run.Memo;
        last.SearchAttributes = next.Run.SearchAttributes;
        last.WorkflowTaskTimeout = Duration.FromTimeSpan(next.Run.TaskTimeout);
        last.Initiator = ContinueAsNewInitiator.Workflow;
        Closing.Close(change, WorkflowExecutionStatus.ContinuedAsNew, new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionContinuedAsNew, WorkflowExecutionContinuedAsNewEventAttributes = last,
        });
        WorkflowTaskRules.Schedule(next);
        return null;
    }

    /// <summary>What the command does not say is as it was.</summary>
    private static StartWorkflowExecutionRequest Request(RunState run, ContinueAsNewWorkflowExecutionCommandAttributes command) => new()
    {
        WorkflowId = run.WorkflowId,
        WorkflowType = new WorkflowType { Name = command.WorkflowType?.Name is { Length: > 0 } type ? type : run.Type },
        TaskQueue = new TaskQueue { Name = command.TaskQueue?.Name is { Length: > 0 } queue ? queue : run.TaskQueue, Kind = TaskQueueKind.Normal },
        Input = command.Input,
        Header = command.Header,
        Memo = command.Memo ?? run.Memo,
        SearchAttributes = command.SearchAttributes ?? run.SearchAttributes,
        WorkflowRunTimeout = command.WorkflowRunTimeout ?? Duration.FromTimeSpan(run.RunTimeout),
        WorkflowTaskTimeout = command.WorkflowTaskTimeout ?? Duration.FromTimeSpan(run.TaskTimeout),
        WorkflowExecutionTimeout = Duration.FromTimeSpan(run.ExecutionTimeout),
        WorkflowStartDelay = command.BackoffStartInterval,
        // Not inherited: an SDK sends the run's own policy where the workflow names no other one.
        RetryPolicy = command.RetryPolicy,
        CronSchedule = command.CronSchedule,
    };
}
