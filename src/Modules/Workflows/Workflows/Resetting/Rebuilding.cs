using System.Diagnostics;
using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Children;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Versioning;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Resetting;

/// <summary>
/// A run's state from its events: what was under way after the last of them. What no event tells - attempts, heartbeats, who holds a task, the queue of the
/// worker that has the run in its cache - is as it is before anything has happened. Pure.
/// </summary>
internal static class Rebuilding
{
    /// <param name="of">The run that the events are of, or that has them in its history too: what it was started with is taken from it.</param>
    /// <param name="runId">The id that the rebuilt run gets.</param>
    /// <param name="requestId">Of the request that makes it.</param>
    /// <param name="startedAt">When its times begin; null for when the events say.</param>
    /// <param name="events">From the first one, without a gap.</param>
    public static RunState Of(RunState of, string runId, string requestId, DateTimeOffset? startedAt, IReadOnlyList<HistoryEvent> events)
    {
        var run = Start(of, runId, requestId, startedAt, events[0].WorkflowExecutionStartedEventAttributes);
        foreach (var stored in events)
        {
            run.NextEventId = stored.EventId + 1;
            run.HistoryBytes += stored.CalculateSize();
            Apply(run, stored);
        }

        return run;
    }

    private static RunState Start(RunState of, string runId, string requestId, DateTimeOffset? startedAt, WorkflowExecutionStartedEventAttributes started)
    {
        DateTimeOffset? expires = startedAt is null ? of.ExpiresAt : Ends(startedAt, of.RunTimeout);
        var allExpire = startedAt is null ? of.ExecutionExpiresAt : Ends(startedAt, of.ExecutionTimeout);
        return new RunState
        {
            Namespace = of.Namespace,
            NamespaceName = of.NamespaceName,
            WorkflowId = of.WorkflowId,
            RunId = runId,
            FirstRunId = of.FirstRunId,
            Type = of.Type,
            TaskQueue = of.TaskQueue,
            RequestId = requestId,
            StartedBy = of.StartedBy,
            TaskTimeout = of.TaskTimeout,
            RunTimeout = of.RunTimeout,
            ExecutionTimeout = of.ExecutionTimeout,
            Retry = of.Retry,
            Attempt = of.Attempt,
            Cron = of.Cron,
            StartedAt = startedAt ?? of.StartedAt,
            FirstStartedAt = startedAt is null ? of.FirstStartedAt : of.FirstStartedAt ?? of.StartedAt,
            ExpiresAt = allExpire < expires ? allExpire : expires ?? allExpire,
            ExecutionExpiresAt = allExpire,
            ExecutesAt = startedAt is null ? of.ExecutesAt : null,
            Parent = of.Parent,
            Root = of.Root,
            Schedule = of.Schedule,
            Memo = started.Memo?.Clone(),
            SearchAttributes = started.SearchAttributes?.Clone(),
            UserMetadata = of.UserMetadata,
            Versioning = Inheriting.Begin(started),
        };
    }

    private static DateTimeOffset? Ends(DateTimeOffset? from, TimeSpan timeout) => timeout > TimeSpan.Zero ? from + timeout : null;

    private static void Apply(RunState run, HistoryEvent stored)
    {
        switch (stored.EventType)
        {
            case EventType.WorkflowTaskScheduled or EventType.WorkflowTaskStarted or EventType.WorkflowTaskCompleted or EventType.WorkflowTaskFailed
                or EventType.WorkflowTaskTimedOut:
                ApplyTask(run, stored);
                break;
            case EventType.WorkflowExecutionSignaled:
                run.Signals++;
                break;
            case EventType.WorkflowExecutionCancelRequested:
                run.CancelRequested = true;
                break;
            case EventType.TimerStarted:
                var timer = stored.TimerStartedEventAttributes;
                run.Timers[timer.TimerId] = new TimerState(stored.EventId, stored.EventTime.ToDateTimeOffset() + Durations.Of(timer.StartToFireTimeout));
                break;
            case EventType.TimerFired:
                run.Timers.Remove(stored.TimerFiredEventAttributes.TimerId);
                break;
            case EventType.TimerCanceled:
                run.Timers.Remove(stored.TimerCanceledEventAttributes.TimerId);
                break;
            case EventType.UpsertWorkflowSearchAttributes:
                var attributes = stored.UpsertWorkflowSearchAttributesEventAttributes.SearchAttributes.IndexedFields;
                CommandRules.Merge((run.SearchAttributes ??= new SearchAttributes()).IndexedFields, attributes);
                break;
            case EventType.WorkflowPropertiesModified:
                CommandRules.Merge((run.Memo ??= new Memo()).Fields, stored.WorkflowPropertiesModifiedEventAttributes.UpsertedMemo.Fields);
                break;
            case EventType.WorkflowExecutionUpdateAdmitted:
                run.AdmittedUpdates.Add(stored.WorkflowExecutionUpdateAdmittedEventAttributes.Request.Meta.UpdateId);
                break;
            case EventType.WorkflowExecutionUpdateAccepted:
                var accepted = stored.WorkflowExecutionUpdateAcceptedEventAttributes.ProtocolInstanceId;
                run.AdmittedUpdates.Remove(accepted);
                run.Updates[accepted] = new UpdateState(stored.EventId, 0);
                break;
            case EventType.WorkflowExecutionUpdateCompleted:
                var updated = stored.WorkflowExecutionUpdateCompletedEventAttributes.Meta.UpdateId;
                run.Updates[updated] = run.Updates[updated] with { CompletedId = stored.EventId };
                break;
            case EventType.WorkflowExecutionOptionsUpdated:
                var options = stored.WorkflowExecutionOptionsUpdatedEventAttributes;
                if (options.VersioningOverride is not null || options.UnsetVersioningOverride)
                {
                    Overriding.Set(run, options.VersioningOverride);
                }

                break;
            default:
                ApplyActivity(run, stored);
                RebuiltChildren.Apply(run, stored);
                break;
        }
    }

    private static void ApplyTask(RunState run, HistoryEvent stored)
    {
        switch (stored.EventType)
        {
            case EventType.WorkflowTaskScheduled:
                var scheduled = stored.WorkflowTaskScheduledEventAttributes;
                run.WorkflowTask = new WorkflowTaskState
                {
                    ScheduledId = stored.EventId,
                    // It stands in the history, so it is like a first one.
                    Attempt = 1,
                    ScheduledAt = stored.EventTime.ToDateTimeOffset(),
                    OriginallyScheduledAt = stored.EventTime.ToDateTimeOffset(),
                    Queue = scheduled.TaskQueue.Name,
                    Timeout = Durations.Of(scheduled.StartToCloseTimeout),
                };
                break;
            case EventType.WorkflowTaskStarted:
                var task = run.WorkflowTask ?? throw new UnreachableException($"Event {stored.EventId} starts a workflow task that no event scheduled.");
                task.StartedId = stored.EventId;
                task.StartedAt = stored.EventTime.ToDateTimeOffset();
                task.Identity = stored.WorkflowTaskStartedEventAttributes.Identity;
                task.RequestId = stored.WorkflowTaskStartedEventAttributes.RequestId;
                break;
            case EventType.WorkflowTaskFailed:
                run.WorkflowTask = null;
                if (stored.WorkflowTaskFailedEventAttributes is { Cause: WorkflowTaskFailedCause.ResetWorkflow } reset)
                {
                    RebuiltChildren.Own(run, reset.BaseRunId);
                }

                break;
            case EventType.WorkflowTaskCompleted:
                run.WorkflowTask = null;
                var completed = stored.WorkflowTaskCompletedEventAttributes;
                run.LastCompletedStarted = completed.StartedEventId;
                // Only a worker that takes tasks by versions has this older text.
#pragma warning disable CS0612
                VersioningRules.Record(run, completed, WorkerVersion.OfDotted(completed.WorkerDeploymentVersion)?.ToString() ?? "");
#pragma warning restore CS0612
                break;
            default:
                run.WorkflowTask = null;
                break;
        }
    }

    private static void ApplyActivity(RunState run, HistoryEvent stored)
    {
        switch (stored.EventType)
        {
            case EventType.ActivityTaskScheduled:
                run.Activities[stored.EventId] = ActivityRules.Of(stored);
                break;
            case EventType.ActivityTaskStarted:
                var started = stored.ActivityTaskStartedEventAttributes;
                var activity = run.Activities[started.ScheduledEventId];
                (activity.StartedAt, activity.Attempt) = (stored.EventTime.ToDateTimeOffset(), started.Attempt);
                (activity.Identity, activity.RequestId, activity.StartedId) = (started.Identity, started.RequestId, stored.EventId);
                break;
            case EventType.ActivityTaskCancelRequested:
                var cancelled = stored.ActivityTaskCancelRequestedEventAttributes.ScheduledEventId;
                if (run.Activities.TryGetValue(cancelled, out var wanted) && wanted.CancelRequestedId == 0)
                {
                    wanted.CancelRequestedId = stored.EventId;
                }

                break;
            case EventType.ActivityTaskCompleted:
                run.Activities.Remove(stored.ActivityTaskCompletedEventAttributes.ScheduledEventId);
                break;
            case EventType.ActivityTaskFailed:
                run.Activities.Remove(stored.ActivityTaskFailedEventAttributes.ScheduledEventId);
                break;
            case EventType.ActivityTaskTimedOut:
                run.Activities.Remove(stored.ActivityTaskTimedOutEventAttributes.ScheduledEventId);
                break;
            case EventType.ActivityTaskCanceled:
                run.Activities.Remove(stored.ActivityTaskCanceledEventAttributes.ScheduledEventId);
                break;
        }
    }
}
