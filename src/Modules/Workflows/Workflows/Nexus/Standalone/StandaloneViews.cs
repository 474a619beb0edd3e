using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Nexus.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Nexus.Standalone;

/// <summary>An operation that a client started, as it is described, polled and listed. Pure.</summary>
internal static class StandaloneViews
{
    public static DescribeNexusOperationExecutionResponse Describe(StandaloneState state, DescribeNexusOperationExecutionRequest request)
    {
        var described = new DescribeNexusOperationExecutionResponse { RunId = state.RunId, Info = Info(state), LongPollToken = TokenOf(state) };
        described.Input = request.IncludeInput ? state.Request.Input : null;
        if (request.IncludeOutcome && !state.IsOpen)
        {
            if (state.Failure is null)
            {
                described.Result = state.Result ?? new Payload();
            }
            else
            {
                described.Failure = state.Failure;
            }
        }

        return described;
    }

    /// <summary>How far it is; null when it is not so far as is wanted.</summary>
    public static PollNexusOperationExecutionResponse? Poll(StandaloneState state, NexusOperationWaitStage wanted)
    {
        if (state.IsOpen && (wanted != NexusOperationWaitStage.Started || !state.Operation.IsStarted))
        {
            return null;
        }

        var polled = new PollNexusOperationExecutionResponse
        {
            RunId = state.RunId, OperationToken = state.Operation.Token,
            WaitStage = state.IsOpen ? NexusOperationWaitStage.Started : NexusOperationWaitStage.Closed,
        };
        if (state.Failure is not null)
        {
            polled.Failure = state.Failure;
        }
        else if (!state.IsOpen)
        {
            polled.Result = state.Result ?? new Payload();
        }

        return polled;
    }

    public static NexusOperationExecutionListInfo Listed(StandaloneState state) => new()
    {
        OperationId = state.Id,
        RunId = state.RunId,
        Endpoint = state.Operation.Endpoint,
        Service = state.Operation.Service,
        Operation = state.Operation.Operation,
        ScheduleTime = Timestamp.FromDateTimeOffset(state.Operation.ScheduledAt),
        CloseTime = Time(state.ClosedAt),
        Status = state.Status,
        SearchAttributes = state.Request.SearchAttributes,
        StateTransitionCount = state.IsOpen ? 0 : state.Transitions,
        ExecutionDuration = Duration(state),
    };

    /// <summary>Empty of one that is closed: there is nothing to wait for.</summary>
    public static ByteString TokenOf(StandaloneState state) => state.IsOpen ? ByteString.CopyFromUtf8($"{state.RunId}/{state.Transitions}") : ByteString.Empty;

    private static NexusOperationExecutionInfo Info(StandaloneState state)
    {
        var (operation, pending) = (state.Operation, NexusDescription.Pending(state.Operation));
        return new NexusOperationExecutionInfo
        {
            OperationId = state.Id,
            RunId = state.RunId,
            Endpoint = operation.Endpoint,
            Service = operation.Service,
            Operation = operation.Operation,
            Status = state.Status,
            State = state.IsOpen ? pending.State : PendingNexusOperationState.Unspecified,
            ScheduleToCloseTimeout = pending.ScheduleToCloseTimeout,
            ScheduleToStartTimeout = pending.ScheduleToStartTimeout,
            StartToCloseTimeout = pending.StartToCloseTimeout,
            Attempt = operation.Attempts.Count + 1,
            ScheduleTime = pending.ScheduledTime,
            ExpirationTime = operation.ScheduleToClose > TimeSpan.Zero ? Time(operation.ScheduledAt + operation.ScheduleToClose) : null,
            CloseTime = Time(state.ClosedAt),
            LastAttemptCompleteTime = pending.LastAttemptCompleteTime,
            LastAttemptFailure = pending.LastAttemptFailure,
            NextAttemptScheduleTime = state.IsOpen ? pending.NextAttemptScheduleTime : null,
            ExecutionDuration = Duration(state),
            CancellationInfo = pending.CancellationInfo is { } cancellation ? new NexusOperationExecutionCancellationInfo
            {
                RequestedTime = cancellation.RequestedTime,
                State = cancellation.State,
                Attempt = cancellation.Attempt,
                LastAttemptCompleteTime = cancellation.LastAttemptCompleteTime,
                LastAttemptFailure = cancellation.LastAttemptFailure,
                NextAttemptScheduleTime = cancellation.NextAttemptScheduleTime,
                Reason = state.CancelReason,
            } : null,
            RequestId = operation.RequestId,
            OperationToken = operation.Token,
            StateTransitionCount = state.Transitions,
            SearchAttributes = state.Request.SearchAttributes,
            NexusHeader = { state.Request.NexusHeader },
            UserMetadata = state.Request.UserMetadata,
            Links = { state.Request.Links },
            Identity = state.Request.Identity,
        };
    }

    private static Duration? Duration(StandaloneState state) =>
        state.ClosedAt is { } closed ? Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(closed - state.Operation.ScheduledAt) : null;

    private static Timestamp? Time(DateTimeOffset? time) => time is { } at ? Timestamp.FromDateTimeOffset(at) : null;
}
