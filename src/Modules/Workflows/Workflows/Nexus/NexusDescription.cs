using Flagstone.Workflows.Executions;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Nexus;

/// <summary>Operations, callbacks and attached requests of a run, as Temporal's API describes them. Pure.</summary>
internal static class NexusDescription
{
    public static PendingNexusOperationInfo Pending(NexusOperationState operation) => new()
    {
        Endpoint = operation.Endpoint,
        Service = operation.Service,
        Operation = operation.Operation,
        OperationToken = operation.Token,
#pragma warning disable CS0612 // Older clients read it there.
        OperationId = operation.Token,
#pragma warning restore CS0612
        ScheduleToCloseTimeout = Absent(operation.ScheduleToClose),
        ScheduleToStartTimeout = Absent(operation.ScheduleToStart),
        StartToCloseTimeout = Absent(operation.StartToClose),
        ScheduledTime = Timestamp.FromDateTimeOffset(operation.ScheduledAt),
        ScheduledEventId = operation.ScheduledId,
        State = operation.IsStarted ? PendingNexusOperationState.Started
            : operation.Attempts.NextAt is not null ? PendingNexusOperationState.BackingOff : PendingNexusOperationState.Scheduled,
        Attempt = operation.Attempts.Count,
        LastAttemptCompleteTime = Time(operation.Attempts.LastAt),
        LastAttemptFailure = operation.Attempts.LastFailure,
        NextAttemptScheduleTime = operation.IsStarted ? null : Time(operation.Attempts.NextAt),
        CancellationInfo = operation.Cancellation is { } cancellation ? Of(cancellation, operation.IsStarted) : null,
    };

    public static CallbackInfo Of(RunState run, AttachedCallback callback) => new()
    {
        Callback = callback.Callback,
        Trigger = new CallbackInfo.Types.Trigger { WorkflowClosed = new CallbackInfo.Types.WorkflowClosed() },
        RegistrationTime = Timestamp.FromDateTimeOffset(callback.At),
        RequestId = callback.RequestId,
        State = run.IsRunning ? CallbackState.Standby : CallbackState.Succeeded,
    };

    /// <summary>The requests that this run has served.</summary>
    public static WorkflowExecutionExtendedInfo Extended(RunState run)
    {
        var info = new WorkflowExecutionExtendedInfo
        {
            ExecutionExpirationTime = Time(run.ExecutionExpiresAt),
            RunExpirationTime = Time(run.ExpiresAt),
            CancelRequested = run.CancelRequested,
            LastResetTime = run.BaseRunId.Length > 0 ? Time(run.StartedAt) : null,
            OriginalStartTime = Time(run.FirstStartedAt ?? run.StartedAt),
            ResetRunId = run.ResetRunId,
        };
        if (run.RequestId.Length > 0)
        {
            info.RequestIdInfos[run.RequestId] = new RequestIdInfo { EventType = EventType.WorkflowExecutionStarted, EventId = 1 };
        }

        foreach (var (request, id) in run.AttachedRequests)
        {
            info.RequestIdInfos[request] = new RequestIdInfo { EventType = EventType.WorkflowExecutionOptionsUpdated, EventId = id, Buffered = id == 0 };
        }

        return info;
    }

    /// <summary>Where a request to start is recorded.</summary>
    public static Link Link(RunState run, string requestId) =>
        run.AttachedRequests.ContainsKey(requestId)
            ? NexusLinks.ToRequest(run.NamespaceName, run.WorkflowId, run.RunId, requestId, EventType.WorkflowExecutionOptionsUpdated)
            : NexusLinks.ToEvent(run.NamespaceName, run.WorkflowId, run.RunId, 1, EventType.WorkflowExecutionStarted);

    /// <summary>Where the signal of this step is recorded; null while that waits for the end of a workflow task.</summary>
    public static Link? LinkToSignal(RunChange change) =>
        change.Events.LastOrDefault(e => e.EventType == EventType.WorkflowExecutionSignaled) is { } signaled
            ? NexusLinks.ToEvent(change.Run.NamespaceName, change.Run.WorkflowId, change.Run.RunId, signaled.EventId, signaled.EventType) : null;

    private static NexusOperationCancellationInfo Of(NexusCancellationState cancellation, bool isStarted) => new()
    {
        RequestedTime = Timestamp.FromDateTimeOffset(cancellation.RequestedAt),
        State = !isStarted ? NexusOperationCancellationState.Unspecified
            : cancellation is { IsOver: true, Failure: null } ? NexusOperationCancellationState.Succeeded
            : cancellation.IsOver ? NexusOperationCancellationState.Failed
            : cancellation.Attempts.NextAt is not null ? NexusOperationCancellationState.BackingOff : NexusOperationCancellationState.Scheduled,
        Attempt = cancellation.Attempts.Count,
        LastAttemptCompleteTime = Time(cancellation.Attempts.LastAt),
        LastAttemptFailure = cancellation.Failure ?? cancellation.Attempts.LastFailure,
        NextAttemptScheduleTime = Time(cancellation.Attempts.NextAt),
    };

    private static Duration? Absent(TimeSpan time) => time > TimeSpan.Zero ? Duration.FromTimeSpan(time) : null;

    private static Timestamp? Time(DateTimeOffset? time) => time is { } at ? Timestamp.FromDateTimeOffset(at) : null;
}
