using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Nexus.Standalone;

/// <summary>The steps of an operation that a client started itself. Pure.</summary>
internal static class StandaloneRules
{
    /// <summary>Records what came of a request. False when nobody waits for it any more.</summary>
    public static bool Report(StandaloneState state, NexusReport report, DateTimeOffset now)
    {
        if (!state.IsOpen || state.RunId != report.RunId)
        {
            return false;
        }

        var (operation, reply) = (state.Operation, NexusReplies.Read(Any.Parser.ParseFrom(report.Answer)));
        if (report.IsCancellation)
        {
            return operation.Cancellation is { IsOver: false } asked && asked.Attempts.Count == report.Attempt && Cancelled(asked, reply, now);
        }

        if (operation.IsStarted || operation.Attempts.Count != report.Attempt)
        {
            return false;
        }

        switch (reply)
        {
            case NexusReply.Started started:
                (operation.StartedAt, operation.Token) = (now, started.Token);
                break;
            case NexusReply.Rejected { IsRetryable: true } rejected:
                NexusRules.Again(operation.Attempts, rejected.Failure, now);
                break;
            default:
                End(state, reply, now);
                break;
        }

        return true;
    }

    /// <summary>Ends it as the reply says.</summary>
    public static void End(StandaloneState state, NexusReply reply, DateTimeOffset now)
    {
        var failure = reply switch
        {
            NexusReply.Done => null,
            NexusReply.Unsuccessful unsuccessful => unsuccessful.Cause,
            NexusReply.Rejected rejected => rejected.Failure,
            _ => NexusFailures.HandlerError(NexusFailures.BadRequest, "The handler's answer is to another request."),
        };
        var status = failure is null ? NexusOperationExecutionStatus.Completed
            : failure.CanceledFailureInfo is null ? NexusOperationExecutionStatus.Failed : NexusOperationExecutionStatus.Canceled;
        Close(state, status, failure, now);
        state.Result = (reply as NexusReply.Done)?.Result;
    }

    /// <summary>Ends it when its time is over; false while it is not.</summary>
    public static bool TimeOut(StandaloneState state, DateTimeOffset now)
    {
        if (!state.IsOpen || NexusRules.Deadline(state.Operation) is not var (at, type) || at > now)
        {
            return false;
        }

        Close(state, NexusOperationExecutionStatus.TimedOut, new Failure
        {
            Message = "operation timed out", Source = "Server", TimeoutFailureInfo = new TimeoutFailureInfo { TimeoutType = type },
        }, now);
        return true;
    }

    public static void Terminate(StandaloneState state, string reason, string requestId, DateTimeOffset now)
    {
        Close(state, NexusOperationExecutionStatus.Terminated, new Failure { Message = reason, TerminatedFailureInfo = new TerminatedFailureInfo() }, now);
        state.TerminateRequestId = requestId;
    }

    public static void RequestCancel(StandaloneState state, string reason, string requestId, DateTimeOffset now)
    {
        state.Operation.Cancellation = new NexusCancellationState { RequestedId = 0, CompletedId = 0, RequestedAt = now };
        (state.CancelReason, state.CancelRequestId) = (reason, requestId);
    }

    /// <summary>What is to be asked of the handler, due or not; null for nothing.</summary>
    public static NexusCall? Call(StandaloneState state) =>
        !state.IsOpen ? null
        : !state.Operation.IsStarted ? new NexusCall(state.RunId, state.Operation, false)
        : state.Operation.Cancellation is { IsOver: false } ? new NexusCall(state.RunId, state.Operation, true)
        : null;

    private static void Close(StandaloneState state, NexusOperationExecutionStatus status, Failure? failure, DateTimeOffset now) =>
        (state.Status, state.Failure, state.ClosedAt) = (status, failure, now);

    private static bool Cancelled(NexusCancellationState asked, NexusReply reply, DateTimeOffset now)
    {
        if (reply is NexusReply.Rejected { IsRetryable: true } later)
        {
            NexusRules.Again(asked.Attempts, later.Failure, now);
            return true;
        }

        asked.IsOver = true;
        (asked.Attempts.LastAt, asked.Attempts.NextAt, asked.Failure) = (now, null, (reply as NexusReply.Rejected)?.Failure);
        return true;
    }
}
