using System.Text;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Nexus.Standalone;
using Flagstone.Workflows.Visibility;
using Flagstone.Workflows.Visibility.Queries;
using Grpc.Core;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Nexus.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Nexus operations that clients start themselves.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    private const int MaxNexusHeader = 8 * 1024;

    /// <summary>What queries call what the rows have under a run's names.</summary>
    private static readonly Dictionary<string, string> OperationFields = new(StringComparer.Ordinal)
    {
        ["OperationId"] = SearchField.WorkflowId, ["Operation"] = SearchField.WorkflowType, ["Endpoint"] = "TaskQueue", ["Service"] = "ParentWorkflowId",
        ["ScheduleTime"] = SearchField.StartTime,
    };

    [Rpc("completion callbacks, and what on_conflict_options attach")]
    public async Task<StartNexusOperationExecutionResponse> StartNexusOperationExecution(StartNexusOperationExecutionRequest request, ServerCallContext context)
    {
        var ns = await OpenNamespaceAsync(request.Namespace, context);
        Check(request);
        RequestChecks.SearchAttributes(request.SearchAttributes, ns.SearchAttributes);
        var endpoint = await endpoints.FindAsync(request.Endpoint, context.CancellationToken)
            ?? throw RpcErrors.NotFound($"endpoint \"{request.Endpoint}\" not found");
        request.RequestId = request.RequestId.Length > 0 ? request.RequestId : Guid.NewGuid().ToString();
        return Read<StartNexusOperationExecutionResponse>(await OperationGrain(ns, request.OperationId).StartAsync(CallOf(request, "", context), endpoint.Id));
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<DescribeNexusOperationExecutionResponse> DescribeNexusOperationExecution(
        DescribeNexusOperationExecutionRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        var state = await OperationAsync(ns, request.OperationId, request.RunId, context);
        if (!request.LongPollToken.IsEmpty && StandaloneViews.TokenOf(state) == request.LongPollToken)
        {
            await OperationGrain(ns, state.Id).WaitAsync(state.RunId, state.Transitions).WaitAsync(context.CancellationToken);
            state = await OperationAsync(ns, request.OperationId, request.RunId, context);
        }

        var described = StandaloneViews.Describe(state, request);
        if (state is { IsOpen: true, Operation.IsStarted: false } && await BreakerOf(ns.Id, state.Operation.EndpointId).IsOpenAsync())
        {
            (described.Info.State, described.Info.BlockedReason) = (PendingNexusOperationState.Blocked, NexusBreakerGrain.OpenReason);
        }

        return described;
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<PollNexusOperationExecutionResponse> PollNexusOperationExecution(PollNexusOperationExecutionRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        var until = clock.GetUtcNow() + Left(context);
        while (true)
        {
            var state = await OperationAsync(ns, request.OperationId, request.RunId, context);
            if (StandaloneViews.Poll(state, request.WaitStage) is { } polled)
            {
                return polled;
            }

            var left = until - clock.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                return new PollNexusOperationExecutionResponse();
            }

            await Task.WhenAny(
                OperationGrain(ns, state.Id).WaitAsync(state.RunId, state.Transitions), Task.Delay(left, clock, context.CancellationToken))
                .WaitAsync(context.CancellationToken);
        }
    }

    [Rpc]
    public async Task<RequestCancelNexusOperationExecutionResponse> RequestCancelNexusOperationExecution(
        RequestCancelNexusOperationExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.OperationId, "OperationId");
        RequestChecks.Length(request.Reason, "Reason");
        var operation = OperationGrain(await NamespaceAsync(request.Namespace, context), request.OperationId);
        return Read<RequestCancelNexusOperationExecutionResponse>(await operation.RequestCancelAsync(CallOf(request, request.RunId, context)));
    }

    [Rpc]
    public async Task<TerminateNexusOperationExecutionResponse> TerminateNexusOperationExecution(
        TerminateNexusOperationExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.OperationId, "OperationId");
        RequestChecks.Length(request.Reason, "Reason");
        var operation = OperationGrain(await NamespaceAsync(request.Namespace, context), request.OperationId);
        return Read<TerminateNexusOperationExecutionResponse>(await operation.TerminateAsync(CallOf(request, request.RunId, context)));
    }

    [Rpc]
    public async Task<DeleteNexusOperationExecutionResponse> DeleteNexusOperationExecution(
        DeleteNexusOperationExecutionRequest request, ServerCallContext context)
    {
        RequestChecks.Id(request.OperationId, "OperationId");
        var operation = OperationGrain(await NamespaceAsync(request.Namespace, context), request.OperationId);
        return Read<DeleteNexusOperationExecutionResponse>(await operation.DeleteAsync(request.RunId, null));
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<ListNexusOperationExecutionsResponse> ListNexusOperationExecutions(
        ListNexusOperationExecutionsRequest request, ServerCallContext context)
    {
        if (request.PageSize < 0)
        {
            throw RpcErrors.InvalidArgument("PageSize is negative. Leave it out, or ask for 1 to 1000.");
        }

        var ns = await NamespaceAsync(request.Namespace, context);
        var (query, text, list) = OperationsOf(ns, request.Query);
        var (operations, next) = await visibility.ListAsync(
            query, ListTokens.Read(request.NextPageToken, list, text), request.PageSize, NexusOperationExecutionListInfo.Parser, context.CancellationToken);
        return new ListNexusOperationExecutionsResponse { Operations = { operations }, NextPageToken = ListTokens.Write(next, list, text) };
    }

    [Rpc("GROUP BY", Access = RpcAccess.ReadOwn)]
    public async Task<CountNexusOperationExecutionsResponse> CountNexusOperationExecutions(
        CountNexusOperationExecutionsRequest request, ServerCallContext context)
    {
        var (query, _, _) = OperationsOf(await NamespaceAsync(request.Namespace, context), request.Query);
        return new CountNexusOperationExecutionsResponse { Count = await visibility.CountAsync(query, context.CancellationToken) };
    }

    private static void Check(StartNexusOperationExecutionRequest request)
    {
        RequestChecks.Id(request.OperationId, "OperationId");
        RequestChecks.Id(request.Endpoint, "Endpoint");
        RequestChecks.Id(request.Service, "Service");
        RequestChecks.Id(request.Operation, "Operation");
        RequestChecks.Length(request.RequestId, "RequestId");
        RequestChecks.Blob(request.Input, "StartNexusOperationExecutionRequest.Input");
        RequestChecks.NotNegative(request.ScheduleToCloseTimeout, "ScheduleToCloseTimeout");
        RequestChecks.NotNegative(request.ScheduleToStartTimeout, "ScheduleToStartTimeout");
        RequestChecks.NotNegative(request.StartToCloseTimeout, "StartToCloseTimeout");
        RequestChecks.Blob(request.UserMetadata, "StartNexusOperationExecutionRequest.UserMetadata");
        var header = request.NexusHeader.Sum(h => Encoding.UTF8.GetByteCount(h.Key) + Encoding.UTF8.GetByteCount(h.Value));
        if ((header > MaxNexusHeader ? $"NexusHeader exceeds size limit of {MaxNexusHeader} bytes." : NexusLinks.Refuse(request.Links)) is { } wrong)
        {
            throw RpcErrors.InvalidArgument(wrong);
        }

        if (request.CompletionCallbacks.Count > 0 || request.OnConflictOptions is not null)
        {
            throw RpcErrors.Unimplemented("Completion callbacks of Nexus operations, and what on_conflict_options attach, are not there yet.");
        }
    }

    private static (CompiledQuery Query, string Text, string List) OperationsOf(WorkflowNamespace ns, string query)
    {
        var list = StandaloneKey.ListOf(ns.Id);
        var where = Parsed(query) is { } condition ? Renamed(condition, OperationFields) : null;
        return (Answered(() => QueryCompiler.Compile(list, where, ns.SearchAttributes)), where?.ToString() ?? "", list);
    }

    private INexusOperationGrain OperationGrain(WorkflowNamespace ns, string id) => grains.GetGrain<INexusOperationGrain>(new StandaloneKey(ns.Id, id).ToString());

    private INexusBreakerGrain BreakerOf(string ns, string endpointId) => grains.GetGrain<INexusBreakerGrain>(NexusBreakerGrain.KeyOf(ns, endpointId));

    private async Task<StandaloneState> OperationAsync(WorkflowNamespace ns, string id, string runId, ServerCallContext context)
    {
        RequestChecks.Id(id, "OperationId");
        var found = await operations.FindAsync(new StandaloneKey(ns.Id, id), context.CancellationToken);
        var state = found is null ? null : StateCodec.Read<StandaloneState>(found.State);
        return state is not null && (runId.Length == 0 || state.RunId == runId) ? state : throw RpcErrors.NotFound($"nexus operation not found for ID: {id}");
    }
}
