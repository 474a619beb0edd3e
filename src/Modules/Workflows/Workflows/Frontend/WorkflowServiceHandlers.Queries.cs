using System.Text.Json;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Versioning;
using Google.Protobuf;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Queries: asked with the workflow task that is open, or else a worker is asked directly.</summary>
internal sealed partial class WorkflowServiceHandlers
{
    /// <summary>Where the caller has no deadline, a query is given up after this time.</summary>
    private static readonly TimeSpan LongestQuery = TimeSpan.FromSeconds(20);

    /// <summary>The worker that has the run in its cache is asked for so long; then any.</summary>
    private static readonly TimeSpan StickyQuery = TimeSpan.FromSeconds(5);

    [Rpc(Access = RpcAccess.ReadOwn)]
    public async Task<QueryWorkflowResponse> QueryWorkflow(QueryWorkflowRequest request, ServerCallContext context)
    {
        CheckExecution(request.Execution);
        RequestChecks.Id(request.Query?.QueryType, "QueryType");
        RequestChecks.Blob(request.Query!.QueryArgs, "QueryWorkflowRequest.Query.QueryArgs");
        var ns = await NamespaceAsync(request.Namespace, context);
        var key = new ExecutionKey(ns.Id, request.Execution.WorkflowId);
        var until = clock.GetUtcNow() + LongestQuery;
        var run = await RunAsync(key, request.Execution.RunId, context.CancellationToken);
        if (request.QueryRejectCondition == QueryRejectCondition.NotOpen && !run.IsRunning
            || request.QueryRejectCondition == QueryRejectCondition.NotCompletedCleanly && !run.IsRunning && run.Status != WorkflowExecutionStatus.Completed)
        {
            return new QueryWorkflowResponse { QueryRejected = new() { Status = run.Status } };
        }

        var (attached, settled) = await AttachAsync(key, run, request, until, context.CancellationToken);
        return Answered(attached ?? await AskAsync(settled, request, until), settled.TaskQueue);
    }

    /// <summary>Asks a worker directly: the one that has the run in its cache, if there is one, and then any.</summary>
    private async Task<Answer> AskAsync(RunState run, QueryWorkflowRequest request, DateTimeOffset until)
    {
        var answer = run.StickyQueue.Length > 0 ? await AskAsync(run, run.StickyQueue, request, StickyQuery) : default;
        answer = answer.Message is { Length: > 0 } || answer.Refusal is not null ? answer : await AskAsync(run, run.TaskQueue, request, until - clock.GetUtcNow());
        return answer;
    }

    private static QueryWorkflowResponse Answered(Answer answer, string queue)
    {
        if (answer.Refusal is null && answer.Message is not { Length: > 0 })
        {
            throw RpcErrors.QueryTimedOut($"No worker answered the query in time. Is one polling task queue {queue}?");
        }

        var result = Read<RespondQueryTaskCompletedRequest>(answer);
        return result.CompletedType == QueryResultType.Answered
            ? new QueryWorkflowResponse { QueryResult = result.QueryResult ?? new Payloads() }
            : throw RpcErrors.QueryFailed(result.ErrorMessage, result.Failure);
    }

    [Rpc]
    public async Task<RespondQueryTaskCompletedResponse> RespondQueryTaskCompleted(RespondQueryTaskCompletedRequest request, ServerCallContext context)
    {
        RequestChecks.Blob(request.QueryResult, "RespondQueryTaskCompletedRequest.QueryResult");
        var token = ReadQuery(request.TaskToken) ?? throw RpcErrors.InvalidArgument("Error deserializing task token.");
        var ns = await NamespaceAsync(request.Namespace, context);
        if (token.Namespace != ns.Id)
        {
            throw RpcErrors.InvalidArgument("Operation requested with a token from a different namespace.");
        }

        return await Queue(new TaskQueueKey(ns.Id, TaskKind.Workflow, token.Queue)).AnswerQueryAsync(token.Id, Answer.Of(request))
            ? new RespondQueryTaskCompletedResponse() : throw RpcErrors.NotFound("Query task not found, or already expired.");
    }

    private static QueryToken? ReadQuery(ByteString bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<QueryToken>(bytes.Span) is { Namespace: not null, Queue: not null } token ? token : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// While a workflow task is open, or the first one is to come, the query goes with it: its answer must show a signal that was acknowledged. Without an
    /// answer the run is one that may be asked directly.
    /// </summary>
    private async Task<(Answer? Answer, RunState Run)> AttachAsync(
        ExecutionKey key, RunState run, QueryWorkflowRequest request, DateTimeOffset until, CancellationToken ct)
    {
        var query = request.Query.ToByteArray();
        while (run.IsRunning && (run.WorkflowTask is not null || run.LastCompletedStarted == 0))
        {
            var left = until - clock.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                throw RpcErrors.QueryTimedOut("The workflow is not ready for a query: its workflow task is not done, or fails.");
            }

            var answer = await grains.GetGrain<IExecutionGrain>(key.ToString()).QueryAsync(run.RunId, query, left).WaitAsync(ct);
            if (answer.Refusal is not null || answer.Message is { Length: > 0 })
            {
                return (answer, run);
            }

            run = await RunAsync(key, run.RunId, ct);
        }

        return run.LastCompletedStarted > 0 ? (null, run)
            : throw RpcErrors.QueryTimedOut("The workflow ended before its first workflow task: there is nothing to query.");
    }

    private Task<Answer> AskAsync(RunState run, string queue, QueryWorkflowRequest request, TimeSpan most)
    {
        var id = Guid.NewGuid();
        var task = new PollWorkflowTaskQueueResponse
        {
            TaskToken = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(new QueryToken(run.Namespace, queue, id))),
            WorkflowExecution = new WorkflowExecution { WorkflowId = run.WorkflowId, RunId = run.RunId },
            WorkflowType = new WorkflowType { Name = run.Type },
            PreviousStartedEventId = run.LastCompletedStarted,
            WorkflowExecutionTaskQueue = new TaskQueue { Name = run.TaskQueue, Kind = TaskQueueKind.Normal },
            Query = request.Query,
            History = new(),
        };
        return Queue(new TaskQueueKey(run.Namespace, TaskKind.Workflow, queue)).QueryAsync(new QueryTask(
            id, task.ToByteArray(), most > TimeSpan.Zero ? most : TimeSpan.Zero, VersioningRules.DirectiveOf(run), run.WorkflowId));
    }

    /// <summary>What a worker shows to answer a query.</summary>
    private sealed record QueryToken(string Namespace, string Queue, Guid Id);
}
