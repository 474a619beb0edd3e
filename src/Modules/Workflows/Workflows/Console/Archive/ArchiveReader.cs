using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console.Archive;

/// <summary>Reads archived runs by the messages of Temporal's API. Their histories are read as those of other runs.</summary>
internal sealed class ArchiveReader(ITemporalServer server)
{
    /// <summary>A server's page may come short, and goes on while it has a token: who looks for one run asks for so many.</summary>
    private const int MaxPages = 10;

    /// <summary>
    /// A page, those that closed last first, and the next one's token, empty on the last; or why the archive does not answer the query, in a sentence.
    /// </summary>
    public async Task<(IReadOnlyList<WorkflowExecutionInfo> Runs, string Next, string Refusal)> ListAsync(
        Caller caller, string ns, string query, string after, CancellationToken ct)
    {
        try
        {
            var page = await PageAsync(caller, ns, query, RunReader.RunsPerPage, PageTokens.Read(after), ct);
            return (page.Executions, PageTokens.Write(page.NextPageToken), "");
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument)
        {
            return ([], "", e.Status.Detail);
        }
    }

    /// <summary>A run as it was listed; null when it is not archived, or its namespace does not archive.</summary>
    public async Task<WorkflowExecutionInfo?> FindAsync(Caller caller, string ns, string runId, CancellationToken ct)
    {
        if (!Guid.TryParse(runId, out _))
        {
            return null;
        }

        try
        {
            var token = ByteString.Empty;
            for (var pages = 0; pages < MaxPages; pages++)
            {
                var page = await PageAsync(caller, ns, $"RunId = '{runId}'", 1, token, ct);
                if (page.Executions is [var found, ..] || page.NextPageToken.IsEmpty)
                {
                    return page.Executions.FirstOrDefault();
                }

                token = page.NextPageToken;
            }

            return null;
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.NotFound or StatusCode.Unimplemented)
        {
            // So servers say that nothing is archived.
            return null;
        }
    }

    private Task<ListArchivedWorkflowExecutionsResponse> PageAsync(Caller caller, string ns, string query, int size, ByteString token, CancellationToken ct) =>
        server.CallAsync<ListArchivedWorkflowExecutionsResponse>(
            caller, new ListArchivedWorkflowExecutionsRequest { Namespace = ns, Query = query, PageSize = size, NextPageToken = token }, "", ct);
}
