using Flagstone.Platform.Identity;
using Flagstone.Ui.Graphs;
using Flagstone.Workflows.Servers;
using Flagstone.Workflows.Visibility;
using Flagstone.Workflows.Visibility.Queries;
using Grpc.Core;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console.Calls;

/// <summary>Reads what a run called and who called it, by the messages of Temporal's API: no more of a history than two pages, and a few lists.</summary>
internal sealed class CallReader(ITemporalServer server, HistoryReader histories)
{
    /// <summary>Where more were listed the drawing has no place for them.</summary>
    private const int MaxListed = 2 * Graph.MaxNodes;

    /// <param name="before">What the page has; what it took from a history that is still as long is not read again. Null for nothing.</param>
    public async Task<CallView> ReadAsync(Caller caller, string ns, RunView run, CallView? before, CancellationToken ct)
    {
        var events = before?.RunId == run.RunId && before.Length == run.Events ? before.Events : await EventsAsync(caller, ns, run, ct);
        var calls = RunCalls.Of(events, run.IsRunning, run.Described.PendingActivities);
        var chain = await ListAsync(caller, ns, Is(SearchField.WorkflowId, run.WorkflowId), ct);
        var above = run.Parent is null ? ListedRuns.None
            : await ListAsync(caller, ns, Among(SearchField.RunId, [run.Parent.RunId, run.Info.RootExecution?.RunId ?? ""]), ct);
        var (children, grandchildren, areListed) = (ListedRuns.None, ListedRuns.None, true);
        try
        {
            children = await ListAsync(caller, ns, ChildrenOf([run.RunId]), ct);
            if (children.Runs.Count > 0)
            {
                grandchildren = await ListAsync(caller, ns, ChildrenOf(children.Runs.Select(c => c.Execution.RunId).Take(Graph.MaxNodes)), ct);
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument && !server.IsEmbedded)
        {
            // An older server knows no parents in its lists.
            areListed = false;
        }

        return new CallView(run.RunId, run.Events, events, CallGraphs.Of(new CallFacts(ns, run, calls, chain, above, children, grandchildren)), areListed);
    }

    /// <summary>The query for the children of runs.</summary>
    public static string ChildrenOf(IEnumerable<string> runs) => Among("ParentRunId", runs);

    private async Task<IReadOnlyList<HistoryEvent>> EventsAsync(Caller caller, string ns, RunView run, CancellationToken ct)
    {
        var first = await histories.FirstAsync(caller, ns, run.Execution, ct);
        var last = run.Events > first.Count ? await histories.LastAsync(caller, ns, run, HistoryReader.MaxEvents, ct) : [];
        return [.. first.Concat(last.Reverse()).DistinctBy(e => e.EventId)];
    }

    private async Task<ListedRuns> ListAsync(Caller caller, string ns, string query, CancellationToken ct)
    {
        var list = await server.CallAsync<ListWorkflowExecutionsResponse>(
            caller, new ListWorkflowExecutionsRequest { Namespace = ns, Query = query, PageSize = MaxListed }, "", ct);
        return new ListedRuns(list.Executions, !list.NextPageToken.IsEmpty);
    }

    private static string Is(string field, string value) => new Comparison(field, "=", Text(value)).ToString();

    private static string Among(string field, IEnumerable<string> values)
    {
        List<string> all = [.. values.Where(v => v.Length > 0).Distinct()];
        return all is [var only] ? Is(field, only) : new Membership(field, false, [.. all.Select(Text)]).ToString();
    }

    private static Literal Text(string value) => new(LiteralKind.Text, value);
}
