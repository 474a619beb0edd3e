using System.Globalization;
using Flagstone.Workflows.Visibility;
using Flagstone.Workflows.Visibility.Queries;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Filter.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Lists and counts of executions.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("the division of a namespace", Access = RpcAccess.ReadOwn)]
    public async Task<ListWorkflowExecutionsResponse> ListWorkflowExecutions(ListWorkflowExecutionsRequest request, ServerCallContext context)
    {
        var (runs, next) = await ListAsync(request.Namespace, Parsed(request.Query), request.NextPageToken, request.PageSize, context);
        return new ListWorkflowExecutionsResponse { Executions = { runs }, NextPageToken = next };
    }

    /// <summary>The same list in the same order: an index has it, so there is nothing to win by less.</summary>
    [Rpc("the division of a namespace", Access = RpcAccess.ReadOwn)]
    public async Task<ScanWorkflowExecutionsResponse> ScanWorkflowExecutions(ScanWorkflowExecutionsRequest request, ServerCallContext context)
    {
        var (runs, next) = await ListAsync(request.Namespace, Parsed(request.Query), request.NextPageToken, request.PageSize, context);
        return new ScanWorkflowExecutionsResponse { Executions = { runs }, NextPageToken = next };
    }

    [Rpc("the division of a namespace", Access = RpcAccess.ReadOwn)]
    public async Task<CountWorkflowExecutionsResponse> CountWorkflowExecutions(CountWorkflowExecutionsRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        var (query, group) = Answered(() =>
        {
            var parsed = QueryParser.Parse(request.Query);
            return parsed.GroupBy is "" or SearchField.Status ? (QueryCompiler.Compile(ns.Id, parsed.Where, ns.SearchAttributes), parsed.GroupBy)
                : throw new QueryException(0, $"GROUP BY takes {SearchField.Status} alone, not {parsed.GroupBy}.");
        });
        if (group.Length == 0)
        {
            return new CountWorkflowExecutionsResponse { Count = await visibility.CountAsync(query, context.CancellationToken) };
        }

        var counts = await visibility.CountByStatusAsync(query, context.CancellationToken);
        return new CountWorkflowExecutionsResponse
        {
            Count = counts.Sum(c => c.Count),
            Groups =
            {
                counts.Select(c => new CountWorkflowExecutionsResponse.Types.AggregationGroup { Count = c.Count, GroupValues = { Keyword(c.Status.ToString()) } }),
            },
        };
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<ListOpenWorkflowExecutionsResponse> ListOpenWorkflowExecutions(ListOpenWorkflowExecutionsRequest request, ServerCallContext context)
    {
        var where = All(
            new Comparison(SearchField.Status, "=", Text(nameof(WorkflowExecutionStatus.Running))), Times(SearchField.StartTime, request.StartTimeFilter),
            Execution(request.ExecutionFilter), OfType(request.TypeFilter));
        var (runs, next) = await ListAsync(request.Namespace, where, request.NextPageToken, request.MaximumPageSize, context);
        return new ListOpenWorkflowExecutionsResponse { Executions = { runs }, NextPageToken = next };
    }

    /// <summary>Of closed executions the time filter is of their close, as with Temporal's server.</summary>
    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<ListClosedWorkflowExecutionsResponse> ListClosedWorkflowExecutions(ListClosedWorkflowExecutionsRequest request, ServerCallContext context)
    {
        var status = request.StatusFilter?.Status ?? WorkflowExecutionStatus.Unspecified;
        if (request.StatusFilter is not null && status is WorkflowExecutionStatus.Unspecified or WorkflowExecutionStatus.Running)
        {
            throw RpcErrors.InvalidArgument("StatusFilter must be specified and must be not Running.");
        }

        var where = All(
            status != WorkflowExecutionStatus.Unspecified ? new Comparison(SearchField.Status, "=", Text(status.ToString()))
                : new Absence(SearchField.CloseTime, true),
            Times(SearchField.CloseTime, request.StartTimeFilter), Execution(request.ExecutionFilter), OfType(request.TypeFilter));
        var (runs, next) = await ListAsync(request.Namespace, where, request.NextPageToken, request.MaximumPageSize, context);
        return new ListClosedWorkflowExecutionsResponse { Executions = { runs }, NextPageToken = next };
    }

    private static Condition? Parsed(string query) => Answered(() => QueryParser.Parse(query) is { GroupBy: "" } parsed ? parsed.Where
        : throw new QueryException(0, "GROUP BY is for counts. Leave it out, or count."));

    private static T Answered<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (QueryException e)
        {
            throw RpcErrors.InvalidArgument(e.Message);
        }
    }

    private static Condition? All(params Condition?[] conditions) => conditions.Where(c => c is not null).Aggregate((all, one) => new Both(all!, one!));

    private static Condition? Execution(WorkflowExecutionFilter? filter) => filter is null ? null : All(
        filter.WorkflowId.Length > 0 ? new Comparison(SearchField.WorkflowId, "=", Text(filter.WorkflowId)) : Refused("WorkflowId is not set on request."),
        filter.RunId.Length > 0 ? new Comparison(SearchField.RunId, "=", Text(filter.RunId)) : null);

    private static Comparison? OfType(WorkflowTypeFilter? filter) => filter is null ? null
        : filter.Name.Length > 0 ? new Comparison(SearchField.WorkflowType, "=", Text(filter.Name)) : Refused("WorkflowType is not set on request.");

    private static Comparison Refused(string why) => throw RpcErrors.InvalidArgument(why);

    private static Condition? Times(string field, StartTimeFilter? filter)
    {
        var earliest = filter?.EarliestTime is { } first ? new Comparison(field, ">=", Time(first)) : null;
        var latest = filter?.LatestTime is { } last ? new Comparison(field, "<=", Time(last)) : null;
        return earliest is null ? latest : latest is null ? earliest : new Both(earliest, latest);
    }

    private static Literal Text(string text) => new(LiteralKind.Text, text);

    private static Literal Time(Google.Protobuf.WellKnownTypes.Timestamp time)
    {
        RequestChecks.Time(time, "StartTimeFilter");
        return Text(time.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture));
    }

    private static Payload Keyword(string value) => new()
    {
        Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain"), ["type"] = ByteString.CopyFromUtf8(nameof(IndexedValueType.Keyword)) },
        Data = ByteString.CopyFromUtf8($"\"{value}\""),
    };

    private async Task<(List<WorkflowExecutionInfo> Runs, ByteString Next)> ListAsync(
        string name, Condition? where, ByteString token, int size, ServerCallContext context)
    {
        if (size < 0)
        {
            throw RpcErrors.InvalidArgument("PageSize is negative. Leave it out, or ask for 1 to 1000.");
        }

        var ns = await NamespaceAsync(name, context);
        var query = Answered(() => QueryCompiler.Compile(ns.Id, where, ns.SearchAttributes));
        var text = where?.ToString() ?? "";
        var (runs, next) = await visibility.ListAsync(query, ListTokens.Read(token, ns.Id, text), size, context.CancellationToken);
        return (runs, ListTokens.Write(next, ns.Id, text));
    }
}
