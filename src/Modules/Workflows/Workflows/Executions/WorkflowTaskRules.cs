using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Updates;
using Flagstone.Workflows.Versioning;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>
/// The workflow task of a run: none, scheduled, started, and over by completion, failure or time. At most one at a time. Pure.
/// (Temporal's server: service/history/workflow/workflow_task_state_machine.go.)
/// </summary>
internal static class WorkflowTaskRules
{
    /// <summary>A longer history is a reason to continue as new, and the worker is told so.</summary>
    public const int SuggestAtEvents = 4_096;

    public const int SuggestAtBytes = 4 * 1024 * 1024;

    /// <summary>A worker may say for so long that it still works on a task.</summary>
    public static readonly TimeSpan MaxHeartbeats = TimeSpan.FromMinutes(30);

    /// <summary>Attempts that get the usual time; each later one gets more, so that a poisoned run costs less and less.</summary>
    private const int UsualAttempts = 3;

    private static readonly TimeSpan FirstExtra = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostExtra = TimeSpan.FromMinutes(10);

    /// <summary>Schedules a workflow task unless there is one, the run is closed, or its first one has to wait: for its time, or for the parent.</summary>
    /// <param name="heartbeatSince">When the first of a chain of heartbeats was scheduled; null for a task that is none.</param>
    /// <param name="endsBackoff">True for what does not wait for a start's delay.</param>
    public static void Schedule(RunChange change, DateTimeOffset? heartbeatSince = null, bool endsBackoff = false)
    {
        var run = change.Run;
        if (!run.IsRunning || run.WorkflowTask is not null || change.IsCommanding || run.AwaitsParent)
        {
            return;
        }

        if (run.BackoffUntil is { } until && change.Now < until && !endsBackoff)
        {
            return;
        }

        run.BackoffUntil = null;
        if (run.Buffered.Count > 0)
        {
            change.Flush();
            run.NextAttempt = 1;
        }

        var queue = run.StickyQueue.Length > 0 && run.NextAttempt == 1 ? run.StickyQueue : run.TaskQueue;
        var scheduled = run.NextAttempt > 1 ? run.NextEventId : change.Add(ScheduledEvent(run, queue, 1)).EventId;
        run.WorkflowTask = new WorkflowTaskState
        {
            ScheduledId = scheduled,
            Attempt = run.NextAttempt,
            ScheduledAt = change.Now,
            OriginallyScheduledAt = heartbeatSince ?? change.Now,
            Queue = queue,
            Timeout = TimeoutOf(run.TaskTimeout, run.NextAttempt),
        };
        change.Queue(TaskKind.Workflow, queue, scheduled, run.NextAttempt);
    }

    /// <summary>Schedules a task for updates alone, which is not stored; null where there is one already.</summary>
    public static WorkflowTaskState? Speculate(RunState run, DateTimeOffset now)
    {
        if (!run.IsRunning || run.WorkflowTask is not null || run.AwaitsParent)
        {
            return null;
        }

        return run.WorkflowTask = new WorkflowTaskState
        {
            ScheduledId = run.NextEventId,
            Attempt = 1,
            ScheduledAt = now,
            OriginallyScheduledAt = now,
            Queue = run.StickyQueue.Length > 0 ? run.StickyQueue : run.TaskQueue,
            Timeout = run.TaskTimeout,
            IsSpeculative = true,
        };
    }

    /// <summary>Makes a speculative task, or a start, that is in memory alone one like any other, as the first thing of a step that is stored.</summary>
    public static void Keep(RunChange change)
    {
        var run = change.Run;
        if (run.WorkflowTask is { IsStartUnstored: true } started)
        {
            WriteSuffix(change);
            started.IsStartUnstored = false;
            change.Unqueue(TaskKind.Workflow, started.ScheduledId);
            return;
        }

        if (run.WorkflowTask is not { IsSpeculative: true } task)
        {
            return;
        }

        run.BackoffUntil = null;
        if (task.IsStarted)
        {
            WriteSuffix(change);
        }
        else
        {
            change.Add(At(ScheduledEvent(run, task.Queue, task.Attempt), task.ScheduledAt));
            change.Queue(TaskKind.Workflow, task.Queue, task.ScheduledId, task.Attempt);
        }

        task.IsSpeculative = false;
    }

    /// <summary>Whether the start of the scheduled task need not be stored by itself: one whose attempts count must be, and a speculative task is not stored at all.</summary>
    public static bool StartsInMemory(RunState run) => run.WorkflowTask is { IsStarted: false, IsTransient: false, IsSpeculative: false };

    /// <summary>Begins the scheduled task in memory: no event is added, and <see cref="Keep"/> adds it later. False when it is another task.</summary>
    public static bool StartInMemory(RunState run, DateTimeOffset now, Principal by, TaskStart start, string stamp, string requestId)
    {
        if (!StartsInMemory(run) || run.WorkflowTask is not { } task || task.ScheduledId != start.EventId || task.Attempt != start.Attempt)
        {
            return false;
        }

        (task.Identity, task.Stamp, task.RequestId) = (start.Identity, stamp, requestId);
        (task.StartedAt, task.StartedId) = (now, run.NextEventId);
        (task.StartedBy, task.IsStartUnstored) = (by, true);
        return true;
    }

    /// <summary>Records that a worker begins. False when the task is not the one that is scheduled.</summary>
    public static bool Start(RunChange change, long scheduledId, int attempt, string identity, string stamp, string requestId)
    {
        var run = change.Run;
        if (run.WorkflowTask is not { IsStarted: false } task || task.ScheduledId != scheduledId || task.Attempt != attempt)
        {
            return false;
        }

        change.Unqueue(TaskKind.Workflow, scheduledId);
        if (task is { IsTransient: true, IsSpeculative: false } && task.ScheduledId != run.NextEventId)
        {
            // Something happened since: this is no repetition of the task that failed, and stands in the history like any other.
            task.Attempt = run.NextAttempt = 1;
            task.Timeout = TimeoutOf(run.TaskTimeout, 1);
            task.ScheduledId = change.Add(ScheduledEvent(run, task.Queue, 1)).EventId;
        }

        task.Identity = identity;
        task.Stamp = stamp;
        task.RequestId = requestId;
        task.StartedAt = change.Now;
        task.StartedId = task.IsTransient || task.IsSpeculative ? task.ScheduledId + 1 : change.Add(StartedEvent(run, task)).EventId;
        return true;
    }

    /// <summary>The events of the open task that are not stored yet, as they will be in the history if it completes.</summary>
    public static IEnumerable<HistoryEvent> Suffix(RunState run)
    {
        if (run.WorkflowTask is not { IsStarted: true } task || !(task.IsTransient || task.IsSpeculative || task.IsStartUnstored))
        {
            yield break;
        }

        if (!task.IsStartUnstored)
        {
            var scheduled = At(ScheduledEvent(run, task.Queue, task.Attempt), task.ScheduledAt);
            scheduled.EventId = task.ScheduledId;
            yield return scheduled;
        }

        var started = At(StartedEvent(run, task), task.StartedAt);
        (started.EventId, started.Principal) = (task.StartedId, task.StartedBy);
        yield return started;
    }

    /// <summary>Whether a token is that of the open task.</summary>
    public static bool IsCurrent(RunState run, TaskToken token) =>
        run.IsRunning && run.WorkflowTask is { IsStarted: true } task && run.RunId == token.RunId && task.ScheduledId == token.ScheduledId
        && task.StartedId == token.StartedId && task.Attempt == token.Attempt && task.Stamp == token.Stamp;

    /// <summary>Ends the task as completed; its commands come after this event. Returns the event's id.</summary>
    public static long Complete(RunChange change, RespondWorkflowTaskCompletedRequest request)
    {
        var run = change.Run;
        var task = run.WorkflowTask!;
        WriteSuffix(change);

        var completed = change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowTaskCompleted,
            WorkflowTaskCompletedEventAttributes = new WorkflowTaskCompletedEventAttributes
            {
                ScheduledEventId = task.ScheduledId,
                StartedEventId = task.StartedId,
                Identity = request.Identity,
#pragma warning disable CS0612 // Older workers send it, and it is kept as it came.
                BinaryChecksum = request.BinaryChecksum,
                WorkerVersion = request.WorkerVersionStamp,
#pragma warning restore CS0612
                // The flags of the SDK decide how it replays: kept as they came.
                SdkMetadata = request.SdkMetadata,
                MeteringMetadata = request.MeteringMetadata,
            },
        });
        run.LastCompletedStarted = task.StartedId;
        run.NextAttempt = 1;
        run.WorkflowTask = null;
        VersioningRules.Complete(change, request, completed.WorkflowTaskCompletedEventAttributes);
        return completed.EventId;
    }

    /// <summary>Ends the open task as failed, and schedules the next attempt.</summary>
    public static void Fail(RunChange change, WorkflowTaskFailedCause cause, Failure? failure, string identity)
    {
        var task = change.Run.WorkflowTask!;
        if (!task.IsTransient)
        {
            change.Add(new HistoryEvent
            {
                EventType = EventType.WorkflowTaskFailed,
                WorkflowTaskFailedEventAttributes = new WorkflowTaskFailedEventAttributes
                {
                    ScheduledEventId = task.ScheduledId, StartedEventId = task.StartedId, Cause = cause, Failure = failure, Identity = identity,
                },
            });
        }

        EndAttempt(change, counts: true);
    }

    /// <summary>Ends the task whose time is over: a started one, or one that no worker took from its own queue.</summary>
    public static void TimeOut(RunChange change)
    {
        var task = change.Run.WorkflowTask!;
        if (!task.IsTransient)
        {
            change.Add(new HistoryEvent
            {
                EventType = EventType.WorkflowTaskTimedOut,
                WorkflowTaskTimedOutEventAttributes = new WorkflowTaskTimedOutEventAttributes
                {
                    ScheduledEventId = task.ScheduledId,
                    StartedEventId = task.StartedId,
                    TimeoutType = task.IsStarted ? TimeoutType.StartToClose : TimeoutType.ScheduleToStart,
                },
            });
        }

        EndAttempt(change, counts: task.IsStarted);
    }

    /// <summary>The task is over because the run is. What came meanwhile is flushed before the run's last event.</summary>
    public static void ForceClose(RunChange change)
    {
        var run = change.Run;
        if (run.WorkflowTask is { IsStarted: true, IsTransient: false } task)
        {
            change.Add(new HistoryEvent
            {
                EventType = EventType.WorkflowTaskFailed,
                WorkflowTaskFailedEventAttributes = new WorkflowTaskFailedEventAttributes
                {
                    ScheduledEventId = task.ScheduledId, StartedEventId = task.StartedId, Cause = WorkflowTaskFailedCause.ForceCloseCommand,
                },
            });
        }

        run.WorkflowTask = null;
        change.Flush();
    }

    /// <summary>The worker that has the run in its cache is gone: what waits for it goes to all. The history does not tell.</summary>
    public static void ResetSticky(RunChange change)
    {
        var run = change.Run;
        run.StickyQueue = "";
        if (run.WorkflowTask is { IsStarted: false } task && task.Queue != run.TaskQueue)
        {
            task.Queue = run.TaskQueue;
            change.Queue(TaskKind.Workflow, run.TaskQueue, task.ScheduledId, task.Attempt);
        }
    }

    private static void EndAttempt(RunChange change, bool counts)
    {
        var run = change.Run;
        var task = run.WorkflowTask!;
        change.Unqueue(TaskKind.Workflow, task.ScheduledId);
        // A worker that loses its task may have lost its cache too: the next attempt goes to all, and counts only there.
        run.NextAttempt = run.StickyQueue.Length > 0 || !counts ? 1 : task.Attempt + 1;
        run.StickyQueue = "";
        run.WorkflowTask = null;
        Schedule(change);
    }

    private static TimeSpan TimeoutOf(TimeSpan usual, int attempt)
    {
        if (attempt <= UsualAttempts)
        {
            return usual;
        }

        var extra = FirstExtra * Math.Pow(2, Math.Min(attempt - UsualAttempts - 1, 16));
        return usual + (extra > MostExtra ? MostExtra : extra);
    }

    /// <summary>Writes what the worker was shown already, as it was shown.</summary>
    private static void WriteSuffix(RunChange change)
    {
        foreach (var shown in Suffix(change.Run).ToList())
        {
            change.Add(shown);
        }
    }

    private static HistoryEvent At(HistoryEvent added, DateTimeOffset time)
    {
        added.EventTime = Timestamp.FromDateTimeOffset(time);
        return added;
    }

    private static HistoryEvent ScheduledEvent(RunState run, string queue, int attempt) => new()
    {
        EventType = EventType.WorkflowTaskScheduled,
        WorkflowTaskScheduledEventAttributes = new WorkflowTaskScheduledEventAttributes
        {
            TaskQueue = queue == run.TaskQueue ? new TaskQueue { Name = queue, Kind = TaskQueueKind.Normal }
                : new TaskQueue { Name = queue, Kind = TaskQueueKind.Sticky, NormalName = run.TaskQueue },
            StartToCloseTimeout = Duration.FromTimeSpan(TimeoutOf(run.TaskTimeout, attempt)),
            Attempt = attempt,
        },
    };

    private static HistoryEvent StartedEvent(RunState run, WorkflowTaskState task) => new()
    {
        EventType = EventType.WorkflowTaskStarted,
        WorkflowTaskStartedEventAttributes = new WorkflowTaskStartedEventAttributes
        {
            ScheduledEventId = task.ScheduledId,
            Identity = task.Identity,
            RequestId = task.RequestId,
            SuggestContinueAsNew = run.NextEventId > SuggestAtEvents || run.HistoryBytes >= SuggestAtBytes || run.Updates.Count > UpdateRules.SuggestAt,
            HistorySizeBytes = run.HistoryBytes,
            TargetWorkerDeploymentVersionChanged = task.IsTargetChanged,
        },
    };
}
