using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Api.Worker.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A task queue of one kind, now.</summary>
/// <param name="Pollers">Who has polled within the last minutes.</param>
/// <param name="Backlog">How many tasks wait for a worker.</param>
/// <param name="Oldest">Since when the oldest waits; null for none.</param>
internal sealed record TaskQueueView(string Name, TaskQueueType Kind, IReadOnlyList<PollerInfo> Pollers, long Backlog, DateTimeOffset? Oldest)
{
    public string KindName => Kind.ToString();
}

/// <summary>Reads task queues and workers by the messages of Temporal's API.</summary>
internal sealed class QueueReader(ITemporalServer server, TaskQueueStore tasks, TimeProvider clock)
{
    /// <summary>Where a server does not tell its queues, they are those of so many open runs and workers.</summary>
    private const int MaxLooked = 1_000;

    private const int MaxWorkers = 1_000;

    public async Task<TaskQueueView> FindAsync(Caller caller, string ns, TaskQueueType kind, string name, CancellationToken ct)
    {
        var queue = await server.CallAsync<DescribeTaskQueueResponse>(caller, new DescribeTaskQueueRequest
        {
            Namespace = ns, TaskQueue = new TaskQueue { Name = name }, TaskQueueType = kind, ReportStats = true,
        }, "", ct);
        var age = queue.Stats?.ApproximateBacklogAge?.ToTimeSpan() ?? TimeSpan.Zero;
        return new TaskQueueView(
            name, kind, queue.Pollers, queue.Stats?.ApproximateBacklogCount ?? 0, age > TimeSpan.Zero ? clock.GetUtcNow() - age : null);
    }

    /// <summary>The task queues that runs and tasks of a namespace name now, or its workers.</summary>
    public async Task<IReadOnlyList<TaskQueueView>> InUseAsync(Caller caller, NamespaceView ns, IReadOnlyList<WorkerHeartbeat> workers, CancellationToken ct)
    {
        var views = new List<TaskQueueView>();
        foreach (var (kind, name) in server.IsEmbedded ? await StoredAsync(ns, ct) : await SeenAsync(caller, ns.Name, workers, ct))
        {
            views.Add(await FindAsync(caller, ns.Name, kind, name, ct));
        }

        return views;
    }

    /// <summary>The workers of a namespace that have said something of themselves within the last minutes.</summary>
    public async Task<IReadOnlyList<WorkerHeartbeat>> WorkersAsync(Caller caller, string ns, CancellationToken ct)
    {
        var (workers, token) = (new List<WorkerHeartbeat>(), ByteString.Empty);
        do
        {
            var page = await server.CallAsync<ListWorkersResponse>(caller, new ListWorkersRequest { Namespace = ns, NextPageToken = token }, "", ct);
#pragma warning disable CS0612 // The newer field says nothing of a worker's slots.
            workers.AddRange(page.WorkersInfo.Select(w => w.WorkerHeartbeat));
#pragma warning restore CS0612
            token = page.NextPageToken;
        }
        while (!token.IsEmpty && workers.Count < MaxWorkers);
        return workers;
    }

    private async Task<IEnumerable<(TaskQueueType, string)>> StoredAsync(NamespaceView ns, CancellationToken ct) =>
        (await tasks.NamesAsync(ns.Id, ct)).Select(n => (n.Kind == TaskKind.Workflow ? TaskQueueType.Workflow : TaskQueueType.Activity, n.Name));

    private async Task<IEnumerable<(TaskQueueType, string)>> SeenAsync(Caller caller, string ns, IReadOnlyList<WorkerHeartbeat> workers, CancellationToken ct)
    {
        var open = await server.CallAsync<ListWorkflowExecutionsResponse>(
            caller, new ListWorkflowExecutionsRequest { Namespace = ns, Query = "ExecutionStatus = 'Running'", PageSize = MaxLooked }, "", ct);
        return open.Executions.Select(e => e.TaskQueue).Concat(workers.Select(w => w.TaskQueue)).Distinct().Order(StringComparer.Ordinal)
            .SelectMany(q => (IEnumerable<(TaskQueueType, string)>)[(TaskQueueType.Workflow, q), (TaskQueueType.Activity, q)]);
    }
}
