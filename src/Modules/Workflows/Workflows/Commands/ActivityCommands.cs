using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.People;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.TaskQueue.V1;

namespace Flagstone.Workflows.Commands;

/// <summary>The commands that begin and cancel activities. Pure.</summary>
internal static class ActivityCommands
{
    /// <summary>What the event of an activity that was cancelled before it started says; SDKs know the text.</summary>
    private const string NotStarted = "ACTIVITY_ID_NOT_STARTED";

    private const string Where = "ScheduleActivityTaskCommand";

    public static CommandFailure? Schedule(RunChange change, ScheduleActivityTaskCommandAttributes command, long completedId)
    {
        var run = change.Run;
        if (Refuse(run, command) is { } wrong)
        {
            return wrong;
        }

        var times = ActivityTimes.Of(
            run.RunTimeout, Durations.Of(command.ScheduleToCloseTimeout), Durations.Of(command.ScheduleToStartTimeout),
            Durations.Of(command.StartToCloseTimeout), Durations.Of(command.HeartbeatTimeout));
        var attributes = command.CopyTo(new ActivityTaskScheduledEventAttributes { WorkflowTaskCompletedEventId = completedId });
        attributes.TaskQueue = new TaskQueue { Name = command.TaskQueue?.Name is { Length: > 0 } queue ? queue : run.TaskQueue, Kind = TaskQueueKind.Normal };
        attributes.ScheduleToCloseTimeout = Duration.FromTimeSpan(times.ScheduleToClose);
        attributes.ScheduleToStartTimeout = Duration.FromTimeSpan(times.ScheduleToStart);
        attributes.StartToCloseTimeout = Duration.FromTimeSpan(times.StartToClose);
        attributes.HeartbeatTimeout = Duration.FromTimeSpan(times.Heartbeat);
        attributes.RetryPolicy = RetryRules.Complete(command.RetryPolicy);
        var scheduled = change.Add(new HistoryEvent { EventType = EventType.ActivityTaskScheduled, ActivityTaskScheduledEventAttributes = attributes });
        run.Activities[scheduled.EventId] = ActivityRules.Of(scheduled);
        change.Queue(TaskKind.Activity, attributes.TaskQueue.Name, scheduled.EventId, 1);
        return null;
    }

    public static CommandFailure? RequestCancel(RunChange change, RequestCancelActivityTaskCommandAttributes command, long completedId)
    {
        if (command.ScheduledEventId <= 0 || command.ScheduledEventId >= change.Run.NextEventId)
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.BadRequestCancelActivityAttributes, $"No activity was scheduled by event {command.ScheduledEventId}.");
        }

        var requested = change.Add(new HistoryEvent
        {
            EventType = EventType.ActivityTaskCancelRequested,
            ActivityTaskCancelRequestedEventAttributes = new ActivityTaskCancelRequestedEventAttributes
            {
                ScheduledEventId = command.ScheduledEventId, WorkflowTaskCompletedEventId = completedId,
            },
        });
        // One that is over meanwhile is not there any more, and its end is on the way to the worker.
        if (!change.Run.Activities.TryGetValue(command.ScheduledEventId, out var activity) || activity.CancelRequestedId > 0)
        {
            return null;
        }

        activity.CancelRequestedId = requested.EventId;
        if (!activity.IsStarted)
        {
            // No worker will say that it stopped: the workflow is told at once, by a workflow task of its own.
            ActivityRules.Cancel(change, activity, new Payloads
            {
                Payloads_ = { new Payload { Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain") }, Data = ByteString.CopyFromUtf8($"\"{NotStarted}\"") } },
            }, "");
        }

        return null;
    }

    private static CommandFailure? Refuse(RunState run, ScheduleActivityTaskCommandAttributes command)
    {
        if (run.Activities.Values.Any(a => a.Id == command.ActivityId))
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.ScheduleActivityDuplicateId, $"An activity with the id '{command.ActivityId}' is under way.");
        }

        var wrong = Names.Refuse(command.ActivityId, "ActivityId", Where) ?? Names.Refuse(command.ActivityType?.Name, "ActivityType", Where)
            ?? Names.RefuseOptional(command.TaskQueue?.Name, "TaskQueue")
            ?? (Durations.Of(command.ScheduleToCloseTimeout) <= TimeSpan.Zero && Durations.Of(command.StartToCloseTimeout) <= TimeSpan.Zero
                ? "A valid StartToClose or ScheduleToCloseTimeout is not set on ScheduleActivityTaskCommand."
            : new[] { command.ScheduleToCloseTimeout, command.ScheduleToStartTimeout, command.StartToCloseTimeout, command.HeartbeatTimeout }
                .Any(t => Durations.Of(t) < TimeSpan.Zero)
                ? "A timeout is negative on ScheduleActivityTaskCommand."
            : RetryRules.Refuse(command.RetryPolicy))
            ?? (PeopleQueue.Is(command.TaskQueue?.Name) ? HumanRequestReader.Refuse(command.Input) : null);
        if (wrong is not null)
        {
            return CommandRules.Bad(WorkflowTaskFailedCause.BadScheduleActivityAttributes, wrong);
        }

        return CommandRules.IsTooLarge(command.Input)
            ? CommandRules.Bad(WorkflowTaskFailedCause.BadScheduleActivityAttributes, $"ScheduleActivityTaskCommandAttributes.Input exceeds {CommandRules.MaxBlob} bytes.")
            : run.Activities.Count >= CommandRules.MaxPending
                ? CommandRules.Bad(WorkflowTaskFailedCause.PendingActivitiesLimitExceeded, $"The number of pending activities, {CommandRules.MaxPending}, has reached the limit.")
                : null;
    }
}
