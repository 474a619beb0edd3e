using System.Diagnostics;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Nexus.Callbacks;

/// <summary>The end of what a handler began.</summary>
/// <param name="RunId">The caller's run.</param>
/// <param name="ScheduledId">The event that scheduled the operation.</param>
/// <param name="OperationToken">By which the handler knows the operation; empty where it does not say.</param>
/// <param name="Last">The last event of the handler's run, as bytes.</param>
/// <param name="Link">To the beginning of the handler's run, as bytes.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-nexus-completion")]
internal sealed record NexusCompletion(
    [property: Id(0)] string RunId, [property: Id(1)] long ScheduledId, [property: Id(2)] string Secret, [property: Id(3)] string OperationToken,
    [property: Id(4)] byte[] Last, [property: Id(5)] byte[] Link)
{
    /// <summary>How a workflow's end reads as that of an operation. Pure.</summary>
    public static NexusReply Of(HistoryEvent last) => last.EventType switch
    {
        EventType.WorkflowExecutionCompleted =>
            new NexusReply.Done(last.WorkflowExecutionCompletedEventAttributes.Result?.Payloads_.FirstOrDefault(), []),
        EventType.WorkflowExecutionFailed => new NexusReply.Unsuccessful(last.WorkflowExecutionFailedEventAttributes.Failure ?? new Failure()),
        EventType.WorkflowExecutionCanceled => new NexusReply.Unsuccessful(new Failure
        {
            Message = "operation canceled",
            CanceledFailureInfo = new CanceledFailureInfo { Details = last.WorkflowExecutionCanceledEventAttributes.Details },
        }),
        EventType.WorkflowExecutionTimedOut => new NexusReply.Unsuccessful(new Failure
        {
            Message = "operation exceeded internal timeout", TimeoutFailureInfo = new TimeoutFailureInfo { TimeoutType = TimeoutType.StartToClose },
        }),
        EventType.WorkflowExecutionTerminated => new NexusReply.Unsuccessful(new Failure
        {
            Message = "operation terminated", TerminatedFailureInfo = new TerminatedFailureInfo(),
        }),
        _ => throw new UnreachableException($"A run ends with an event {last.EventType}."),
    };
}
