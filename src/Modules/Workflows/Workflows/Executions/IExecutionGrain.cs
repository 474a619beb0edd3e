using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Nexus.Callbacks;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.People;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>A workflow id and its current run. Requests and answers are messages of Temporal's API as bytes.</summary>
[GrainInterfaceType("flagstone.workflow-execution")]
internal interface IExecutionGrain : IReconcileGrain
{
    [Alias("Start")]
    Task<Answer> StartAsync(Call call);

    /// <summary>Starts a run of a schedule, once however often it is asked.</summary>
    /// <param name="call">With the id that the run gets; the caller is who made the schedule.</param>
    /// <param name="schedule">Which is told of the end.</param>
    [Alias("StartScheduled")]
    Task<Answer> StartScheduledAsync(Call call, string schedule);

    [Alias("SignalWithStart")]
    Task<Answer> SignalWithStartAsync(Call call);

    [Alias("Signal")]
    Task<Answer> SignalAsync(Call call);

    [Alias("RequestCancel")]
    Task<Answer> RequestCancelAsync(Call call);

    [Alias("Terminate")]
    Task<Answer> TerminateAsync(Call call);

    /// <summary>Ends the current run, and begins one that goes on with the history of a run of this workflow id as it was at a workflow task.</summary>
    [Alias("Reset")]
    Task<Answer> ResetAsync(Call call);

    /// <summary>A worker takes a task of a queue. The answer lacks the history; no bytes and no refusal: the task is stale.</summary>
    [Alias("StartWorkflowTask")]
    Task<Answer> StartWorkflowTaskAsync(TaskStart start);

    [Alias("CompleteWorkflowTask")]
    Task<Answer> CompleteWorkflowTaskAsync(Call call, TaskToken token);

    [Alias("FailWorkflowTask")]
    Task<Answer> FailWorkflowTaskAsync(Call call, TaskToken token);

    /// <summary>A worker takes a task of a queue. The answer lacks what the Scheduled event says; no bytes and no refusal: the task is stale.</summary>
    [Alias("StartActivity")]
    Task<Answer> StartActivityAsync(TaskStart start);

    [Alias("CompleteActivity")]
    Task<Answer> CompleteActivityAsync(Call call, TaskToken token);

    [Alias("FailActivity")]
    Task<Answer> FailActivityAsync(Call call, TaskToken token);

    [Alias("CancelActivity")]
    Task<Answer> CancelActivityAsync(Call call, TaskToken token);

    [Alias("Heartbeat")]
    Task<Answer> HeartbeatAsync(Call call, TaskToken token);

    /// <summary>Lets no attempt of activities start; one that is under way goes on.</summary>
    [Alias("PauseActivity")]
    Task<Answer> PauseActivityAsync(Call call);

    [Alias("UnpauseActivity")]
    Task<Answer> UnpauseActivityAsync(Call call);

    /// <summary>Lets activities begin with their first attempt again.</summary>
    [Alias("ResetActivity")]
    Task<Answer> ResetActivityAsync(Call call);

    /// <summary>Starts and completes an activity that people decide, in one step; the same decision by the same person again is done too.</summary>
    [Alias("Decide")]
    Task<HumanReply> DecideAsync(HumanCall call);

    /// <summary>Lets somebody else decide too.</summary>
    [Alias("Delegate")]
    Task<HumanReply> DelegateAsync(HumanCall call);

    [Alias("UpdateActivityOptions")]
    Task<Answer> UpdateActivityOptionsAsync(Call call);

    [Alias("UpdateOptions")]
    Task<Answer> UpdateOptionsAsync(Call call);

    /// <summary>The token by which a worker answers a started activity, for who knows the activity by its id; null for none.</summary>
    /// <param name="runId">Empty for the current run.</param>
    [Alias("FindActivity")]
    Task<TaskToken?> FindActivityAsync(string runId, string activityId);

    /// <summary>The worker's own queue is no more: what lies there goes to the usual one.</summary>
    /// <param name="queue">Only if it is this one; empty for any.</param>
    [Alias("ResetSticky")]
    Task<Answer> ResetStickyAsync(string runId, string queue);

    /// <summary>Takes an update in. What it was given for is waited for by <see cref="WaitUpdateAsync"/>.</summary>
    [Alias("AdmitUpdate")]
    Task<Admission> AdmitUpdateAsync(Call call);

    /// <summary>Starts the workflow, unless the start's policy says that the run that is open does, and takes an update in for it.</summary>
    /// <param name="call">The start.</param>
    /// <param name="update">The request of the update.</param>
    [Alias("StartWithUpdate")]
    Task<Admission> StartWithUpdateAsync(Call call, byte[] update);

    /// <summary>Ends when the update has got so far, or after a while: with a <c>PollWorkflowExecutionUpdateResponse</c>.</summary>
    [Alias("WaitUpdate"), Orleans.Concurrency.AlwaysInterleave]
    Task<Answer> WaitUpdateAsync(Guid ticket, UpdateWorkflowExecutionLifecycleStage stage, TimeSpan most);

    /// <summary>As <see cref="WaitUpdateAsync"/>, of an update that somebody else asked for.</summary>
    [Alias("PollUpdate"), Orleans.Concurrency.AlwaysInterleave]
    Task<Answer> PollUpdateAsync(string runId, string id, UpdateWorkflowExecutionLifecycleStage stage, TimeSpan most);

    /// <summary>
    /// Ends when the fast-forward is complete, or cannot be any more, or after a while: with a <c>PollWorkflowExecutionTimeSkippingResponse</c>.
    /// </summary>
    /// <param name="runId">Empty for the current run.</param>
    [Alias("PollFastForward"), Orleans.Concurrency.AlwaysInterleave]
    Task<Answer> PollFastForwardAsync(string runId, string id, TimeSpan most);

    /// <summary>
    /// Sends a query with the workflow task that waits, or the next one, and waits for its answer: a <c>RespondQueryTaskCompletedRequest</c>. No bytes and no
    /// refusal: no workflow task is open, or the time is over.
    /// </summary>
    [Alias("Query"), Orleans.Concurrency.AlwaysInterleave]
    Task<Answer> QueryAsync(string runId, byte[] query, TimeSpan most);

    /// <summary>The events that a worker has been shown and that are not stored; none when there are none.</summary>
    [Alias("OpenTask"), Orleans.Concurrency.AlwaysInterleave]
    Task<byte[][]> OpenTaskAsync(string runId);

    /// <summary>Does what a message of another execution asks, once however often it is delivered.</summary>
    [Alias("Receive")]
    Task<Receipt> ReceiveAsync(Delivery delivery);

    /// <summary>Records what became of a message that a run of this execution sent, and removes it. False: not now.</summary>
    [Alias("Settle")]
    Task<bool> SettleAsync(Delivery delivery, Receipt receipt);

    /// <summary>Records what came of a request to a handler of Nexus, unless nobody waits for it. False: not now.</summary>
    [Alias("ReportNexus")]
    Task<bool> ReportNexusAsync(NexusReport report);

    /// <summary>Ends a Nexus operation of the run, once however often it is told.</summary>
    [Alias("CompleteNexus")]
    Task<Receipt> CompleteNexusAsync(NexusCompletion completion);

    /// <summary>Deletes a run; an open one is terminated first.</summary>
    [Alias("Delete")]
    Task<Answer> DeleteAsync(Call call);

    /// <summary>Deletes a run that is kept no longer; one that is gone, or not so old, is no error.</summary>
    /// <param name="closedBefore">Only if it closed before; null: an open one is terminated first.</param>
    [Alias("Discard")]
    Task<Answer> DiscardAsync(string runId, DateTimeOffset? closedBefore);

    /// <summary>Ends when the run has an event of this id, or is closed, or after a while.</summary>
    /// <param name="closed">Only when it is closed.</param>
    [Alias("Wait"), Orleans.Concurrency.AlwaysInterleave]
    Task WaitAsync(string runId, long eventId, bool closed);
}

/// <summary>A request of Temporal's API.</summary>
/// <param name="RunId">The run that it is for; empty for the current one.</param>
/// <param name="Caller">Who asks, as the events name them.</param>
/// <param name="Actor">Who asks, as the ledger names them; empty for the server itself.</param>
/// <param name="Reason">Why, where the API has no field for it; a start, a signal or a deletion with one has a row in the ledger. Empty for none.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-call")]
internal sealed record Call(
    [property: Id(0)] byte[] Request, [property: Id(1)] string RunId, [property: Id(2)] string Caller, [property: Id(3)] string Actor,
    [property: Id(4)] string Reason = "");

/// <summary>An update that was taken in.</summary>
/// <param name="Ticket">By which it is waited for; empty when it is over already.</param>
/// <param name="Answer">How it is over; nothing while it is not.</param>
/// <param name="Started">Whether the call started the run.</param>
/// <param name="IsStartRefused">The run could not be started; the answer says why.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-admission")]
internal sealed record Admission(
    [property: Id(0)] string RunId, [property: Id(1)] Guid Ticket, [property: Id(2)] Answer Answer, [property: Id(3)] bool Started,
    [property: Id(4)] bool IsStartRefused = false)
{
    public static Admission Over(string runId, Answer answer) => new(runId, Guid.Empty, answer, false);

    public static Admission NotStarted(Answer answer) => new("", Guid.Empty, answer, false, true);
}

/// <summary>A worker's taking of a task.</summary>
/// <param name="Queue">Where it lay; empty for any queue.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-task-start")]
internal sealed record TaskStart(
    [property: Id(0)] string RunId, [property: Id(1)] long EventId, [property: Id(2)] int Attempt, [property: Id(3)] string Identity,
    [property: Id(4)] string Caller, [property: Id(5)] string Queue = "")
{
    /// <summary>The text of the worker's version; empty for a worker without one.</summary>
    [Id(6)]
    public string Version { get; init; } = "";

    /// <summary>What the queue knew of the version that the task goes to; null when it says nothing of versions.</summary>
    [Id(7)]
    public string? Directive { get; init; }

    /// <summary>Of a queue that the run's version does without.</summary>
    [Id(8)]
    public bool IsIndependent { get; init; }

    /// <summary>The version that new work of the queue goes to; null of a queue without versions.</summary>
    [Id(9)]
    public string? Target { get; init; }
}
