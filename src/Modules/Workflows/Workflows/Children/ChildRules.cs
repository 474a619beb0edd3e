using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Children;

/// <summary>
/// A child of a run: initiated, started, begun, and over. Its first workflow task waits for the parent's record of its start, so that its end never comes
/// before that. Pure. (Temporal's server: service/history/transfer_queue_active_task_executor.go.)
/// </summary>
internal static class ChildRules
{
    /// <summary>The id of a child's first run: the same however often the start is delivered. A schedule names its runs likewise, by its uid.</summary>
    public static string RunIdOf(string parentRun, long initiatedId)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"{parentRun}/{initiatedId}")).AsSpan(0, 16);
        // A UUID of version 8: its bits are the application's own.
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    /// <summary>Records in the parent that the child is there; the child is let to begin.</summary>
    public static void Started(RunChange change, ChildState child, Header? header)
    {
        child.IsStarted = true;
        change.Add(new HistoryEvent
        {
            EventType = EventType.ChildWorkflowExecutionStarted,
            ChildWorkflowExecutionStartedEventAttributes = new ChildWorkflowExecutionStartedEventAttributes
            {
                Namespace = change.Run.NamespaceName,
                NamespaceId = change.Run.Namespace,
                InitiatedEventId = child.InitiatedId,
                WorkflowExecution = new WorkflowExecution { WorkflowId = child.WorkflowId, RunId = child.RunId },
                WorkflowType = new WorkflowType { Name = child.Type },
                Header = header,
            },
        });
        change.Settle(Key(change, OutboxKind.Start, child));
        change.Send(new OutboxMessage(Key(change, OutboxKind.Begin, child), child.WorkflowId, child.RunId));
        WorkflowTaskRules.Schedule(change);
    }

    /// <summary>Records in the parent that there is no child.</summary>
    public static void StartFailed(RunChange change, ChildState child, StartChildWorkflowExecutionFailedCause cause)
    {
        change.Run.Children.Remove(child.InitiatedId);
        change.Settle(Key(change, OutboxKind.Start, child));
        change.Add(StartFailedEvent(change.Run, child, change.Run.NamespaceName, change.Run.Namespace, cause));
        WorkflowTaskRules.Schedule(change);
    }

    public static HistoryEvent StartFailedEvent(RunState run, ChildState child, string name, string id, StartChildWorkflowExecutionFailedCause cause) => new()
    {
        EventType = EventType.StartChildWorkflowExecutionFailed,
        StartChildWorkflowExecutionFailedEventAttributes = new StartChildWorkflowExecutionFailedEventAttributes
        {
            Namespace = name,
            NamespaceId = id,
            WorkflowId = child.WorkflowId,
            WorkflowType = new WorkflowType { Name = child.Type },
            Cause = cause,
            InitiatedEventId = child.InitiatedId,
            WorkflowTaskCompletedEventId = child.CompletedId,
        },
    };

    /// <summary>Records in the parent how the child's last run ended.</summary>
    /// <param name="last">The last event of that run.</param>
    public static void Closed(RunChange change, ChildState child, string runId, string type, HistoryEvent last)
    {
        if (!child.IsStarted)
        {
            // It ended before its start was recorded, which a worker could not follow.
            Started(change, child, null);
        }

        change.Run.Children.Remove(child.InitiatedId);
        var execution = new WorkflowExecution { WorkflowId = child.WorkflowId, RunId = runId };
        change.Add(ClosedEvent(change.Run, child, execution, new WorkflowType { Name = type }, last));
        WorkflowTaskRules.Schedule(change);
    }

    /// <summary>
    /// The run is over: what it asked for and is not done is not done any more, its children get what their policies say, and its parent and
    /// its schedule are told.
    /// </summary>
    /// <param name="lastId">The run's last event.</param>
    public static void Leave(RunChange change, long lastId)
    {
        var run = change.Run;
        foreach (var child in run.Children.Values)
        {
            // A start that is under way meets this message behind it.
            change.Settle(Key(change, OutboxKind.Start, child));
            if (!change.IsReset && (!child.IsStarted || child.ParentClosePolicy != ParentClosePolicy.Abandon))
            {
                change.Send(new OutboxMessage(Key(change, OutboxKind.ParentClosed, child), child.WorkflowId, child.RunId));
            }
        }

        foreach (var external in run.Externals.Values)
        {
            change.Settle(new OutboxKey(run.RunId, external.Kind, external.InitiatedId));
        }

        run.Children.Clear();
        run.Externals.Clear();
        if (change.IsReset)
        {
            return;
        }

        if (run.Parent is { } parent && change.Follower is null)
        {
            change.Send(new OutboxMessage(new OutboxKey(run.RunId, OutboxKind.Closed, lastId), parent.WorkflowId, parent.RunId));
        }

        if (run.Schedule.Length > 0 && change.Follower is null)
        {
            change.Send(new OutboxMessage(new OutboxKey(run.RunId, OutboxKind.ScheduledClosed, lastId), run.Schedule, run.FirstRunId));
        }
    }

    private static OutboxKey Key(RunChange change, OutboxKind kind, ChildState child) => new(change.Run.RunId, kind, child.InitiatedId);

    private static HistoryEvent ClosedEvent(RunState run, ChildState child, WorkflowExecution execution, WorkflowType type, HistoryEvent last)
    {
        // What all ends say, and this one says alone.
        var end = new ChildWorkflowExecutionTerminatedEventAttributes
        {
            Namespace = run.NamespaceName,
            NamespaceId = run.Namespace,
            WorkflowExecution = execution,
            WorkflowType = type,
            InitiatedEventId = child.InitiatedId,
            StartedEventId = child.StartedId,
        };
        return last.EventType switch
        {
            EventType.WorkflowExecutionCompleted => new HistoryEvent
            {
                EventType = EventType.ChildWorkflowExecutionCompleted,
                ChildWorkflowExecutionCompletedEventAttributes = end.CopyTo(
                    new ChildWorkflowExecutionCompletedEventAttributes { Result = last.WorkflowExecutionCompletedEventAttributes.Result }),
            },
            EventType.WorkflowExecutionFailed => new HistoryEvent
            {
                EventType = EventType.ChildWorkflowExecutionFailed,
                ChildWorkflowExecutionFailedEventAttributes = end.CopyTo(new ChildWorkflowExecutionFailedEventAttributes
                {
                    Failure = last.WorkflowExecutionFailedEventAttributes.Failure, RetryState = last.WorkflowExecutionFailedEventAttributes.RetryState,
                }),
            },
            EventType.WorkflowExecutionCanceled => new HistoryEvent
            {
                EventType = EventType.ChildWorkflowExecutionCanceled,
                ChildWorkflowExecutionCanceledEventAttributes = end.CopyTo(
                    new ChildWorkflowExecutionCanceledEventAttributes { Details = last.WorkflowExecutionCanceledEventAttributes.Details }),
            },
            EventType.WorkflowExecutionTimedOut => new HistoryEvent
            {
                EventType = EventType.ChildWorkflowExecutionTimedOut,
                ChildWorkflowExecutionTimedOutEventAttributes = end.CopyTo(
                    new ChildWorkflowExecutionTimedOutEventAttributes { RetryState = last.WorkflowExecutionTimedOutEventAttributes.RetryState }),
            },
            EventType.WorkflowExecutionTerminated => new HistoryEvent
            {
                EventType = EventType.ChildWorkflowExecutionTerminated, ChildWorkflowExecutionTerminatedEventAttributes = end,
            },
            _ => throw new UnreachableException($"A run ends with an event {last.EventType}."),
        };
    }
}
