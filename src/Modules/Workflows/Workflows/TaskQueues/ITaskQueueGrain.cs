using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.TaskQueues;

/// <summary>A task queue of one kind: where tasks and workers meet.</summary>
[GrainInterfaceType("flagstone.workflow-task-queue")]
internal interface ITaskQueueGrain : IGrainWithStringKey
{
    /// <summary>Says that a task was stored. A hint: the rows are what counts.</summary>
    [Alias("Add"), Orleans.Concurrency.OneWay]
    Task AddAsync(QueuedTask task);

    /// <summary>The next task, started for this worker; no bytes when none came for a while.</summary>
    [Alias("Poll")]
    Task<Answer> PollAsync(Poll poll);

    /// <summary>The worker does not wait any longer: its poll ends without a task, unless it has got one.</summary>
    [Alias("EndPoll")]
    Task EndPollAsync(Guid id);

    /// <summary>The worker that alone polled the queue is gone: what waits here goes to the executions' usual queue.</summary>
    [Alias("Drop")]
    Task DropAsync();

    /// <summary>Gives a query to the next worker that polls, and waits for its answer; no bytes when none came. A query is never stored.</summary>
    /// <param name="task">The task as the worker gets it, without its token.</param>
    [Alias("Query")]
    Task<Answer> QueryAsync(QueryTask task);

    /// <summary>A worker's answer to a query; false when nobody waits for it.</summary>
    [Alias("AnswerQuery")]
    Task<bool> AnswerQueryAsync(Guid id, Answer answer);

    /// <summary>Who has polled lately.</summary>
    [Alias("Pollers")]
    Task<PollerSeen[]> PollersAsync();

    /// <summary>Whether tasks wait here, or have come within the last seconds.</summary>
    [Alias("IsUsed")]
    Task<bool> IsUsedAsync();

    /// <summary>Where tasks go is another thing; answered when they go there.</summary>
    /// <param name="routing">As it is now; null to read it.</param>
    [Alias("Reroute")]
    Task RerouteAsync(QueueRouting? routing);

    /// <summary>Where the tasks of this queue go, for a worker's own queue, which is told of changes for a while.</summary>
    [Alias("Follow")]
    Task<QueueRouting> FollowAsync(string own);
}

/// <summary>A worker's poll.</summary>
/// <param name="Most">How long it waits.</param>
/// <param name="Worker">What the worker says of its deployment; null for nothing.</param>
/// <param name="Normal">Of a worker's own queue: the queue that it belongs to; empty for another queue.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-poll")]
internal sealed record Poll(
    [property: Id(0)] Guid Id, [property: Id(1)] string Identity, [property: Id(2)] string Caller, [property: Id(3)] TimeSpan Most,
    [property: Id(4)] DeployedWorker? Worker = null, [property: Id(5)] string Normal = "")
{
    /// <summary>The text of the worker's version; empty without one.</summary>
    public string Version => Worker?.Version ?? "";
}

/// <summary>What a worker says of its deployment.</summary>
/// <param name="IsVersioned">Whether it takes the tasks of its version alone.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-deployed-worker")]
internal sealed record DeployedWorker([property: Id(0)] string Deployment, [property: Id(1)] string BuildId, [property: Id(2)] bool IsVersioned)
{
    /// <summary>The text of its version; empty without one.</summary>
    public string Version => IsVersioned ? new WorkerVersion(Deployment, BuildId).ToString() : "";
}

/// <summary>A query for a worker of the queue.</summary>
/// <param name="Task">A poll's answer, as bytes.</param>
/// <param name="Most">How long its answer is waited for.</param>
/// <param name="Directive">Which version it goes to: as a task's.</param>
/// <param name="WorkflowId">By which a ramp takes its part.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-query-task")]
internal sealed record QueryTask(
    [property: Id(0)] Guid Id, [property: Id(1)] byte[] Task, [property: Id(2)] TimeSpan Most, [property: Id(3)] string Directive = "",
    [property: Id(4)] string WorkflowId = "");

/// <summary>A worker that polled.</summary>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-poller-seen")]
internal readonly record struct PollerSeen(
    [property: Id(0)] string Identity, [property: Id(1)] DateTimeOffset At, [property: Id(2)] DeployedWorker? Worker = null);
