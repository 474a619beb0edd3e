using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Activities.Standalone;
using Flagstone.Workflows.Archiving;
using Flagstone.Workflows.Batches;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Nexus.Standalone;
using Flagstone.Workflows.Schedules;
using Microsoft.Extensions.Logging;

namespace Flagstone.Workflows.Discarding;

[GrainInterfaceType("flagstone.workflow-discard")]
internal interface IDiscardGrain : IReconcileGrain;

/// <summary>
/// Deletes the runs whose namespace has kept them long enough, and all runs of a namespace that is gone. There is one, and each start makes it due; then
/// it comes again by itself. What is to go is read from the rows each time: a process that dies between leaves nothing but rows for the next turn.
/// A run whose namespace archives is deleted when its files are on the disk, and kept while they cannot be written.
/// </summary>
[GrainType("flagstone.workflow-discard")]
internal sealed partial class DiscardGrain(
    DiscardStore store, BatchStore batches, DeploymentStore deployments, ResourceStore resources, Archiver archiver, IGrainFactory grains,
    TimeProvider clock, ILogger<DiscardGrain> logger)
    : Grain, IDiscardGrain
{
    public const string Controller = "workflow-discard";

    /// <summary>The one grain's key.</summary>
    public const string Key = "runs";

    /// <summary>So many runs of a namespace in a turn, so that no namespace waits for another's backlog.</summary>
    private const int Batch = 100;

    /// <summary>Deletions at once: they share commits.</summary>
    private const int AtOnce = 16;

    private const int NamespacesPerTurn = 100;
    private const int PiecesPerTurn = 10;

    /// <summary>Long histories may take long to write: the other namespaces come first then.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    /// <summary>Where the next turn goes on; empty for the first namespace.</summary>
    private string after = "";

    /// <summary>A namespace that is deleted, or that keeps runs for another time, is looked at now.</summary>
    public static IEnumerable<string> Route(CommittedRow row) =>
        row.Key.Kind == WorkflowNamespaceKind.NamespaceId && row.Change is (ChangeType.Modified or ChangeType.Deleted) ? [Key] : [];

    public async Task<ReconcileResult> ReconcileAsync()
    {
        var found = await NamespacesAsync();
        var isMore = found.Count == NamespacesPerTurn;
        // Read after the runs were seen: a namespace is there before its first run is.
        var kept = (await resources.ListAsync(new ListQuery(WorkflowNamespaceKind.NamespaceId), CancellationToken.None)).Items
            .ToDictionary(i => i.Uid, i => Keeping.Of(i.ToDocument()), StringComparer.Ordinal);
        foreach (var ns in found)
        {
            if (ScheduleKey.NamespaceOf(ns) is { } owner)
            {
                // A schedule ends with its namespace alone.
                isMore |= !kept.ContainsKey(owner) && await DiscardSchedulesAsync(owner);
                continue;
            }

            if (StandaloneKey.NamespaceOf(ns) is { } of)
            {
                isMore |= await DiscardOperationsAsync(of, kept.TryGetValue(of, out var keeps) ? clock.GetUtcNow() - keeps.Retention : null);
                continue;
            }

            if (ActivityKey.NamespaceOf(ns) is { } owning)
            {
                isMore |= await DiscardActivitiesAsync(owning, kept.TryGetValue(owning, out var holds) ? clock.GetUtcNow() - holds.Retention : null);
                continue;
            }

            isMore |= await DiscardAsync(ns, kept.GetValueOrDefault(ns));
        }

        // After the runs, as theirs may be among them.
        isMore |= await DropEventsAsync();
        return ReconcileResult.After(isMore ? Soon : Period);
    }

    private async Task<bool> DropEventsAsync()
    {
        for (var piece = 0; piece < PiecesPerTurn; piece++)
        {
            if (!await store.DropEventsAsync(CancellationToken.None))
            {
                return false;
            }
        }

        return true;
    }

    private async Task<List<string>> NamespacesAsync()
    {
        var found = new List<string>();
        while (found.Count < NamespacesPerTurn && await store.NextNamespaceAsync(after, CancellationToken.None) is { } next)
        {
            found.Add(after = next);
        }

        after = found.Count < NamespacesPerTurn ? "" : after;
        return found;
    }

    /// <summary>A batch of a namespace's runs; true when more may be there.</summary>
    /// <param name="keeping">Null for a namespace that is gone: all its runs go.</param>
    private async Task<bool> DiscardAsync(string ns, Keeping? keeping)
    {
        var begun = clock.GetTimestamp();
        var closedBefore = keeping is null ? (DateTimeOffset?)null : clock.GetUtcNow() - keeping.Retention;
        var runs = await store.FindAsync(ns, closedBefore, Batch, CancellationToken.None);
        var (gone, tried, failure) = (0, 0, (Exception?)null);
        foreach (var some in runs.Chunk(AtOnce))
        {
            var taken = keeping is { Namespace: { Archives: true } archiving } ? await archiver.TakeAsync(archiving, some) : new ArchivedRuns(some, null);
            failure ??= taken.Failure;
            tried += some.Length;
            gone += (await Task.WhenAll(taken.Taken.Select(r => DiscardAsync(ns, r, closedBefore)))).Count(done => done);
            if (keeping is { Namespace.Archives: true } && clock.GetElapsedTime(begun) > LongestTurn)
            {
                break;
            }
        }

        if (failure is not null)
        {
            LogNotArchived(failure, keeping!.Namespace.Name, failure.Message);
        }

        if (closedBefore is null && runs.Count < Batch)
        {
            await batches.DropAllAsync(ns, CancellationToken.None);
            await deployments.DropAllAsync(ns, CancellationToken.None);
        }

        // What could not be deleted waits for the period: it would be tried again and again.
        return gone > 0 && (runs.Count == Batch || tried < runs.Count);
    }

    private async Task<bool> DiscardSchedulesAsync(string ns)
    {
        var found = await store.FindAsync(ScheduleKey.ListOf(ns), null, Batch, CancellationToken.None);
        foreach (var one in found)
        {
            await grains.GetGrain<IScheduleGrain>(new ScheduleKey(ns, one.WorkflowId).ToString()).DiscardAsync();
        }

        return found.Count == Batch;
    }

    /// <param name="closedBefore">Null for a namespace that is gone: all its operations go.</param>
    private async Task<bool> DiscardOperationsAsync(string ns, DateTimeOffset? closedBefore)
    {
        var found = await store.FindAsync(StandaloneKey.ListOf(ns), closedBefore, Batch, CancellationToken.None);
        foreach (var one in found)
        {
            await grains.GetGrain<INexusOperationGrain>(new StandaloneKey(ns, one.WorkflowId).ToString()).DeleteAsync(one.RunId, closedBefore);
        }

        return found.Count == Batch;
    }

    /// <param name="closedBefore">Null for a namespace that is gone: all its activities go.</param>
    private async Task<bool> DiscardActivitiesAsync(string ns, DateTimeOffset? closedBefore)
    {
        var found = await store.FindAsync(ActivityKey.ListOf(ns), closedBefore, Batch, CancellationToken.None);
        foreach (var one in found)
        {
            await grains.GetGrain<IActivityExecutionGrain>(new ActivityKey(ns, one.WorkflowId).ToString()).DeleteAsync(one.RunId, closedBefore);
        }

        return found.Count == Batch;
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "One run that cannot be deleted must not keep the others.")]
    private async Task<bool> DiscardAsync(string ns, Discardable one, DateTimeOffset? closedBefore)
    {
        try
        {
            var answer = await grains.GetGrain<IExecutionGrain>(new ExecutionKey(ns, one.WorkflowId).ToString()).DiscardAsync(one.RunId, closedBefore);
            if (answer.Refusal is { } refusal)
            {
                LogKept(null, one.WorkflowId, one.RunId, refusal.Message);
            }

            return answer.Refusal is null;
        }
        catch (Exception e)
        {
            LogKept(e, one.WorkflowId, one.RunId, e.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run} of execution {Workflow} was not deleted and is tried again: {Why}")]
    private partial void LogKept(Exception? exception, string workflow, string run, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Runs of namespace {Namespace} are not archived; they are kept and tried again: {Why}")]
    private partial void LogNotArchived(Exception exception, string @namespace, string why);

    /// <summary>How long a namespace keeps its closed runs, and what of it tells where they are archived.</summary>
    private sealed record Keeping(TimeSpan Retention, WorkflowNamespace Namespace)
    {
        public static Keeping Of(JsonObject document) => new(Namespaces.Retention.Of(document), WorkflowNamespace.Of(document));
    }
}
