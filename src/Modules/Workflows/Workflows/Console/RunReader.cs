using Flagstone.Workflows.Batches;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Fleet;
using Flagstone.Workflows.Frontend;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Visibility;
using Flagstone.Workflows.Visibility.Queries;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Worker.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A page of runs.</summary>
/// <param name="Next">The next page's token; empty on the last.</param>
/// <param name="Counts">How many runs have each status that one has, whatever status is asked for.</param>
internal sealed record RunList(IReadOnlyList<WorkflowExecutionInfo> Runs, string Next, IReadOnlyList<(WorkflowExecutionStatus Status, long Count)> Counts);

/// <summary>Reads what the console shows of workflows. Who may see it is asked by the pages.</summary>
internal sealed class RunReader(
    NamespaceCache cache, NamespaceStore namespaces, VisibilityStore visibility, ExecutionStore executions, TaskQueueStore tasks, BatchStore batches,
    DeploymentStore deployments, IGrainFactory grains, TimeProvider clock)
{
    public const int RunsPerPage = 50;

    /// <summary>A page names no more namespaces; a list can be asked for by the address.</summary>
    private const int MaxNamespaces = 500;

    private const int MaxPageBytes = 4 * 1024 * 1024;

    /// <summary>As documents, by name.</summary>
    public async Task<IReadOnlyList<System.Text.Json.Nodes.JsonObject>> NamespacesAsync(CancellationToken ct) =>
        (await namespaces.ListAsync(MaxNamespaces, "", ct)).Namespaces;

    /// <summary>Null when there is none of this name.</summary>
    public async Task<WorkflowNamespace?> NamespaceAsync(string name, CancellationToken ct)
    {
        try
        {
            return await cache.GetAsync(name, ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    /// <exception cref="QueryException">The query cannot be answered.</exception>
    public async Task<RunList> ListAsync(WorkflowNamespace ns, RunQuery query, string after, CancellationToken ct)
    {
        var where = query.Where();
        var text = where?.ToString() ?? "";
        var compiled = QueryCompiler.Compile(ns.Id, where, ns.SearchAttributes);
        var (runs, next) = await visibility.ListAsync(compiled, Position(after, ns.Id, text), RunsPerPage, ct);
        var counts = await visibility.CountByStatusAsync(QueryCompiler.Compile(ns.Id, query.Where(anyStatus: true), ns.SearchAttributes), ct);
        return new RunList(runs, Convert.ToHexStringLower(ListTokens.Write(next, ns.Id, text).Span), counts);
    }

    public async Task<IReadOnlyList<(WorkflowExecutionStatus Status, long Count)>> CountsAsync(WorkflowNamespace ns, CancellationToken ct) =>
        await visibility.CountByStatusAsync(QueryCompiler.Compile(ns.Id, null, ns.SearchAttributes), ct);

    public Task<RunState?> FindAsync(WorkflowNamespace ns, string runId, CancellationToken ct) => executions.FindRunAsync(ns.Id, runId, ct);

    /// <param name="first">The id of the first event.</param>
    public Task<List<HistoryEvent>> EventsAsync(RunState run, long first, int count, CancellationToken ct) =>
        executions.EventsAsync(run.RunId, first, run.NextEventId - 1, count, MaxPageBytes, ct);

    /// <summary>The last events, the last one first.</summary>
    public Task<List<HistoryEvent>> LastEventsAsync(RunState run, int count, CancellationToken ct) =>
        executions.EventsAsync(run.RunId, 1, run.NextEventId - 1, count, MaxPageBytes, ct, isReverse: true);

    /// <summary>The workers of a namespace that have said something of themselves within the last minutes.</summary>
    public async Task<IReadOnlyList<WorkerHeartbeat>> WorkersAsync(WorkflowNamespace ns) =>
        [.. (await grains.GetGrain<IFleetGrain>(ns.Id).ListAsync()).Select(WorkerHeartbeat.Parser.ParseFrom)];

    /// <summary>All of a namespace, by name.</summary>
    public async Task<IReadOnlyList<DeploymentState>> DeploymentsAsync(WorkflowNamespace ns, CancellationToken ct) =>
        await deployments.ListAsync(ns.Id, "", DeploymentStore.MaxDeployments, ct);

    /// <summary>A batch job; null for none.</summary>
    public async Task<BatchState?> BatchAsync(WorkflowNamespace ns, string jobId, CancellationToken ct) =>
        await batches.FindAsync(new BatchKey(ns.Id, jobId), ct) is { } found ? StateCodec.Read<BatchState>(found.State) : null;

    public async Task<TaskQueueView> QueueAsync(WorkflowNamespace ns, TaskKind kind, string name, CancellationToken ct)
    {
        var key = new TaskQueueKey(ns.Id, kind, name);
        var (count, oldest) = await tasks.BacklogAsync(key, clock.GetUtcNow(), ct);
        return new TaskQueueView(name, kind, await grains.GetGrain<ITaskQueueGrain>(key.ToString()).PollersAsync(), count, oldest);
    }

    /// <summary>The task queues that runs and tasks of a namespace name now.</summary>
    public async Task<IReadOnlyList<TaskQueueView>> QueuesAsync(WorkflowNamespace ns, CancellationToken ct)
    {
        var views = new List<TaskQueueView>();
        foreach (var (kind, name) in await tasks.NamesAsync(ns.Id, ct))
        {
            views.Add(await QueueAsync(ns, kind, name, ct));
        }

        return views;
    }

    /// <summary>A token of an address that is none begins the list anew.</summary>
    private static ListPosition? Position(string after, string ns, string query)
    {
        try
        {
            return ListTokens.Read(ByteString.CopyFrom(Convert.FromHexString(after)), ns, query);
        }
        catch (Exception e) when (e is FormatException or RpcException)
        {
            return null;
        }
    }
}

/// <summary>A task queue of one kind, now.</summary>
/// <param name="Pollers">Who has polled within the last minutes.</param>
/// <param name="Backlog">How many tasks wait for a worker.</param>
/// <param name="Oldest">Since when the oldest waits; null for none.</param>
internal sealed record TaskQueueView(string Name, TaskKind Kind, IReadOnlyList<PollerSeen> Pollers, long Backlog, DateTimeOffset? Oldest)
{
    public string KindName => Kind == TaskKind.Workflow ? "Workflow" : "Activity";
}
