using System.Diagnostics;
using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Grpc.Core;
using Orleans.Runtime;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Operation = Temporalio.Api.WorkflowService.V1.StartBatchOperationRequest.OperationOneofCase;

namespace Flagstone.Workflows.Batches;

/// <summary>
/// Does to one execution what a job is for. Each effect is idempotent by job and execution: a turn that a dying process did not record is done again.
/// </summary>
internal sealed class BatchWork(ExecutionStore executions, IGrainFactory grains, TimeProvider clock)
{
    private const int Tries = 3;
    private const int EventsAtOnce = 500;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether it is done. An execution that is over, or not there, needs nothing more: it counts as done, as with Temporal's server.</summary>
    public async Task<bool> DoAsync(BatchKey key, BatchState job, WorkflowExecution execution)
    {
        for (var tried = 1; ; tried++)
        {
            var refusal = await TryAsync(key, job, execution);
            if (refusal is null or { Code: (int)StatusCode.NotFound })
            {
                return true;
            }

            if (tried == Tries || refusal.Code != (int)StatusCode.Unavailable)
            {
                return false;
            }

            await Task.Delay(Between, clock);
        }
    }

    private async Task<Refusal?> TryAsync(BatchKey key, BatchState job, WorkflowExecution execution)
    {
        try
        {
            return (await AskAsync(key, job, execution)).Refusal;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return Refusal.Unavailable(e.Message);
        }
    }

    private async Task<Answer> AskAsync(BatchKey key, BatchState job, WorkflowExecution execution)
    {
        var (request, name, identity) = (job.Request, job.Request.Namespace, job.Identity);
        var grain = grains.GetGrain<IExecutionGrain>(new ExecutionKey(key.Namespace, execution.WorkflowId).ToString());
        switch (request.OperationCase)
        {
            case Operation.TerminationOperation:
                return await grain.TerminateAsync(Of(new TerminateWorkflowExecutionRequest
                {
                    Namespace = name, WorkflowExecution = execution, Reason = request.Reason, Identity = identity,
                    Details = request.TerminationOperation.Details,
                }));
            case Operation.SignalOperation:
                var signal = request.SignalOperation;
                return await grain.SignalAsync(Of(new SignalWorkflowExecutionRequest
                {
                    Namespace = name, WorkflowExecution = execution, SignalName = signal.Signal, Input = signal.Input, Header = signal.Header,
                    Identity = identity, RequestId = IdOf(job, execution),
                }));
            case Operation.CancellationOperation:
                return await grain.RequestCancelAsync(Of(new RequestCancelWorkflowExecutionRequest
                {
                    Namespace = name, WorkflowExecution = execution, Reason = request.Reason, Identity = identity, RequestId = IdOf(job, execution),
                }));
            case Operation.DeletionOperation:
                return await grain.DeleteAsync(Of(new DeleteWorkflowExecutionRequest { Namespace = name, WorkflowExecution = execution }));
            case Operation.ResetOperation:
                return await ResetAsync(grain, key, job, execution);
            case Operation.UnpauseActivitiesOperation:
                var unpause = request.UnpauseActivitiesOperation;
                return await grain.UnpauseActivityAsync(Of(new UnpauseActivityRequest
                {
                    Type = unpause.Type, ResetAttempts = unpause.ResetAttempts, ResetHeartbeat = unpause.ResetHeartbeat, Jitter = unpause.Jitter,
                }));
            case Operation.ResetActivitiesOperation:
                var reset = request.ResetActivitiesOperation;
                return await grain.ResetActivityAsync(Of(new ResetActivityRequest
                {
                    Type = reset.Type, ResetHeartbeat = reset.ResetHeartbeat, KeepPaused = reset.KeepPaused, Jitter = reset.Jitter,
                    RestoreOriginalOptions = reset.RestoreOriginalOptions,
                }));
            case Operation.UpdateActivityOptionsOperation:
                var update = request.UpdateActivityOptionsOperation;
                return await grain.UpdateActivityOptionsAsync(Of(new UpdateActivityOptionsRequest
                {
                    Type = update.Type, ActivityOptions = update.ActivityOptions, UpdateMask = update.UpdateMask, RestoreOriginal = update.RestoreOriginal,
                }));
            case Operation.UpdateWorkflowOptionsOperation:
                var options = request.UpdateWorkflowOptionsOperation;
                return await grain.UpdateOptionsAsync(Of(new UpdateWorkflowExecutionOptionsRequest
                {
                    WorkflowExecutionOptions = options.WorkflowExecutionOptions, UpdateMask = options.UpdateMask, Identity = identity,
                }));
            default:
                throw new UnreachableException($"A job for {request.OperationCase} was started.");
        }

        Call Of(IMessage message) => new(message.ToByteArray(), execution.RunId, job.Caller, job.Actor);
    }

    private static string IdOf(BatchState job, WorkflowExecution execution) => $"batch {job.Uid} {execution.WorkflowId} {execution.RunId}";

    private async Task<Answer> ResetAsync(IExecutionGrain grain, BatchKey key, BatchState job, WorkflowExecution execution)
    {
        var asked = job.Request.ResetOperation;
        var options = asked.Options ?? Older(asked);
        if (await executions.FindRunAsync(new ExecutionKey(key.Namespace, execution.WorkflowId), execution.RunId, CancellationToken.None) is not { } run)
        {
            return Refusal.NotFound("There is no such execution.");
        }

        var finish = options.TargetCase == ResetOptions.TargetOneofCase.WorkflowTaskId ? options.WorkflowTaskId
            : await TaskAsync(run, isFirst: options.TargetCase == ResetOptions.TargetOneofCase.FirstWorkflowTask);
        if (finish == 0)
        {
            return Refusal.InvalidArgument("The run has no workflow task to go back to.");
        }

        var request = new ResetWorkflowExecutionRequest
        {
            Namespace = job.Request.Namespace, WorkflowExecution = execution, Reason = job.Request.Reason, WorkflowTaskFinishEventId = finish,
            RequestId = IdOf(job, execution), Identity = asked.Identity, PostResetOperations = { asked.PostResetOperations },
            ResetReapplyExcludeTypes = { options.ResetReapplyExcludeTypes },
#pragma warning disable CS0612 // Older clients say it this way.
            ResetReapplyType = options.ResetReapplyType,
#pragma warning restore CS0612
        };
        return await grain.ResetAsync(new Call(request.ToByteArray(), execution.RunId, job.Caller, job.Actor));
    }

#pragma warning disable CS0612 // Older clients say it this way.
    private static ResetOptions Older(Temporalio.Api.Batch.V1.BatchOperationReset asked) => asked.ResetType == ResetType.FirstWorkflowTask
        ? new ResetOptions { FirstWorkflowTask = new(), ResetReapplyType = asked.ResetReapplyType }
        : new ResetOptions { LastWorkflowTask = new(), ResetReapplyType = asked.ResetReapplyType };
#pragma warning restore CS0612

    /// <summary>The first or last workflow task that completed; where none has, the one that is scheduled. 0 for none at all.</summary>
    private async Task<long> TaskAsync(RunState run, bool isFirst)
    {
        long scheduled = 0;
        for (long seen = 0, last = run.NextEventId - 1; seen < last; seen += EventsAtOnce)
        {
            var (from, to) = isFirst ? (seen + 1, last) : (1, last - seen);
            foreach (var stored in await executions.EventsAsync(run.RunId, from, to, EventsAtOnce, long.MaxValue, CancellationToken.None, isReverse: !isFirst))
            {
                if (stored.EventType == EventType.WorkflowTaskCompleted)
                {
                    return stored.EventId;
                }

                scheduled = stored.EventType == EventType.WorkflowTaskScheduled && (scheduled == 0 || !isFirst) ? stored.EventId : scheduled;
            }
        }

        return scheduled == 0 ? 0 : scheduled + 1;
    }
}
