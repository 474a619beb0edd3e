using Flagstone.Workflows.Commands;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.Nexus.V1;
using Temporalio.Api.WorkflowService.V1;
using Failure = Temporalio.Api.Failure.V1.Failure;

namespace Flagstone.Workflows.Nexus;

/// <summary>Reads what a worker answered. Pure.</summary>
internal static class NexusReplies
{
    /// <summary>Of the token by which a handler knows its operation, in characters; as with Temporal's server.</summary>
    private const int MaxToken = 4_096;

    /// <param name="answer">A <c>RespondNexusTaskCompletedRequest</c> or <c>RespondNexusTaskFailedRequest</c>.</param>
    public static NexusReply Read(Any answer) =>
        answer.TryUnpack<RespondNexusTaskCompletedRequest>(out var completed) ? Read(completed.Response)
        : answer.TryUnpack<RespondNexusTaskFailedRequest>(out var failed) ? Read(failed)
        : throw new InvalidDataException($"A Nexus task is not answered by {answer.TypeUrl}.");

    /// <summary>The answer of nobody.</summary>
    public static Any Unanswered(string type, string message) =>
        Any.Pack(new RespondNexusTaskFailedRequest { Failure = NexusFailures.HandlerError(type, message) });

    private static NexusReply Read(Response? response) => response?.VariantCase switch
    {
        Response.VariantOneofCase.CancelOperation => new NexusReply.Acknowledged(),
        Response.VariantOneofCase.StartOperation => Read(response.StartOperation),
        _ => Wrong("The handler's answer says nothing."),
    };

    private static NexusReply Read(StartOperationResponse response)
    {
        switch (response.VariantCase)
        {
            case StartOperationResponse.VariantOneofCase.SyncSuccess:
                return CommandRules.IsTooLarge(response.SyncSuccess.Payload)
                    ? Wrong($"The operation's result is larger than {CommandRules.MaxBlob} bytes.")
                    : new NexusReply.Done(response.SyncSuccess.Payload, NexusLinks.Read(response.SyncSuccess.Links));
            case StartOperationResponse.VariantOneofCase.AsyncSuccess:
#pragma warning disable CS0612 // Older handlers answer with an id.
                var token = response.AsyncSuccess.OperationToken is { Length: > 0 } given ? given : response.AsyncSuccess.OperationId;
#pragma warning restore CS0612
                return token.Length is 0 or > MaxToken
                    ? Wrong($"The operation's token is empty, or longer than {MaxToken} characters.")
                    : new NexusReply.Started(token, NexusLinks.Read(response.AsyncSuccess.Links));
            case StartOperationResponse.VariantOneofCase.Failure:
                return new NexusReply.Unsuccessful(Bounded(response.Failure));
#pragma warning disable CS0612 // Handlers that know no other form.
            case StartOperationResponse.VariantOneofCase.OperationError:
                return new NexusReply.Unsuccessful(Bounded(NexusFailures.Of(response.OperationError)));
#pragma warning restore CS0612
            default:
                return Wrong("The handler's answer says nothing.");
        }
    }

    private static NexusReply.Rejected Read(RespondNexusTaskFailedRequest failed)
    {
#pragma warning disable CS0612 // Handlers that know no other form.
        var failure = failed.Failure ?? NexusFailures.Of(failed.Error);
#pragma warning restore CS0612
        if (failure.NexusHandlerFailureInfo is null)
        {
            failure = new Failure
            {
                Message = failure.Message, NexusHandlerFailureInfo = new NexusHandlerFailureInfo { Type = NexusFailures.Internal }, Cause = failure,
            };
        }

        return new NexusReply.Rejected(Bounded(failure), NexusFailures.IsRetryable(failure.NexusHandlerFailureInfo));
    }

    private static NexusReply.Rejected Wrong(string message) => new(NexusFailures.HandlerError(NexusFailures.BadRequest, message), false);

    /// <summary>A failure is kept with the run: one that is too large is cut to its message.</summary>
    private static Failure Bounded(Failure failure) => !CommandRules.IsTooLarge(failure) ? failure : new Failure
    {
        Message = "The handler's failure is too large to be kept.", NexusHandlerFailureInfo = failure.NexusHandlerFailureInfo,
        CanceledFailureInfo = failure.CanceledFailureInfo is null ? null : new CanceledFailureInfo(),
    };
}
