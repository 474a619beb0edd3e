using System.Text.Json;
using Flagstone.Platform.Identity;
using Flagstone.Workflows.Servers;
using Flagstone.Workflows.Visibility.Queries;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A page of runs.</summary>
/// <param name="Next">The next page's token; empty on the last.</param>
/// <param name="Counts">How many runs have each status that one has, whatever status is asked for.</param>
internal sealed record RunList(IReadOnlyList<WorkflowExecutionInfo> Runs, string Next, IReadOnlyList<(WorkflowExecutionStatus Status, long Count)> Counts);

/// <summary>Reads what the console shows of runs, by the messages of Temporal's API. Who may see a namespace is asked by the pages.</summary>
internal sealed class RunReader(ITemporalServer server)
{
    public const int RunsPerPage = 50;

    /// <exception cref="QueryException">The query cannot be answered.</exception>
    public async Task<RunList> ListAsync(Caller caller, NamespaceView ns, RunQuery query, string after, CancellationToken ct)
    {
        var (where, anyStatus) = (query.Where(), query.Where(anyStatus: true));
        try
        {
            var request = new ListWorkflowExecutionsRequest
            {
                Namespace = ns.Name, Query = where?.ToString() ?? "", PageSize = RunsPerPage, NextPageToken = PageTokens.Read(after),
            };
            var list = await server.CallAsync<ListWorkflowExecutionsResponse>(caller, request, "", ct);
            return new RunList(list.Executions, PageTokens.Write(list.NextPageToken), await CountsAsync(caller, ns.Name, anyStatus, ct));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument)
        {
            if (server.IsEmbedded)
            {
                // Its language is known here: it can be said where the fault is.
                _ = QueryCompiler.Compile(ns.Id, where, ns.SearchAttributes);
            }

            throw new QueryException(0, e.Status.Detail);
        }
    }

    public async Task<IReadOnlyList<(WorkflowExecutionStatus Status, long Count)>> CountsAsync(Caller caller, string ns, Condition? where, CancellationToken ct)
    {
        var request = new CountWorkflowExecutionsRequest { Namespace = ns, Query = $"{where?.ToString() ?? ""} GROUP BY ExecutionStatus".TrimStart() };
        var counted = await server.CallAsync<CountWorkflowExecutionsResponse>(caller, request, "", ct);
        return [.. counted.Groups.Select(g => (StatusOf(g.GroupValues.FirstOrDefault()), g.Count)).Where(g => g.Item1 != WorkflowExecutionStatus.Unspecified)];
    }

    /// <summary>Null when there is no run of the id.</summary>
    public async Task<DescribeWorkflowExecutionResponse?> FindAsync(Caller caller, string ns, string runId, CancellationToken ct)
    {
        if (!Guid.TryParse(runId, out _))
        {
            return null;
        }

        // A page's address names the run alone, and a run is asked for by its workflow's id too.
        var listed = await server.CallAsync<ListWorkflowExecutionsResponse>(
            caller, new ListWorkflowExecutionsRequest { Namespace = ns, Query = $"RunId = '{runId}'", PageSize = 1 }, "", ct);
        if (listed.Executions is not [var found, ..])
        {
            return null;
        }

        try
        {
            return await server.CallAsync<DescribeWorkflowExecutionResponse>(
                caller, new DescribeWorkflowExecutionRequest { Namespace = ns, Execution = found.Execution }, "", ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>A batch job; null for none.</summary>
    public async Task<DescribeBatchOperationResponse?> BatchAsync(Caller caller, string ns, string jobId, CancellationToken ct)
    {
        try
        {
            return await server.CallAsync<DescribeBatchOperationResponse>(caller, new DescribeBatchOperationRequest { Namespace = ns, JobId = jobId }, "", ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    private static WorkflowExecutionStatus StatusOf(Payload? value) => value is null ? WorkflowExecutionStatus.Unspecified
        : System.Enum.TryParse<WorkflowExecutionStatus>(JsonSerializer.Deserialize<string>(value.Data.Span), out var status) ? status : WorkflowExecutionStatus.Unspecified;
}
