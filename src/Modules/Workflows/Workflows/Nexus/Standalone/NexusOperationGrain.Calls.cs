using System.Security.Cryptography;
using System.Text;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus.Callbacks;
using Flagstone.Workflows.Outbox;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Nexus.Standalone;

/// <summary>What clients ask of an operation, and what came of its requests.</summary>
internal sealed partial class NexusOperationGrain
{
    public async Task<Answer> StartAsync(Call call, string endpointId)
    {
        var request = StartNexusOperationExecutionRequest.Parser.ParseFrom(call.Request);
        if (state is not null && Existing(state, request) is { } existing)
        {
            return existing;
        }

        var now = clock.GetUtcNow();
        var close = Durations.Of(request.ScheduleToCloseTimeout);
        state = new StandaloneState
        {
            Namespace = key.Namespace,
            NamespaceName = request.Namespace,
            Id = key.OperationId,
            RunId = Guid.CreateVersion7(now).ToString(),
            Request = request,
            Operation = new NexusOperationState
            {
                ScheduledId = 0,
                Endpoint = request.Endpoint,
                EndpointId = endpointId,
                Service = request.Service,
                Operation = request.Operation,
                RequestId = Guid.NewGuid().ToString(),
                Secret = Guid.NewGuid().ToString("N"),
                ScheduledAt = now,
                ScheduleToClose = close,
                ScheduleToStart = NexusCommands.Bounded(request.ScheduleToStartTimeout, close),
                StartToClose = NexusCommands.Bounded(request.StartToCloseTimeout, close),
            },
        };
        (asking, wait) = (null, default);
        if (await CommitAsync() is { } refusal)
        {
            return refusal;
        }

        await ActAsync();
        return Answer.Of(new StartNexusOperationExecutionResponse { RunId = state.RunId, Started = true });
    }

    public async Task<Answer> RequestCancelAsync(Call call)
    {
        var request = RequestCancelNexusOperationExecutionRequest.Parser.ParseFrom(call.Request);
        var answer = new RequestCancelNexusOperationExecutionResponse();
        if (state?.Operation.Cancellation is not null && IsMeant(call))
        {
            return state.CancelRequestId == request.RequestId ? Answer.Of(answer)
                : Refusal.FailedPrecondition($"cancellation already requested with request ID {state.CancelRequestId}", null);
        }

        return await ChangeAsync(call, answer, of => StandaloneRules.RequestCancel(of, request.Reason, request.RequestId, clock.GetUtcNow()));
    }

    public async Task<Answer> TerminateAsync(Call call)
    {
        var request = TerminateNexusOperationExecutionRequest.Parser.ParseFrom(call.Request);
        var answer = new TerminateNexusOperationExecutionResponse();
        if (state is { TerminateRequestId.Length: > 0 } && state.TerminateRequestId == request.RequestId && IsMeant(call))
        {
            return Answer.Of(answer);
        }

        return await ChangeAsync(call, answer, of => StandaloneRules.Terminate(of, request.Reason, request.RequestId, clock.GetUtcNow()));
    }

    public async Task<Answer> DeleteAsync(string runId, DateTimeOffset? closedBefore)
    {
        if (state is null || (runId.Length > 0 && state.RunId != runId) || (closedBefore is { } time && !(state.ClosedAt < time)))
        {
            return Missing();
        }

        if (!await store.DeleteAsync(key, version, state.RunId, CancellationToken.None))
        {
            await LoadAsync();
            return Refusal.Unavailable("The operation changed meanwhile. Try again.");
        }

        await LoadAsync();
        return Answer.Of(new DeleteNexusOperationExecutionResponse());
    }

    public async Task<bool> ReportAsync(NexusReport report)
    {
        asking = null;
        if (state is not null && StandaloneRules.Report(state, report, clock.GetUtcNow()))
        {
            if (await CommitAsync() is not null)
            {
                return false;
            }

            await ActAsync();
        }

        return true;
    }

    public Task PostponeAsync(TimeSpan wait)
    {
        asking = null;
        this.wait = clock.GetUtcNow() + wait;
        Arm();
        return Task.CompletedTask;
    }

    public async Task<Receipt> CompleteAsync(NexusCompletion completion)
    {
        if (state is not { IsOpen: true } || state.RunId != completion.RunId
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(state.Operation.Secret), Encoding.UTF8.GetBytes(completion.Secret)))
        {
            return Receipt.Needless;
        }

        var now = clock.GetUtcNow();
        if (!state.Operation.IsStarted)
        {
            (state.Operation.StartedAt, state.Operation.Token) = (now, completion.OperationToken);
        }

        StandaloneRules.End(state, NexusCompletion.Of(HistoryEvent.Parser.ParseFrom(completion.Last)), now);
        return await CommitAsync() is null ? Receipt.Done : Receipt.Again;
    }

    /// <summary>How a start is answered where the id is in use or was; null for a new operation.</summary>
    private static Answer? Existing(StandaloneState there, StartNexusOperationExecutionRequest request)
    {
        if (there.Request.RequestId == request.RequestId)
        {
            return Answer.Of(new StartNexusOperationExecutionResponse { RunId = there.RunId, Started = true });
        }

        if (there.IsOpen)
        {
            return request.IdConflictPolicy == NexusOperationIdConflictPolicy.UseExisting
                ? Answer.Of(new StartNexusOperationExecutionResponse { RunId = there.RunId }) : Exists(there);
        }

        return request.IdReusePolicy switch
        {
            NexusOperationIdReusePolicy.RejectDuplicate => Exists(there),
            NexusOperationIdReusePolicy.AllowDuplicateFailedOnly when there.Status == NexusOperationExecutionStatus.Completed => Exists(there),
            _ => (Answer?)null,
        };
    }

    private static Answer Exists(StandaloneState there) => Refusal.NexusOperationExists(there.Id, there.RunId, there.Request.RequestId);

    private bool IsMeant(Call call) => call.RunId.Length == 0 || state?.RunId == call.RunId;

    private async Task<Answer> ChangeAsync(Call call, Google.Protobuf.IMessage answer, Action<StandaloneState> change)
    {
        if (state is null || !IsMeant(call))
        {
            return Missing();
        }

        if (!state.IsOpen)
        {
            return Refusal.FailedPrecondition("operation is already completed", null);
        }

        change(state);
        if (await CommitAsync() is { } failed)
        {
            return failed;
        }

        await ActAsync();
        return Answer.Of(answer);
    }

    private Refusal Missing() => Refusal.NotFound($"nexus operation not found for ID: {key.OperationId}");
}
