using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Activity.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Activities.Standalone;

/// <summary>An activity that a client started, as its worker gets it, and as it is described, polled and listed. Pure.</summary>
internal static class StandaloneActivityViews
{
    public static PollActivityTaskQueueResponse Task(StandaloneActivity state, StartActivityExecutionRequest request, TaskToken token)
    {
        var activity = state.Activity;
        return new PollActivityTaskQueueResponse
        {
            TaskToken = token.ToBytes(),
            WorkflowNamespace = state.NamespaceName,
            ActivityId = state.Id,
            ActivityRunId = state.RunId,
            ActivityType = new ActivityType { Name = activity.Type },
            Input = request.Input,
            Header = request.Header,
            Priority = request.Priority,
            Attempt = activity.Attempt,
            ScheduledTime = Timestamp.FromDateTimeOffset(activity.FirstScheduledAt),
            CurrentAttemptScheduledTime = Timestamp.FromDateTimeOffset(activity.ScheduledAt),
            StartedTime = Timestamp.FromDateTimeOffset(activity.StartedAt!.Value),
            HeartbeatDetails = activity.HeartbeatDetails,
            ScheduleToCloseTimeout = Duration.FromTimeSpan(activity.ScheduleToClose),
            StartToCloseTimeout = Duration.FromTimeSpan(activity.StartToClose),
            HeartbeatTimeout = Duration.FromTimeSpan(activity.Heartbeat),
            RetryPolicy = activity.Retry,
        };
    }

    public static DescribeActivityExecutionResponse Describe(
        StandaloneActivity state, StartActivityExecutionRequest started, DescribeActivityExecutionRequest asked) => new()
    {
        RunId = state.RunId,
        Info = Info(state, started, asked),
        Input = asked.IncludeInput ? started.Input : null,
        Outcome = asked.IncludeOutcome ? Outcome(state) : null,
        LongPollToken = TokenOf(state),
    };

    /// <summary>Null while it is open.</summary>
    public static ActivityExecutionOutcome? Outcome(StandaloneActivity state) =>
        state.IsOpen ? null
        : state.Failure is { } failure ? new ActivityExecutionOutcome { Failure = failure, RetryState = state.RetryState }
        : new ActivityExecutionOutcome { Result = state.Result ?? new Payloads() };

    /// <summary>Empty of one that is closed: there is nothing to wait for.</summary>
    public static ByteString TokenOf(StandaloneActivity state) =>
        state.IsOpen ? ByteString.CopyFromUtf8($"{state.RunId}/{state.Transitions}") : ByteString.Empty;

    public static ActivityExecutionListInfo Listed(StandaloneActivity state, SearchAttributes? attributes) => new()
    {
        ActivityId = state.Id,
        RunId = state.RunId,
        ActivityType = new ActivityType { Name = state.Activity.Type },
        ScheduleTime = Timestamp.FromDateTimeOffset(state.CreatedAt),
        ExecutionTime = Timestamp.FromDateTimeOffset(state.Activity.FirstScheduledAt),
        CloseTime = Time(state.ClosedAt),
        Status = state.Status,
        SearchAttributes = attributes,
        TaskQueue = state.Activity.Queue,
        StateTransitionCount = state.IsOpen ? 0 : state.Transitions,
        ExecutionDuration = Lasted(state),
    };

    private static ActivityExecutionInfo Info(StandaloneActivity state, StartActivityExecutionRequest started, DescribeActivityExecutionRequest asked)
    {
        var activity = state.Activity;
        return new ActivityExecutionInfo
        {
            ActivityId = state.Id,
            RunId = state.RunId,
            ActivityType = new ActivityType { Name = activity.Type },
            Status = state.Status,
            RunState = StateOf(state),
            TaskQueue = activity.Queue,
            ScheduleToCloseTimeout = Duration.FromTimeSpan(activity.ScheduleToClose),
            ScheduleToStartTimeout = Duration.FromTimeSpan(activity.ScheduleToStart),
            StartToCloseTimeout = Duration.FromTimeSpan(activity.StartToClose),
            HeartbeatTimeout = Duration.FromTimeSpan(activity.Heartbeat),
            RetryPolicy = activity.Retry,
            HeartbeatDetails = asked.IncludeHeartbeatDetails ? activity.HeartbeatDetails : null,
            LastHeartbeatTime = Time(activity.LastHeartbeatAt),
            LastStartedTime = Time(activity.StartedAt),
            Attempt = activity.Attempt,
            ExecutionDuration = Lasted(state),
            ScheduleTime = Timestamp.FromDateTimeOffset(state.CreatedAt),
            ExecutionTime = Timestamp.FromDateTimeOffset(activity.FirstScheduledAt),
            StartDelay = started.StartDelay,
            ExpirationTime = activity.ScheduleToClose > TimeSpan.Zero ? Time(activity.FirstScheduledAt + activity.ScheduleToClose) : null,
            CloseTime = Time(state.ClosedAt),
            LastFailure = asked.IncludeLastFailure ? state.Failure ?? activity.LastFailure : null,
            LastWorkerIdentity = activity.IsStarted ? activity.Identity : activity.LastIdentity,
            LastDeploymentVersion = WorkerVersion.MessageOf(activity.WorkerVersion),
            CurrentRetryInterval = state is { IsOpen: true, Activity: { IsStarted: false, Attempt: > 1, LastEndedAt: { } ended } }
                ? Duration.FromTimeSpan(activity.ScheduledAt - ended) : null,
            LastAttemptCompleteTime = Time(activity.LastEndedAt),
            NextAttemptScheduleTime = state is { IsOpen: true, Activity: { IsStarted: false, Pause: null, Attempt: > 1 } } ? Time(activity.ScheduledAt) : null,
            Priority = started.Priority,
            StateTransitionCount = state.Transitions,
            SearchAttributes = started.SearchAttributes,
            Header = started.Header,
            UserMetadata = started.UserMetadata,
            CanceledReason = state.CancelReason,
            Links = { started.Links },
            TotalHeartbeatCount = state.Heartbeats,
        };
    }

    private static PendingActivityState StateOf(StandaloneActivity state) =>
        !state.IsOpen ? PendingActivityState.Unspecified
        : state.IsCancelRequested ? PendingActivityState.CancelRequested
        : (state.Activity.IsStarted, state.Activity.Pause is not null) switch
        {
            (true, true) => PendingActivityState.PauseRequested,
            (true, false) => PendingActivityState.Started,
            (false, true) => PendingActivityState.Paused,
            (false, false) => PendingActivityState.Scheduled,
        };

    private static Duration? Lasted(StandaloneActivity state) => state.ClosedAt is { } closed ? Duration.FromTimeSpan(closed - state.CreatedAt) : null;

    private static Timestamp? Time(DateTimeOffset? time) => time is { } at ? Timestamp.FromDateTimeOffset(at) : null;
}
