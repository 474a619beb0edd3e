using Flagstone.Platform.Problems;
using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>Errors as Temporal's SDKs read them: a status, and a detail in the trailer <c>grpc-status-details-bin</c>.</summary>
internal static class RpcErrors
{
    private const string Trailer = "grpc-status-details-bin";

    public static RpcException InvalidArgument(string message) => new(new Status(StatusCode.InvalidArgument, message));

    public static RpcException NamespaceNotFound(string name) =>
        Of(StatusCode.NotFound, $"Namespace {name} is not found.", new NamespaceNotFoundFailure { Namespace = name });

    public static RpcException NamespaceDeprecated(string name) => Of(
        StatusCode.FailedPrecondition,
        "Namespace has invalid state: Deprecated. Must be Registered.",
        new NamespaceInvalidStateFailure { Namespace = name, State = NamespaceState.Deprecated, AllowedStates = { NamespaceState.Registered } });

    public static RpcException NotFound(string message) => Of(StatusCode.NotFound, message, new NotFoundFailure());

    public static RpcException NamespaceAlreadyExists() => Of(StatusCode.AlreadyExists, "Namespace already exists.", new NamespaceAlreadyExistsFailure());

    public static RpcException AlreadyExists(string message) => new(new Status(StatusCode.AlreadyExists, message));

    public static RpcException FailedPrecondition(string message) => new(new Status(StatusCode.FailedPrecondition, message));

    public static RpcException Unauthenticated(string message) => new(new Status(StatusCode.Unauthenticated, message));

    public static RpcException Denied(string message) => Of(StatusCode.PermissionDenied, message, new PermissionDeniedFailure { Reason = message });

    public static RpcException Unavailable(string message) => new(new Status(StatusCode.Unavailable, message));

    public static RpcException QueryTimedOut(string message) => Of(StatusCode.FailedPrecondition, message, new WorkflowNotReadyFailure());

    public static RpcException QueryFailed(string message, Temporalio.Api.Failure.V1.Failure? failure) =>
        Of(StatusCode.InvalidArgument, message, new QueryFailedFailure { Failure = failure });

    public static RpcException Unimplemented(string message) => new(new Status(StatusCode.Unimplemented, message));

    /// <summary>What an execution refused.</summary>
    public static RpcException Of(Refusal refusal) => refusal.Detail.Length == 0
        ? new RpcException(new Status((StatusCode)refusal.Code, refusal.Message))
        : Of((StatusCode)refusal.Code, refusal.Message, Any.Parser.ParseFrom(refusal.Detail));

    /// <summary>An operation of several was refused; the others were not carried out, or do not count.</summary>
    /// <param name="index">Which one of two.</param>
    public static RpcException OperationFailed(Refusal refusal, int index) => OperationFailed(Of(refusal), index);

    public static RpcException OperationFailed(RpcException error, int index)
    {
        var failed = new MultiOperationExecutionFailure.Types.OperationStatus { Code = (int)error.StatusCode, Message = error.Status.Detail };
        if (error.Trailers.GetValueBytes(Trailer) is { } bytes)
        {
            failed.Details.Add(GrpcStatus.Parser.ParseFrom(bytes).Details);
        }

        var other = new MultiOperationExecutionFailure.Types.OperationStatus
        {
            Code = (int)StatusCode.Aborted, Message = "Operation was aborted.", Details = { Any.Pack(new MultiOperationExecutionAborted()) },
        };
        var all = new MultiOperationExecutionFailure { Statuses = { index == 0 ? [failed, other] : (MultiOperationExecutionFailure.Types.OperationStatus[])[other, failed] } };
        return Of(error.StatusCode, "Update-with-Start could not be executed.", all);
    }

    /// <summary>What the gateway refused.</summary>
    public static RpcException Of(Problem problem) => problem.Status switch
    {
        403 => Of(StatusCode.PermissionDenied, problem.Detail, new PermissionDeniedFailure { Reason = problem.Detail }),
        404 => Of(StatusCode.NotFound, problem.Detail, new NotFoundFailure()),
        409 => new RpcException(new Status(StatusCode.Aborted, problem.Detail)),
        429 => Of(StatusCode.ResourceExhausted, problem.Detail, new ResourceExhaustedFailure()),
        400 or 422 => InvalidArgument(problem.Detail),
        _ => new RpcException(new Status(StatusCode.Internal, problem.Detail)),
    };

    private static RpcException Of(StatusCode code, string message, IMessage detail)
    {
        var status = new GrpcStatus { Code = (int)code, Message = message, Details = { detail as Any ?? Any.Pack(detail) } };
        return new RpcException(new Status(code, message), new Metadata { { Trailer, status.ToByteArray() } });
    }
}
