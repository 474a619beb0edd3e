using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console.Jobs;

/// <summary>Reads batch jobs by the messages of Temporal's API.</summary>
internal sealed class JobReader(ITemporalServer server, RunReader runs)
{
    /// <summary>Each is asked for by itself.</summary>
    private const int PerPage = 25;

    /// <param name="after">The page's token, hexadecimal; empty for the first.</param>
    public async Task<(IReadOnlyList<DescribeBatchOperationResponse> Jobs, string Next)> ListAsync(Caller caller, string ns, string after, CancellationToken ct)
    {
        var request = new ListBatchOperationsRequest { Namespace = ns, PageSize = PerPage, NextPageToken = PageTokens.Read(after) };
        var page = await server.CallAsync<ListBatchOperationsResponse>(caller, request, "", ct);
        var jobs = new List<DescribeBatchOperationResponse>();
        foreach (var job in page.OperationInfo)
        {
            if (await runs.BatchAsync(caller, ns, job.JobId, ct) is { } described)
            {
                jobs.Add(described);
            }
        }

        return (jobs, PageTokens.Write(page.NextPageToken));
    }
}
