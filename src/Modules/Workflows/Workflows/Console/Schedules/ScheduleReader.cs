using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Grpc.Core;
using Temporalio.Api.Schedule.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console.Schedules;

/// <summary>Reads schedules by the messages of Temporal's API.</summary>
internal sealed class ScheduleReader(ITemporalServer server)
{
    private const int PerPage = 50;

    /// <param name="after">The page's token, hexadecimal; empty for the first.</param>
    public async Task<(IReadOnlyList<ScheduleListEntry> Schedules, string Next)> ListAsync(Caller caller, string ns, string after, CancellationToken ct)
    {
        var request = new ListSchedulesRequest { Namespace = ns, MaximumPageSize = PerPage, NextPageToken = PageTokens.Read(after) };
        var page = await server.CallAsync<ListSchedulesResponse>(caller, request, "", ct);
        return (page.Schedules, PageTokens.Write(page.NextPageToken));
    }

    /// <summary>Null when there is none of the id.</summary>
    public async Task<DescribeScheduleResponse?> FindAsync(Caller caller, string ns, string id, CancellationToken ct)
    {
        try
        {
            return await server.CallAsync<DescribeScheduleResponse>(caller, new DescribeScheduleRequest { Namespace = ns, ScheduleId = id }, "", ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }
}
