using Flagstone.Workflows.Archiving;
using Flagstone.Workflows.Namespaces;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Runs that are in the archive alone.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("conditions other than WorkflowId, RunId and CloseTime", Access = RpcAccess.ReadOwn)]
    public async Task<ListArchivedWorkflowExecutionsResponse> ListArchivedWorkflowExecutions(
        ListArchivedWorkflowExecutionsRequest request, ServerCallContext context)
    {
        if (request.PageSize < 0)
        {
            throw RpcErrors.InvalidArgument("PageSize is negative. Leave it out, or ask for 1 to 1000.");
        }

        var ns = await NamespaceAsync(request.Namespace, context);
        if (!archive.Root.IsThere)
        {
            throw RpcErrors.InvalidArgument($"Cluster is not configured for visibility archival. {ArchiveFolder.WayOut}");
        }

        if (!ns.Archives)
        {
            throw RpcErrors.InvalidArgument("Namespace is not configured for visibility archival. Enable the archival of its histories.");
        }

        var query = Answered(() => ArchiveQuery.Parse(request.Query));
        // The word keeps the tokens of other lists apart.
        var mark = $"archive\n{query.Text}";
        var after = ListTokens.Read(request.NextPageToken, ns.Id, mark);
        var (runs, next) = await ReadableAsync(() => archived.PageAsync(ns, query, after, request.PageSize, context.CancellationToken));
        return new ListArchivedWorkflowExecutionsResponse { Executions = { runs }, NextPageToken = ListTokens.Write(next, ns.Id, mark) };
    }

    /// <summary>The history of a run that is gone; null when it is not archived. As with Temporal's server the run must be named.</summary>
    private Task<GetWorkflowExecutionHistoryResponse?> ArchivedHistoryAsync(
        WorkflowNamespace ns, GetWorkflowExecutionHistoryRequest request, HistoryPage page, CancellationToken ct) => ReadableAsync(async () =>
    {
        var run = new WorkflowExecution { WorkflowId = request.Execution.WorkflowId, RunId = page.RunId };
        if (request.WaitNewEvent || request.SkipArchival || await archive.FindAsync(ns, run, ct) is not { } info)
        {
            return null;
        }

        var onlyEnd = request.HistoryEventFilterType == HistoryEventFilterType.CloseEvent;
        var first = onlyEnd ? info.HistoryLength : page.NextId;
        var size = request.MaximumPageSize is > 0 and < MaxEventsPerPage ? request.MaximumPageSize : MaxEventsPerPage;
        var (events, bytes) = (new List<HistoryEvent>(), 0);
        await foreach (var one in archive.EventsAsync(ns, run, first, ct))
        {
            if (events.Count == size || bytes >= MaxBytesPerPage)
            {
                return Archived(events, page with { NextId = one.EventId });
            }

            events.Add(one);
            bytes += one.CalculateSize();
        }

        return Archived(events, null);
    });

    private static GetWorkflowExecutionHistoryResponse? Archived(List<HistoryEvent> events, HistoryPage? next)
    {
        var page = Page(events, next);
        page.Archived = true;
        return page;
    }

    private static async Task<T> ReadableAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new RpcException(new Status(
                StatusCode.DataLoss,
                $"The archive cannot be read: {e.Message.TrimEnd('.')}. Restore the file from a backup of {ArchiveFolder.Setting}, or take it away."));
        }
    }
}
