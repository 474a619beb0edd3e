using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Children;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Versioning;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>A run as Temporal's API describes it. Pure.</summary>
internal static class Description
{
    public static DescribeWorkflowExecutionResponse Of(RunState run) => new()
    {
        ExecutionConfig = new WorkflowExecutionConfig
        {
            TaskQueue = new TaskQueue { Name = run.TaskQueue, Kind = TaskQueueKind.Normal },
            WorkflowExecutionTimeout = Duration.FromTimeSpan(run.ExecutionTimeout),
            WorkflowRunTimeout = Duration.FromTimeSpan(run.RunTimeout),
            DefaultWorkflowTaskTimeout = Duration.FromTimeSpan(run.TaskTimeout),
            UserMetadata = run.UserMetadata,
        },
        WorkflowExecutionInfo = Info(run),
        PendingActivities = { run.Activities.Values.Select(Pending) },
        PendingChildren = { run.Children.Values.Select(Pending) },
        PendingNexusOperations = { run.NexusOperations.Values.Select(NexusDescription.Pending) },
        Callbacks = { run.Callbacks.Select(c => NexusDescription.Of(run, c)) },
        WorkflowExtendedInfo = NexusDescription.Extended(run),
        PendingWorkflowTask = run.WorkflowTask is { } task ? new PendingWorkflowTaskInfo
        {
            State = task.IsStarted ? PendingWorkflowTaskState.Started : PendingWorkflowTaskState.Scheduled,
            ScheduledTime = Timestamp.FromDateTimeOffset(task.ScheduledAt),
            OriginalScheduledTime = Timestamp.FromDateTimeOffset(task.OriginallyScheduledAt),
            StartedTime = task.IsStarted ? Timestamp.FromDateTimeOffset(task.StartedAt) : null,
            Attempt = task.Attempt,
        } : null,
    };

    public static WorkflowExecutionInfo Info(RunState run) => new()
    {
        Execution = new WorkflowExecution { WorkflowId = run.WorkflowId, RunId = run.RunId },
        ParentNamespaceId = run.Parent is null ? "" : run.Namespace,
        ParentExecution = run.Parent is { } parent ? new WorkflowExecution { WorkflowId = parent.WorkflowId, RunId = parent.RunId } : null,
        RootExecution = new WorkflowExecution { WorkflowId = run.Root?.WorkflowId ?? run.WorkflowId, RunId = run.Root?.RunId ?? run.FirstRunId },
        FirstRunId = run.FirstRunId,
        Type = new WorkflowType { Name = run.Type },
        StartTime = Timestamp.FromDateTimeOffset(run.StartedAt),
        ExecutionTime = Timestamp.FromDateTimeOffset(run.ExecutesAt ?? run.StartedAt),
        CloseTime = run.ClosedAt is { } closed ? Timestamp.FromDateTimeOffset(closed) : null,
        ExecutionDuration = run.ClosedAt is { } end ? Lasted(end - (run.ExecutesAt ?? run.StartedAt)) : null,
        Status = run.Status,
        HistoryLength = run.NextEventId - 1,
        HistorySizeBytes = run.HistoryBytes,
        TaskQueue = run.TaskQueue,
        Memo = run.Memo,
        SearchAttributes = VersioningAttributes.Of(run),
        VersioningInfo = VersioningAttributes.Info(run),
        WorkerDeploymentName = run.Versioning?.Deployment ?? "",
    };

    private static Timestamp? Time(DateTimeOffset? at) => at is { } time ? Timestamp.FromDateTimeOffset(time) : null;

    private static PendingChildExecutionInfo Pending(ChildState child) => new()
    {
        WorkflowId = child.WorkflowId,
        RunId = child.IsStarted ? child.RunId : "",
        WorkflowTypeName = child.Type,
        InitiatedId = child.InitiatedId,
        ParentClosePolicy = child.ParentClosePolicy,
    };

    /// <summary>A run that ended within its delay took no time.</summary>
    private static Duration Lasted(TimeSpan time) => Duration.FromTimeSpan(time > TimeSpan.Zero ? time : TimeSpan.Zero);

    private static PendingActivityInfo Pending(ActivityState activity)
    {
        var info = new PendingActivityInfo
        {
            ActivityId = activity.Id,
            ActivityType = new ActivityType { Name = activity.Type },
            State = StateOf(activity),
            Paused = activity.Pause is not null,
            ActivityOptions = ActivityOptionRules.Of(activity),
            LastAttemptCompleteTime = Time(activity.LastEndedAt),
            ScheduledTime = Timestamp.FromDateTimeOffset(activity.FirstScheduledAt),
            Attempt = activity.Attempt,
            MaximumAttempts = activity.Retry.MaximumAttempts,
            HeartbeatDetails = activity.HeartbeatDetails,
            LastFailure = activity.LastFailure,
            LastDeploymentVersion = WorkerVersion.MessageOf(activity.WorkerVersion),
            LastWorkerIdentity = activity.IsStarted ? activity.Identity : activity.LastIdentity,
            LastStartedTime = activity.StartedAt is { } started ? Timestamp.FromDateTimeOffset(started) : null,
            LastHeartbeatTime = activity.LastHeartbeatAt is { } beat ? Timestamp.FromDateTimeOffset(beat) : null,
            NextAttemptScheduleTime = activity is { IsStarted: false, Attempt: > 1, Pause: null } ? Timestamp.FromDateTimeOffset(activity.ScheduledAt) : null,
        };
        if (activity.Pause is { } pause)
        {
            info.PauseInfo = new PendingActivityInfo.Types.PauseInfo
            {
                PauseTime = Timestamp.FromDateTimeOffset(pause.At), Manual = new() { Identity = pause.Identity, Reason = pause.Reason },
            };
        }

        if (activity.ScheduleToClose > TimeSpan.Zero)
        {
            info.ExpirationTime = Timestamp.FromDateTimeOffset(activity.FirstScheduledAt + activity.ScheduleToClose);
        }

        return info;
    }

    private static PendingActivityState StateOf(ActivityState activity) =>
        activity.CancelRequestedId > 0 ? PendingActivityState.CancelRequested
        : activity.IsStarted ? activity.Pause is null ? PendingActivityState.Started : PendingActivityState.PauseRequested
        : activity.Pause is null ? PendingActivityState.Scheduled : PendingActivityState.Paused;
}
