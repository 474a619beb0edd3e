using System.Text.Json.Serialization;
using Flagstone.Workflows.Children;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.People;
using Flagstone.Workflows.TimeSkipping;
using Flagstone.Workflows.Versioning;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Sdk.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>
/// What must be known of a run to decide its next step. It is stored whole with each step; inputs and results lie in the events alone.
/// A zero timeout is none.
/// </summary>
internal sealed class RunState
{
    public required string Namespace { get; init; }

    /// <summary>The namespace's name, as events show it.</summary>
    public string NamespaceName { get; init; } = "";

    public required string WorkflowId { get; init; }

    public required string RunId { get; init; }

    public required string FirstRunId { get; init; }

    public required string Type { get; init; }

    public required string TaskQueue { get; init; }

    /// <summary>Of the request that started it: the same request again gets the same answer.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>Who started the first run of the chain, or its parent, as the events name them; empty for nobody that is known.</summary>
    public string StartedBy { get; init; } = "";

    public TimeSpan TaskTimeout { get; init; }

    public TimeSpan RunTimeout { get; init; }

    public TimeSpan ExecutionTimeout { get; init; }

    /// <summary>Whether the run is tried again when it fails, complete with its defaults; null for never.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>How often the run was tried, this time included.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>When the run comes again after its end, as a <see cref="CronSchedule"/>; empty for never.</summary>
    public string Cron { get; init; } = "";

    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When the first of the runs began that this one goes on with, each one a reset of the one before; null for a run that is no reset.</summary>
    public DateTimeOffset? FirstStartedAt { get; init; }

    /// <summary>The run whose history this one goes on with; empty for a run that is no reset.</summary>
    public string BaseRunId { get; set; } = "";

    /// <summary>The last event that this run has from its base; 0 for a run that is no reset.</summary>
    public long BaseEventId { get; set; }

    /// <summary>The last run that goes on with the history of this one; empty for none.</summary>
    public string ResetRunId { get; set; } = "";

    /// <summary>When the run may last no longer, by the shorter of its timeouts; null for ever.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When all runs together may last no longer; null for ever.</summary>
    public DateTimeOffset? ExecutionExpiresAt { get; init; }

    /// <summary>When the run may do its first step, if that is later than its start; a cron schedule counts from here.</summary>
    public DateTimeOffset? ExecutesAt { get; init; }

    /// <summary>No workflow task before this time: a start with a delay, a retry, or a cron schedule.</summary>
    public DateTimeOffset? BackoffUntil { get; set; }

    public DateTimeOffset? ClosedAt { get; set; }

    public WorkflowExecutionStatus Status { get; set; } = WorkflowExecutionStatus.Running;

    public long NextEventId { get; set; } = 1;

    public long HistoryBytes { get; set; }

    /// <summary>Of the history so far (<see cref="HistoryDigest"/>).</summary>
    public byte[] Digest { get; set; } = HistoryDigest.Empty;

    /// <summary>The one workflow task that is scheduled or started; null for none.</summary>
    public WorkflowTaskState? WorkflowTask { get; set; }

    /// <summary>The attempt of the next workflow task; more than 1 after one that failed.</summary>
    public int NextAttempt { get; set; } = 1;

    /// <summary>The Started event of the last workflow task that completed; 0 before the first.</summary>
    public long LastCompletedStarted { get; set; }

    /// <summary>The worker's own queue, which has the run in its cache; empty for none.</summary>
    public string StickyQueue { get; set; } = "";

    public TimeSpan StickyTimeout { get; set; }

    /// <summary>Events from outside that came while a workflow task was open; without ids until it ends.</summary>
    public List<HistoryEvent> Buffered { get; init; } = [];

    /// <summary>By the id of the Scheduled event.</summary>
    public Dictionary<long, ActivityState> Activities { get; init; } = [];

    /// <summary>By the timer's id.</summary>
    public Dictionary<string, TimerState> Timers { get; init; } = [];

    /// <summary>Whose child it is; null without a parent.</summary>
    public ParentState? Parent { get; init; }

    /// <summary>The run at the top of its tree; null at the top.</summary>
    public RunName? Root { get; init; }

    /// <summary>The schedule that is told of the end of the last run; empty for none.</summary>
    public string Schedule { get; init; } = "";

    /// <summary>No workflow task before the parent has recorded the start.</summary>
    public bool AwaitsParent { get; set; }

    /// <summary>By the id of the Initiated event.</summary>
    public Dictionary<long, ChildState> Children { get; init; } = [];

    /// <summary>
    /// Children that the base of a reset began after the point to which it was reset, as type and workflow id: those that still run are replaced when this
    /// run starts them.
    /// </summary>
    public HashSet<string> ReplacedChildren { get; init; } = [];

    /// <summary>Signals and requests to cancel that are on their way to other executions, by the id of the Initiated event.</summary>
    public Dictionary<long, ExternalState> Externals { get; init; } = [];

    /// <summary>Nexus operations that are not over, by the id of the Scheduled event.</summary>
    public Dictionary<long, NexusOperationState> NexusOperations { get; init; } = [];

    /// <summary>Who is told of the end of the last run.</summary>
    public List<AttachedCallback> Callbacks { get; init; } = [];

    /// <summary>Requests to start that were attached to this run, with the event that records each; 0 while that waits for the end of a workflow task.</summary>
    public Dictionary<string, long> AttachedRequests { get; init; } = [];

    public bool CancelRequested { get; set; }

    public string CancelRequestId { get; set; } = "";

    public HashSet<string> SignalRequests { get; init; } = [];

    public int Signals { get; set; }

    /// <summary>The updates that the workflow has accepted, by their id.</summary>
    public Dictionary<string, UpdateState> Updates { get; init; } = [];

    /// <summary>The updates that stand in the history as asked for, and that the workflow has not accepted, by their id.</summary>
    public HashSet<string> AdmittedUpdates { get; init; } = [];

    public Memo? Memo { get; set; }

    public SearchAttributes? SearchAttributes { get; set; }

    public UserMetadata? UserMetadata { get; init; }

    /// <summary>Which version of its workers the run is for; null for a run that has to do with none.</summary>
    public RunVersioning? Versioning { get; set; }

    /// <summary>Whether and how far its clock jumps; null for a run whose clock is the wall clock.</summary>
    public TimeSkippingState? TimeSkipping { get; set; }

    [JsonIgnore]
    public bool IsRunning => Status == WorkflowExecutionStatus.Running;

    /// <summary>Whether another run may follow by itself, with what this one was started with.</summary>
    [JsonIgnore]
    public bool MayRepeat => Retry is not null || Cron.Length > 0;
}

/// <summary>A workflow task that is not over.</summary>
internal sealed record WorkflowTaskState
{
    /// <summary>The id of its Scheduled event; of a transient task, the id that the event will have if the task completes.</summary>
    public required long ScheduledId { get; set; }

    public required int Attempt { get; set; }

    public required DateTimeOffset ScheduledAt { get; init; }

    /// <summary>The first of the tasks by which a worker has been saying that it still works on this one.</summary>
    public required DateTimeOffset OriginallyScheduledAt { get; init; }

    public required string Queue { get; set; }

    /// <summary>0 until a worker starts it.</summary>
    public long StartedId { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public TimeSpan Timeout { get; set; }

    public string Identity { get; set; } = "";

    /// <summary>Only who holds the token of this start has it.</summary>
    public string Stamp { get; set; } = "";

    /// <summary>Tells the start apart in the Started event.</summary>
    public string RequestId { get; set; } = "";

    /// <summary>Whether new work of the queue goes to another version than the run is pinned to.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsTargetChanged { get; set; }

    /// <summary>
    /// It is there for updates alone, and in memory alone: if the worker rejects them, the history does not tell of it. Whatever else is stored
    /// makes it a task like any other first.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsSpeculative { get; set; }

    /// <summary>
    /// Its start is in memory alone, which saves a commit for each task: the next step that is stored writes it first. If the process dies before,
    /// the task is given to a worker again; who had it is told that it is not found.
    /// </summary>
    [JsonIgnore]
    public bool IsStartUnstored { get; set; }

    /// <summary>Who started it, until that is in the history.</summary>
    [JsonIgnore]
    public Principal? StartedBy { get; set; }

    [JsonIgnore]
    public bool IsStarted => StartedId > 0;

    /// <summary>After a failure nothing is written until an attempt completes, or a poisoned run would fill its history.</summary>
    [JsonIgnore]
    public bool IsTransient => Attempt > 1;
}

/// <summary>An activity that is not over.</summary>
internal sealed record ActivityState
{
    public required long ScheduledId { get; init; }

    public required string Id { get; init; }

    public required string Type { get; init; }

    public required string Queue { get; set; }

    public required DateTimeOffset FirstScheduledAt { get; init; }

    /// <summary>When this attempt may start.</summary>
    public required DateTimeOffset ScheduledAt { get; set; }

    public int Attempt { get; set; } = 1;

    public required TimeSpan ScheduleToClose { get; set; }

    public required TimeSpan ScheduleToStart { get; set; }

    public required TimeSpan StartToClose { get; set; }

    public required TimeSpan Heartbeat { get; set; }

    public required RetryPolicy Retry { get; set; }

    /// <summary>When the last attempt ended; null before that.</summary>
    public DateTimeOffset? LastEndedAt { get; set; }

    /// <summary>Set while no attempt may start.</summary>
    public ActivityPause? Pause { get; set; }

    /// <summary>The attempt that is under way is the last one that counts: the next one is the first again.</summary>
    public bool IsReset { get; set; }

    /// <summary>With <see cref="IsReset"/>: the next attempt gets no heartbeat details.</summary>
    public bool ForgetsHeartbeat { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>What people are asked, where they decide it and no worker; null else.</summary>
    public HumanTaskState? Human { get; set; }

    public string Identity { get; set; } = "";

    public string Stamp { get; set; } = "";

    public string RequestId { get; set; } = "";

    public Failure? LastFailure { get; set; }

    public string LastIdentity { get; set; } = "";

    /// <summary>The version of the worker that started it last; null for one without.</summary>
    public string? WorkerVersion { get; set; }

    public DateTimeOffset? LastHeartbeatAt { get; set; }

    public Payloads? HeartbeatDetails { get; set; }

    /// <summary>The event of its start, where that stands in the history before its end, as after a reset; 0 for none.</summary>
    [JsonIgnore]
    public long StartedId { get; set; }

    /// <summary>The event by which the workflow asked to cancel it; 0 for none.</summary>
    public long CancelRequestedId { get; set; }

    [JsonIgnore]
    public bool IsStarted => StartedAt is not null;
}

/// <summary>Who paused an activity, and why.</summary>
internal sealed record ActivityPause(DateTimeOffset At, string Identity, string Reason);

/// <summary>An update that was accepted.</summary>
/// <param name="CompletedId">The event with its outcome; 0 while it is under way.</param>
internal sealed record UpdateState(long AcceptedId, long CompletedId);

/// <summary>A timer that has not fired.</summary>
internal sealed record TimerState(long StartedId, DateTimeOffset FiresAt);
