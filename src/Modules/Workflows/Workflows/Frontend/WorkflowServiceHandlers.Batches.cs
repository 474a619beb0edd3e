using System.Text.Json;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Batches;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Visibility.Queries;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Operation = Temporalio.Api.WorkflowService.V1.StartBatchOperationRequest.OperationOneofCase;

namespace Flagstone.Workflows.Frontend;

/// <summary>Batch jobs: one operation on many executions. Who may do it to one may do it to many.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    [Rpc("standalone activities, and resets to a build id")]
    public async Task<StartBatchOperationResponse> StartBatchOperation(StartBatchOperationRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        RequestChecks.Id(request.JobId, "JobId");
        RequestChecks.Id(request.Reason, "Reason");
        var named = BatchRules.Named(request);
        if (request.VisibilityQuery.Length > 0 == named.Count > 0)
        {
            throw RpcErrors.InvalidArgument("Exactly one of VisibilityQuery and Executions has to be set on request.");
        }

        if (named.Count > BatchRules.MaxExecutions)
        {
            throw RpcErrors.InvalidArgument($"Executions has {named.Count} entries, more than {BatchRules.MaxExecutions}. Use a query, or several jobs.");
        }

        if (request.TargetExecutions.Any(e => e.Type == ExecutionType.Activity))
        {
            throw RpcErrors.Unimplemented("Standalone activities are not there yet.");
        }

        named.ForEach(CheckExecution);
        Answered(() => QueryCompiler.Compile(ns.Id, Parsed(request.VisibilityQuery), ns.SearchAttributes));
        CheckOperation(ns, request);
        return Read<StartBatchOperationResponse>(await Batch(ns.Id, request.JobId).StartAsync(CallOf(request, "", context)));
    }

    [Rpc]
    public async Task<StopBatchOperationResponse> StopBatchOperation(StopBatchOperationRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        RequestChecks.Id(request.JobId, "JobId");
        RequestChecks.Id(request.Reason, "Reason");
        return Read<StopBatchOperationResponse>(await Batch(ns.Id, request.JobId).StopAsync(CallOf(request, "", context)));
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<DescribeBatchOperationResponse> DescribeBatchOperation(DescribeBatchOperationRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        RequestChecks.Id(request.JobId, "JobId");
        var found = await batches.FindAsync(new BatchKey(ns.Id, request.JobId), context.CancellationToken)
            ?? throw RpcErrors.NotFound($"There is no batch job '{request.JobId}' in this namespace.");
        return BatchRules.Describe(StateCodec.Read<BatchState>(found.State));
    }

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<ListBatchOperationsResponse> ListBatchOperations(ListBatchOperationsRequest request, ServerCallContext context)
    {
        var ns = await NamespaceAsync(request.Namespace, context);
        var size = request.PageSize is > 0 and < BatchStore.MaxPage ? request.PageSize : BatchStore.MaxPage;
        var jobs = await batches.ListAsync(ns.Id, ReadBatchPage(request.NextPageToken), size, context.CancellationToken);
        var next = jobs.Count == size ? new BatchPage(Micros.From(jobs[^1].StartedAt), jobs[^1].Request.JobId) : null;
        return new ListBatchOperationsResponse
        {
            OperationInfo = { jobs.Select(BatchRules.Info) },
            NextPageToken = next is null ? ByteString.Empty : ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(next)),
        };
    }

    private static void CheckOperation(WorkflowNamespace ns, StartBatchOperationRequest request)
    {
        switch (request.OperationCase)
        {
            case Operation.None:
                throw RpcErrors.InvalidArgument("The operation is not set on request.");
            case Operation.TerminationOperation:
                RequestChecks.Blob(request.TerminationOperation.Details, "BatchOperationTermination.Details");
                break;
            case Operation.SignalOperation:
                RequestChecks.Id(request.SignalOperation.Signal, "Signal");
                RequestChecks.Blob(request.SignalOperation.Input, "BatchOperationSignal.Input");
                break;
            case Operation.ResetOperation when request.ResetOperation.Options?.TargetCase == ResetOptions.TargetOneofCase.BuildId:
                throw RpcErrors.Unimplemented("Resets to a build id are not there yet.");
            case Operation.ResetOperation:
                CheckPostReset(ns, request.ResetOperation.PostResetOperations);
                break;
            case Operation.UnpauseActivitiesOperation:
                var unpause = request.UnpauseActivitiesOperation;
                CheckChoice(null, unpause.HasType ? unpause.Type : null, unpause.MatchAll);
                CheckJitter(unpause.Jitter);
                break;
            case Operation.ResetActivitiesOperation:
                var reset = request.ResetActivitiesOperation;
                CheckChoice(null, reset.HasType ? reset.Type : null, reset.MatchAll);
                CheckJitter(reset.Jitter);
                break;
            case Operation.UpdateActivityOptionsOperation:
                var update = request.UpdateActivityOptionsOperation;
                CheckChoice(null, update.HasType ? update.Type : null, update.MatchAll);
                if (ActivityOptionRules.Refuse(update.ActivityOptions, update.UpdateMask, update.RestoreOriginal) is { } wrong)
                {
                    throw RpcErrors.InvalidArgument(wrong);
                }

                break;
            case Operation.UpdateWorkflowOptionsOperation:
                var options = request.UpdateWorkflowOptionsOperation;
                CheckOptions(ns, options.UpdateMask, options.WorkflowExecutionOptions);
                break;
            case Operation.CancellationOperation or Operation.DeletionOperation:
                break;
            default:
                throw RpcErrors.Unimplemented($"A batch job for {request.OperationCase} is not there yet.");
        }
    }

    /// <summary>Null for a first page.</summary>
    private static (long, string)? ReadBatchPage(ByteString token)
    {
        try
        {
            return token.IsEmpty ? null
                : JsonSerializer.Deserialize<BatchPage>(token.Span) is { JobId: not null } page ? (page.StartAt, page.JobId)
                : throw RpcErrors.InvalidArgument("Invalid NextPageToken.");
        }
        catch (JsonException)
        {
            throw RpcErrors.InvalidArgument("Invalid NextPageToken.");
        }
    }

    private IBatchGrain Batch(string ns, string jobId) => grains.GetGrain<IBatchGrain>(new BatchKey(ns, jobId).ToString());

    /// <summary>Where the next page of jobs begins.</summary>
    private sealed record BatchPage(long StartAt, string JobId);
}
