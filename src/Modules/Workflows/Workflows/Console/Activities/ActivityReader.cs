using System.Text.Json;
using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Grpc.Core;
using Temporalio.Api.Activity.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console.Activities;

/// <summary>A page of standalone activities.</summary>
/// <param name="Next">The next page's token; empty on the last.</param>
/// <param name="Counts">How many have each status that one has, whatever status is asked for.</param>
internal sealed record ActivityList(
    IReadOnlyList<ActivityExecutionListInfo> Activities, string Next, IReadOnlyList<(ActivityExecutionStatus Status, long Count)> Counts);

/// <summary>Reads activities that clients started themselves, by the messages of Temporal's API.</summary>
internal sealed class ActivityReader(ITemporalServer server)
{
    private const int PerPage = 50;

    /// <param name="query">In the language of visibility; empty for all.</param>
    /// <param name="status">As queries name it; empty for all.</param>
    /// <param name="after">The page's token, hexadecimal; empty for the first.</param>
    /// <returns>No list, and why, where the query cannot be answered.</returns>
    public async Task<(ActivityList? List, string Wrong)> ListAsync(Caller caller, string ns, string query, string status, string after, CancellationToken ct)
    {
        var where = string.Join(" AND ", ((string[])[query.Length > 0 ? $"({query})" : "", status.Length > 0 ? $"ExecutionStatus = '{status}'" : ""]).Where(q => q.Length > 0));
        try
        {
            var page = await server.CallAsync<ListActivityExecutionsResponse>(
                caller, new ListActivityExecutionsRequest { Namespace = ns, Query = where, PageSize = PerPage, NextPageToken = PageTokens.Read(after) }, "", ct);
            var counted = await server.CallAsync<CountActivityExecutionsResponse>(
                caller, new CountActivityExecutionsRequest { Namespace = ns, Query = $"{query} GROUP BY ExecutionStatus".TrimStart() }, "", ct);
            return (new ActivityList(
                page.Executions, PageTokens.Write(page.NextPageToken), [.. counted.Groups.Select(g => (StatusOf(g.GroupValues.FirstOrDefault()), g.Count))]), "");
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument)
        {
            return (null, e.Status.Detail);
        }
    }

    /// <summary>Null when there is none.</summary>
    /// <param name="runId">Empty for the last of the id.</param>
    public async Task<DescribeActivityExecutionResponse?> FindAsync(Caller caller, string ns, string id, string runId, CancellationToken ct)
    {
        try
        {
            return await server.CallAsync<DescribeActivityExecutionResponse>(caller, new DescribeActivityExecutionRequest
            {
                Namespace = ns, ActivityId = id, RunId = runId, IncludeInput = true, IncludeOutcome = true, IncludeHeartbeatDetails = true, IncludeLastFailure = true,
            }, "", ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    private static ActivityExecutionStatus StatusOf(Payload? value) =>
        value is not null && Enum.TryParse<ActivityExecutionStatus>(JsonSerializer.Deserialize<string>(value.Data.Span), out var status)
            ? status : ActivityExecutionStatus.Unspecified;
}
