using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.People.Outside;

/// <summary>
/// Looks for activities that the server has given to a process which died before it stored them: the server would wait for their time-out. A search goes
/// through the open runs of all namespaces, a page each time.
/// </summary>
internal sealed class OutsideSearch(ITemporalServer server, PeopleNamespaces namespaces)
{
    private const int PageSize = 50;
    private const int AtOnce = 8;

    /// <summary>Of a namespace no more runs are looked at in a search, the latest first: 500. A heartbeat timeout finds the rest.</summary>
    private const int MaxPages = 10;

    private readonly Queue<(string Namespace, ByteString Token, int Page)> left = [];

    public bool IsUnderWay => left.Count > 0;

    public async Task StartAsync(CancellationToken ct)
    {
        left.Clear();
        foreach (var name in await namespaces.ListAsync(ct))
        {
            left.Enqueue((name, ByteString.Empty, 1));
        }
    }

    /// <summary>What the runs of the next page wait for people to decide.</summary>
    public async Task<List<OutsideAsk>> NextAsync(CancellationToken ct)
    {
        var (ns, token, number) = left.Peek();
        var page = await server.CallAsync<ListWorkflowExecutionsResponse>(OutsideHistory.Caller, new ListWorkflowExecutionsRequest
        {
            Namespace = ns, PageSize = PageSize, NextPageToken = token, Query = "ExecutionStatus = 'Running'",
        }, "", ct);
        var found = new List<OutsideAsk>();
        foreach (var some in page.Executions.Chunk(AtOnce))
        {
            found.AddRange((await Task.WhenAll(some.Select(r => FindAsync(ns, r.Execution, ct)))).SelectMany(a => a));
        }

        left.Dequeue();
        if (!page.NextPageToken.IsEmpty && number < MaxPages)
        {
            left.Enqueue((ns, page.NextPageToken, number + 1));
        }

        return found;
    }

    /// <summary>Leaves out the namespace whose page could not be read.</summary>
    public void Skip() => left.TryDequeue(out _);

    private async Task<IEnumerable<OutsideAsk>> FindAsync(string ns, WorkflowExecution run, CancellationToken ct)
    {
        try
        {
            var described = await server.CallAsync<DescribeWorkflowExecutionResponse>(
                OutsideHistory.Caller, new DescribeWorkflowExecutionRequest { Namespace = ns, Execution = run }, "", ct);
            return described.PendingActivities
                .Where(a => a.State == PendingActivityState.Started && a.ActivityOptions?.TaskQueue?.Name == PeopleQueue.Name)
                .Select(a => new OutsideAsk(ns, run.WorkflowId, run.RunId, a.ActivityId));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return [];
        }
    }
}
