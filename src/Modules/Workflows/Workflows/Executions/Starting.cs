using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Nexus.Callbacks;
using Flagstone.Workflows.TimeSkipping;
using Flagstone.Workflows.Versioning;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Deployment.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>How a start is answered where the workflow id is in use or was.</summary>
internal enum StartDecision
{
    /// <summary>A new run.</summary>
    New,

    /// <summary>The run that is open is terminated, and a new one begins.</summary>
    Replace,

    /// <summary>The run that is there is the answer.</summary>
    Existing,

    /// <summary>Refused: a run is open.</summary>
    Running,

    /// <summary>Refused: a run has been.</summary>
    Finished,
}

/// <summary>The start of a run. Pure. (Temporal's server: service/history/api/workflow_id_dedup.go.)</summary>
internal static class Starting
{
    private static readonly TimeSpan UsualTaskTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestTaskTimeout = TimeSpan.FromSeconds(120);

    /// <param name="run">The last run of the workflow id; null for none.</param>
    public static StartDecision Decide(RunState? run, StartWorkflowExecutionRequest request)
    {
        if (run is null)
        {
            return StartDecision.New;
        }

        if (run.RequestId == request.RequestId || run.AttachedRequests.ContainsKey(request.RequestId))
        {
            return StartDecision.Existing;
        }

#pragma warning disable CS0612 // Older SDKs say it this way.
        var replaces = request.WorkflowIdReusePolicy == WorkflowIdReusePolicy.TerminateIfRunning;
#pragma warning restore CS0612
        if (run.IsRunning)
        {
            return replaces || request.WorkflowIdConflictPolicy == WorkflowIdConflictPolicy.TerminateExisting ? StartDecision.Replace
                : request.WorkflowIdConflictPolicy == WorkflowIdConflictPolicy.UseExisting ? StartDecision.Existing
                : StartDecision.Running;
        }

        return request.WorkflowIdReusePolicy switch
        {
            WorkflowIdReusePolicy.RejectDuplicate => StartDecision.Finished,
            WorkflowIdReusePolicy.AllowDuplicateFailedOnly when run.Status == WorkflowExecutionStatus.Completed => StartDecision.Finished,
            _ => StartDecision.New,
        };
    }

    /// <summary>A new run with its first event. The first workflow task is not scheduled yet: a signal may come before it.</summary>
    /// <param name="wall">The time by the wall clock.</param>
    /// <param name="origin">What it has from another run; null for nothing.</param>
    public static RunChange Begin(
        ExecutionKey key, StartWorkflowExecutionRequest request, string runId, DateTimeOffset wall, Principal? by, Origin? origin = null)
    {
        var before = origin?.Before;
        var skipping = SkipConfig.Begin(request, origin, wall);
        var now = wall + (skipping?.Skipped ?? TimeSpan.Zero);
        var execution = Durations.Of(request.WorkflowExecutionTimeout);
        var runTimeout = Durations.Of(request.WorkflowRunTimeout);
        runTimeout = execution > TimeSpan.Zero && (runTimeout <= TimeSpan.Zero || runTimeout > execution) ? execution : runTimeout;
        var task = Durations.Of(request.WorkflowTaskTimeout);
        task = task <= TimeSpan.Zero ? UsualTaskTimeout : task > LongestTaskTimeout ? LongestTaskTimeout : task;
        task = runTimeout > TimeSpan.Zero && task > runTimeout ? runTimeout : task;
        var delay = before is null && CronSchedule.TryParse(request.CronSchedule, out var cron) ? cron.Wait(now, now) ?? TimeSpan.Zero
            : Durations.Of(request.WorkflowStartDelay);
        var retry = request.RetryPolicy is null ? null : RetryRules.Complete(request.RetryPolicy);
        DateTimeOffset? runExpires = runTimeout > TimeSpan.Zero ? now + delay + runTimeout : null;
        // The time for all runs goes on from the first one.
        var allExpire = before is not null ? before.ExecutionExpiresAt : execution > TimeSpan.Zero ? now + delay + execution : null;
        // The command of a child that says something itself is meant.
        var over = origin?.Inherited is { } from && (before is not null || request.VersioningOverride is null) ? from.Override : request.VersioningOverride;
        var run = new RunState
        {
            Namespace = key.Namespace,
            NamespaceName = before?.NamespaceName ?? request.Namespace,
            WorkflowId = key.WorkflowId,
            RunId = runId,
            FirstRunId = before?.FirstRunId ?? runId,
            Type = request.WorkflowType.Name,
            TaskQueue = request.TaskQueue.Name,
            RequestId = request.RequestId,
            StartedBy = before?.StartedBy ?? origin?.StartedBy ?? by?.Name ?? "",
            TaskTimeout = task,
            RunTimeout = runTimeout,
            ExecutionTimeout = execution,
            Retry = retry,
            Attempt = origin?.Attempt ?? 1,
            Cron = request.CronSchedule,
            StartedAt = now,
            ExpiresAt = allExpire is not null && (runExpires is null || allExpire < runExpires) ? allExpire : runExpires,
            ExecutionExpiresAt = allExpire,
            BackoffUntil = delay > TimeSpan.Zero ? now + delay : null,
            ExecutesAt = delay > TimeSpan.Zero ? now + delay : null,
            Memo = request.Memo,
            SearchAttributes = request.SearchAttributes,
            UserMetadata = request.UserMetadata,
            Parent = origin?.Parent ?? before?.Parent,
            Root = origin?.Root ?? before?.Root,
            Schedule = origin?.Schedule ?? before?.Schedule ?? "",
            AwaitsParent = origin?.Parent is not null,
            Callbacks = CallbackRules.Carried(before, request, now),
            Versioning = Inheriting.Begin(over, origin?.Inherited),
            TimeSkipping = skipping,
        };
        var change = new RunChange(run, wall, by);
        var started = request.CopyTo(new WorkflowExecutionStartedEventAttributes());
        started.WorkflowTaskTimeout = Duration.FromTimeSpan(task);
        // A timeout that is not there is absent: SDKs show a zero as one of no time.
        started.WorkflowRunTimeout = Absent(runTimeout);
        started.WorkflowExecutionTimeout = Absent(execution);
        started.WorkflowExecutionExpirationTime = run.ExecutionExpiresAt is { } expires ? Timestamp.FromDateTimeOffset(expires) : null;
        started.FirstWorkflowTaskBackoff = Absent(delay);
        started.OriginalExecutionRunId = runId;
        started.FirstExecutionRunId = run.FirstRunId;
        started.ContinuedExecutionRunId = before?.RunId ?? "";
        started.Initiator = origin?.Initiator ?? (run.Cron.Length > 0 ? ContinueAsNewInitiator.CronSchedule : ContinueAsNewInitiator.Unspecified);
        started.ContinuedFailure = origin is null ? request.ContinuedFailure : origin.Failure;
        started.LastCompletionResult = origin is null ? request.LastCompletionResult : origin.LastResult;
        started.RetryPolicy = retry;
        started.Attempt = run.Attempt;
        started.VersioningOverride = over;
        started.InheritedPinnedVersion = WorkerVersion.MessageOf(run.Versioning?.Inherited);
        started.InheritedAutoUpgradeInfo = run.Versioning is { Initial: not ContinueAsNewVersioningBehavior.Unspecified and var initial }
            ? new InheritedAutoUpgradeInfo
            {
                SourceDeploymentVersion = WorkerVersion.MessageOf(before?.Versioning?.Version), ContinueAsNewInitialVersioningBehavior = initial,
            }
            : null;
        SkipConfig.Record(started, run, isContinued: before is not null);
        started.CompletionCallbacks.Clear();
        started.CompletionCallbacks.Add(run.Callbacks.Select(c => c.Callback));
        if (run is { Parent: { } parent, Root: { } root })
        {
            started.ParentWorkflowNamespace = run.NamespaceName;
            started.ParentWorkflowNamespaceId = run.Namespace;
            started.ParentWorkflowExecution = new WorkflowExecution { WorkflowId = parent.WorkflowId, RunId = parent.RunId };
            started.ParentInitiatedEventId = parent.InitiatedId;
            started.RootWorkflowExecution = new WorkflowExecution { WorkflowId = root.WorkflowId, RunId = root.RunId };
        }

        change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionStarted,
            WorkflowExecutionStartedEventAttributes = started,
            UserMetadata = request.UserMetadata,
            Links = { request.Links },
        });
        return change;
    }

    private static Duration? Absent(TimeSpan time) => time > TimeSpan.Zero ? Duration.FromTimeSpan(time) : null;
}
