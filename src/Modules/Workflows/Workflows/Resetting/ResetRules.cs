using System.Security.Cryptography;
using System.Text;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.TimeSkipping;
using Flagstone.Workflows.Versioning;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Resetting;

/// <summary>
/// A new run that goes on with the history of another one as it was while a workflow task was open: that task fails, and what was under way then is under
/// way again. Pure. (Temporal's server: service/history/ndc/workflow_resetter.go, api/resetworkflow/api.go.)
/// </summary>
internal static class ResetRules
{
    private const string ServerIdentity = "history-service";

    /// <summary>The id of the run that a request makes: the same however often it is asked.</summary>
    public static string RunIdOf(ExecutionKey key, string requestId)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"reset {key} {requestId}")).AsSpan(0, 16);
        // A UUID of version 8: its bits are the application's own.
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    /// <summary>Why a run cannot go back to a point; null when it may be one.</summary>
    public static Refusal? Refuse(RunState of, long finishId) => finishId > 1 && finishId < of.NextEventId ? null
        : Refusal.InvalidArgument("Workflow task finish ID must be > 1 && <= workflow last event ID.");

    /// <summary>Begins the new run, or says why there can be none.</summary>
    public static (RunChange Change, Refusal? Refusal) Begin(
        ResetBase from, ResetWorkflowExecutionRequest request, string runId, DateTimeOffset wall, Principal? by)
    {
        var run = Rebuilding.Of(from.Run, runId, request.RequestId, RunTime.Of(from.Run, wall), from.Kept);
        // What was skipped until now stays so: its times go on from those of the base.
        run.TimeSkipping = from.Run.TimeSkipping is { } skipping ? skipping with { Initial = skipping.Skipped } : null;
        (run.BaseRunId, run.BaseEventId, run.Digest) = (from.Run.RunId, from.Kept[^1].EventId, from.Digest);
        run.SignalRequests.UnionWith(from.Run.SignalRequests);
        var change = new RunChange(run, wall) { Copied = new CopiedEvents(from.Run.RunId, run.BaseEventId) };
        if (OpenNexusOperation(from.Kept) is > 0 and var scheduled)
        {
            return (change, Refusal.InvalidArgument(
                $"The Nexus operation of event {scheduled} is under way at this point, and a reset cannot go on with it. Reset to a point before it, or after its end."));
        }

        if (run.WorkflowTask is not { } task)
        {
            return (change, Refusal.InvalidArgument(
                $"Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, WorkflowTaskStarted + 1]: {request.WorkflowTaskFinishEventId}"));
        }

        RebuiltChildren.Own(run, from.Owner);
        FailTask(change, task, request.Reason, by);
        FailActivities(change, request.Reason);
        if (Reapply(change, from, request) is { } refusal)
        {
            return (change, refusal);
        }

        Send(change);
        WorkflowTaskRules.Schedule(change);
        return (change, run.NextEventId > HistoryLimits.MaxEvents || run.HistoryBytes > HistoryLimits.MaxBytes
            ? Refusal.InvalidArgument("The history would exceed its limit. Exclude signals and updates, or reset to an earlier point.") : null);
    }

    /// <summary>The Scheduled event of a Nexus operation that has no end among the events; 0 for none.</summary>
    private static long OpenNexusOperation(IReadOnlyList<HistoryEvent> events)
    {
        var open = new HashSet<long>();
        foreach (var stored in events)
        {
            _ = stored.AttributesCase switch
            {
                HistoryEvent.AttributesOneofCase.NexusOperationScheduledEventAttributes => open.Add(stored.EventId),
                HistoryEvent.AttributesOneofCase.NexusOperationCompletedEventAttributes => open.Remove(stored.NexusOperationCompletedEventAttributes.ScheduledEventId),
                HistoryEvent.AttributesOneofCase.NexusOperationFailedEventAttributes => open.Remove(stored.NexusOperationFailedEventAttributes.ScheduledEventId),
                HistoryEvent.AttributesOneofCase.NexusOperationCanceledEventAttributes => open.Remove(stored.NexusOperationCanceledEventAttributes.ScheduledEventId),
                HistoryEvent.AttributesOneofCase.NexusOperationTimedOutEventAttributes => open.Remove(stored.NexusOperationTimedOutEventAttributes.ScheduledEventId),
                _ => false,
            };
        }

        return open.Order().FirstOrDefault();
    }

    private static void FailTask(RunChange change, WorkflowTaskState task, string reason, Principal? by)
    {
        if (!task.IsStarted)
        {
            WorkflowTaskRules.Start(change, task.ScheduledId, task.Attempt, ServerIdentity, "", "");
        }

        change.Run.WorkflowTask = null;
        change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowTaskFailed,
            Principal = by,
            WorkflowTaskFailedEventAttributes = new WorkflowTaskFailedEventAttributes
            {
                ScheduledEventId = task.ScheduledId,
                StartedEventId = task.StartedId,
                Cause = WorkflowTaskFailedCause.ResetWorkflow,
                Failure = Failure(reason, null),
                Identity = ServerIdentity,
                BaseRunId = change.Run.BaseRunId,
                NewRunId = change.Run.RunId,
            },
        });
    }

    /// <summary>What a worker had begun ends; what waits for one waits anew, from now on.</summary>
    private static void FailActivities(RunChange change, string reason)
    {
        var run = change.Run;
        foreach (var activity in run.Activities.Values.OrderBy(a => a.ScheduledId).ToList())
        {
            if (!activity.IsStarted)
            {
                run.Activities[activity.ScheduledId] = activity with { FirstScheduledAt = change.Now, ScheduledAt = change.Now };
                change.Queue(TaskKind.Activity, activity.Queue, activity.ScheduledId, activity.Attempt);
                continue;
            }

            run.Activities.Remove(activity.ScheduledId);
            change.Add(new HistoryEvent
            {
                EventType = EventType.ActivityTaskFailed,
                ActivityTaskFailedEventAttributes = new ActivityTaskFailedEventAttributes
                {
                    Failure = Failure(reason, activity.HeartbeatDetails),
                    ScheduledEventId = activity.ScheduledId,
                    StartedEventId = activity.StartedId,
                    Identity = activity.Identity,
                    RetryState = RetryState.NonRetryableFailure,
                },
            });
        }
    }

    private static Refusal? Reapply(RunChange change, ResetBase from, ResetWorkflowExecutionRequest request)
    {
#pragma warning disable CS0612 // Older clients say it this way.
        var reapplying = Reapplying.Of(request.ResetReapplyExcludeTypes, request.ResetReapplyType);
#pragma warning restore CS0612
        foreach (var later in from.Later)
        {
            Reapplying.Learn(change, later);
            if (later.StartChildWorkflowExecutionInitiatedEventAttributes is { } child)
            {
                change.Run.ReplacedChildren.Add($"{child.WorkflowType.Name}:{child.WorkflowId}");
            }
        }

        if (from.Later.Concat(from.Following).Select(later => reapplying.Apply(change, later)).FirstOrDefault(r => r is not null) is { } refusal)
        {
            return refusal;
        }

        return request.PostResetOperations
            .Select(o => o.SignalWorkflow is { } s ? Signalling.Signal(change, s.SignalName, s.Input, s.Header, request.Identity, "")
                : OptionFields.Apply(change, o.UpdateWorkflowOptions?.UpdateMask, o.UpdateWorkflowOptions?.WorkflowExecutionOptions, request.Identity))
            .FirstOrDefault(r => r is not null);
    }

    /// <summary>Asks others again for what the kept history asks for and has no answer to.</summary>
    private static void Send(RunChange change)
    {
        var run = change.Run;
        foreach (var child in run.Children.Values.Where(c => !c.IsStarted))
        {
            // The run id is the one that the first request gave: a child that is there is the one that is meant.
            change.Send(new OutboxMessage(new OutboxKey(run.RunId, OutboxKind.Start, child.InitiatedId), child.WorkflowId, child.RunId));
        }

        foreach (var external in run.Externals.Values)
        {
            change.Send(new OutboxMessage(new OutboxKey(run.RunId, external.Kind, external.InitiatedId), external.WorkflowId, external.RunId));
        }
    }

    private static Failure Failure(string reason, Payloads? heartbeat) => new()
    {
        Message = reason, Source = "Server", ResetWorkflowFailureInfo = new ResetWorkflowFailureInfo { LastHeartbeatDetails = heartbeat },
    };
}
