using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Temporalio.Api.ErrorDetails.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>Why a call was refused: a gRPC status, as it goes to the caller.</summary>
/// <param name="Detail">A packed <see cref="Any"/>; empty for none.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-refusal")]
internal sealed record Refusal([property: Id(0)] int Code, [property: Id(1)] string Message, [property: Id(2)] byte[] Detail)
{
    public static Refusal NotFound(string message) => Of(StatusCode.NotFound, message, new NotFoundFailure());

    public static Refusal InvalidArgument(string message) => Of(StatusCode.InvalidArgument, message, null);

    public static Refusal FailedPrecondition(string message, IMessage? detail) => Of(StatusCode.FailedPrecondition, message, detail);

    public static Refusal AlreadyExists(string message) => Of(StatusCode.AlreadyExists, message, null);

    public static Refusal Exhausted(string message) => Of(StatusCode.ResourceExhausted, message, new ResourceExhaustedFailure());

    public static Refusal Unavailable(string message) => Of(StatusCode.Unavailable, message, null);

    public static Refusal AlreadyStarted(RunState run) => Of(
        StatusCode.AlreadyExists,
        $"Workflow execution is already running. WorkflowId: {run.WorkflowId}, RunId: {run.RunId}.",
        new WorkflowExecutionAlreadyStartedFailure { RunId = run.RunId, StartRequestId = run.RequestId, FirstExecutionRunId = run.FirstRunId });

    public static Refusal AlreadyFinished(RunState run) => Of(
        StatusCode.AlreadyExists,
        $"Workflow execution already finished. WorkflowId: {run.WorkflowId}, RunId: {run.RunId}.",
        new WorkflowExecutionAlreadyStartedFailure { RunId = run.RunId, StartRequestId = run.RequestId, FirstExecutionRunId = run.FirstRunId });

    /// <summary>SDKs know by the detail that the schedule is there.</summary>
    public static Refusal ScheduleExists(string id, string uid, string requestId) => Of(
        StatusCode.AlreadyExists,
        $"schedule \"{id}\" is already registered",
        new WorkflowExecutionAlreadyStartedFailure { RunId = uid, StartRequestId = requestId, FirstExecutionRunId = uid });

    /// <summary>SDKs know by the detail that the operation is there.</summary>
    public static Refusal NexusOperationExists(string id, string runId, string requestId) => Of(
        StatusCode.AlreadyExists,
        $"nexus operation execution already started. OperationId: {id}, RunId: {runId}.",
        new NexusOperationExecutionAlreadyStartedFailure { RunId = runId, StartRequestId = requestId });

    /// <summary>SDKs know by the detail that the activity is there.</summary>
    public static Refusal ActivityExists(string id, string runId, string requestId) => Of(
        StatusCode.AlreadyExists,
        $"activity execution already started. ActivityId: {id}, RunId: {runId}.",
        new ActivityExecutionAlreadyStartedFailure { RunId = runId, StartRequestId = requestId });

    /// <summary>Of a call that needs a run that is open.</summary>
    public static Refusal Completed() => NotFound("workflow execution already completed");

    /// <summary>Of a worker that answers a task that is no longer its own; it drops the task.</summary>
    public static Refusal StaleWorkflowTask() => NotFound("Workflow task not found.");

    public static Refusal StaleActivity() => NotFound("invalid activityID or activity already timed out or invoking workflow is completed");

    private static Refusal Of(StatusCode code, string message, IMessage? detail) => new((int)code, message, detail is null ? [] : Any.Pack(detail).ToByteArray());
}

/// <summary>What a grain answers: a message of Temporal's API as bytes, or a refusal.</summary>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-answer")]
internal readonly record struct Answer([property: Id(0)] byte[] Message, [property: Id(1)] Refusal? Refusal)
{
    public static implicit operator Answer(Refusal refusal) => new([], refusal);

    public static Answer Of(IMessage message) => new(message.ToByteArray(), null);

    public T As<T>()
        where T : IMessage<T>, new()
    {
        var message = new T();
        message.MergeFrom(Message);
        return message;
    }
}
