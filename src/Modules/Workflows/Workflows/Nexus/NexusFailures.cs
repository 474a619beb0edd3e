using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.Nexus.V1;
using NexusFailure = Temporalio.Api.Nexus.V1.Failure;
using TemporalFailure = Temporalio.Api.Failure.V1.Failure;

namespace Flagstone.Workflows.Nexus;

/// <summary>Failures of handlers, in the form that SDKs read. Pure. (Temporal's server: common/nexus/failure.go; the kinds: nexus-rpc's SPEC.)</summary>
internal static class NexusFailures
{
    public const string BadRequest = "BAD_REQUEST";
    public const string NotFound = "NOT_FOUND";
    public const string Internal = "INTERNAL";
    public const string ResourceExhausted = "RESOURCE_EXHAUSTED";
    public const string Unavailable = "UNAVAILABLE";
    public const string UpstreamTimeout = "UPSTREAM_TIMEOUT";

    private const int MaxKept = 16 * 1024;
    private const int MaxMessage = 2_000;

    /// <summary>The text that SDKs and people know of an operation that did not succeed.</summary>
    private const string Unsuccessful = "nexus operation completed unsuccessfully";

    private const string TemporalType = "temporal.api.failure.v1.Failure";

    /// <summary>Errors that are the same however often one asks.</summary>
    private static readonly HashSet<string> Final =
        new([BadRequest, "UNAUTHENTICATED", "UNAUTHORIZED", NotFound, "CONFLICT", "NOT_IMPLEMENTED"], StringComparer.Ordinal);

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    /// <summary>A handler's error that the server itself found.</summary>
    public static TemporalFailure HandlerError(string type, string message) => new()
    {
        Message = message, Source = "Server", NexusHandlerFailureInfo = new NexusHandlerFailureInfo { Type = type },
    };

    /// <summary>
    /// A failure as it is kept beside what is tried again, which is stored with each step: a large one is its kind and the beginning of its message.
    /// </summary>
    public static TemporalFailure Short(TemporalFailure failure) => failure.CalculateSize() <= MaxKept ? failure : new TemporalFailure
    {
        Message = failure.Message[..Math.Min(failure.Message.Length, MaxMessage)], NexusHandlerFailureInfo = failure.NexusHandlerFailureInfo,
    };

    public static TemporalFailure Of(HandlerError? error) => new()
    {
        Message = error?.Failure?.Message is { Length: > 0 } message ? message : $"handler error ({error?.ErrorType})",
        NexusHandlerFailureInfo = new NexusHandlerFailureInfo { Type = error?.ErrorType ?? Internal, RetryBehavior = error?.RetryBehavior ?? default },
        Cause = error?.Failure is { } cause ? Of(cause) : null,
    };

    public static TemporalFailure Of(UnsuccessfulOperationError error)
    {
        var failure = Of(error.Failure ?? new NexusFailure());
        if (error.OperationState != "canceled" || failure.CanceledFailureInfo is not null)
        {
            return failure;
        }

        return new TemporalFailure { Message = failure.Message, CanceledFailureInfo = new CanceledFailureInfo(), Cause = failure };
    }

    public static bool IsRetryable(NexusHandlerFailureInfo info) => info.RetryBehavior switch
    {
        NexusHandlerErrorRetryBehavior.Retryable => true,
        NexusHandlerErrorRetryBehavior.NonRetryable => false,
        _ => !Final.Contains(info.Type),
    };

    /// <summary>The failure of an operation, as its event has it.</summary>
    public static TemporalFailure OfOperation(NexusOperationState operation, TemporalFailure cause) => new()
    {
        Message = Unsuccessful,
        NexusOperationExecutionFailureInfo = new NexusOperationFailureInfo
        {
            ScheduledEventId = operation.ScheduledId,
            Endpoint = operation.Endpoint,
            Service = operation.Service,
            Operation = operation.Operation,
            OperationToken = operation.Token,
        },
        Cause = cause,
    };

    private static TemporalFailure Of(NexusFailure failure)
    {
        if (failure.Metadata.TryGetValue("type", out var type) && type == TemporalType && Parse(failure.Details) is { } temporal)
        {
            temporal.Message = failure.Message;
            temporal.StackTrace = failure.StackTrace.Length > 0 ? failure.StackTrace : temporal.StackTrace;
            return temporal;
        }

        var details = new Payload { Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain") }, Data = failure.Details };
        return new TemporalFailure
        {
            Message = failure.Message,
            StackTrace = failure.StackTrace,
            ApplicationFailureInfo = new ApplicationFailureInfo
            {
                Type = "NexusFailure", Details = failure.Details.IsEmpty ? null : new Payloads { Payloads_ = { details } },
            },
            Cause = failure.Cause is null ? null : Of(failure.Cause),
        };
    }

    private static TemporalFailure? Parse(ByteString json)
    {
        try
        {
            return Parser.Parse<TemporalFailure>(json.ToStringUtf8());
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException)
        {
            return null;
        }
    }
}
