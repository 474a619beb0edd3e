using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Update.V1;

namespace Flagstone.Workflows.Updates;

/// <summary>What a worker decided of an update.</summary>
/// <param name="Outcome">Null: it was accepted. Else it is over, completed or rejected.</param>
internal sealed record UpdateResult(string Id, Outcome? Outcome);

/// <summary>A worker's messages about updates, as events. A rejection leaves no event. Pure.</summary>
internal static class UpdateRules
{
    /// <summary>As many updates may one run accept.</summary>
    public const int MaxTotal = 2_000;

    /// <summary>When so many are accepted, the worker is told to continue as new.</summary>
    public const int SuggestAt = MaxTotal * 9 / 10;

    /// <summary>Applies the message that a command puts in its place among the other commands.</summary>
    public static CommandFailure? Place(RunChange change, string messageId)
    {
        var at = change.Messages.FindIndex(m => m.Id == messageId);
        if (at < 0)
        {
            return Bad($"ProtocolMessageCommand references a message '{messageId}' that is not there.");
        }

        var message = change.Messages[at];
        change.Messages.RemoveAt(at);
        return Apply(change, message);
    }

    /// <summary>Applies the messages that no command has placed.</summary>
    public static CommandFailure? ApplyRest(RunChange change)
    {
        foreach (var message in change.Messages)
        {
            if (change.Run.IsRunning && Apply(change, message) is { } failure)
            {
                return failure;
            }
        }

        change.Messages.Clear();
        return null;
    }

    /// <summary>Whether a worker's answer to a speculative task has nothing that a history must tell: the task is as if it had not been.</summary>
    public static bool OnlyRejects(RunState run, Temporalio.Api.WorkflowService.V1.RespondWorkflowTaskCompletedRequest request) =>
        run.WorkflowTask is { IsSpeculative: true } && run.LastCompletedStarted > 0 && request is { Commands.Count: 0, ForceCreateNewWorkflowTask: false, Messages.Count: > 0 }
        && request.Messages.All(m => m.Body?.Is(Rejection.Descriptor) == true);

    private static CommandFailure? Apply(RunChange change, Message message) =>
        message.Body is not { } body ? Bad($"The message '{message.Id}' has no body.")
        : body.TryUnpack<Acceptance>(out var accepted) ? Accept(change, message, accepted)
        : body.TryUnpack<Rejection>(out var rejected) ? Reject(change, message, rejected)
        : body.TryUnpack<Response>(out var response) ? Complete(change, message, response)
        : Bad($"The message '{message.Id}' is a {body.TypeUrl}, which is not known.");

    private static CommandFailure? Accept(RunChange change, Message message, Acceptance accepted)
    {
        var (run, id) = (change.Run, message.ProtocolInstanceId);
        // After a crash the worker alone knows what was asked.
        if (Names.Refuse(id, "ProtocolInstanceId", "Acceptance") is not null || (change.Admitted.GetValueOrDefault(id) ?? accepted.AcceptedRequest) is not { } request)
        {
            return Bad($"The update '{id}' was not asked for.");
        }

        if (run.Updates.ContainsKey(id) || run.Updates.Count >= MaxTotal)
        {
            return Bad(run.Updates.ContainsKey(id) ? $"The update '{id}' was accepted before." : UpdateFailures.TooMany().Message);
        }

        var added = change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionUpdateAccepted,
            WorkflowExecutionUpdateAcceptedEventAttributes = new WorkflowExecutionUpdateAcceptedEventAttributes
            {
                ProtocolInstanceId = id,
                AcceptedRequestMessageId = accepted.AcceptedRequestMessageId,
                AcceptedRequestSequencingEventId = accepted.AcceptedRequestSequencingEventId,
                AcceptedRequest = request,
            },
        });
        run.AdmittedUpdates.Remove(id);
        run.Updates[id] = new UpdateState(added.EventId, 0);
        change.UpdateResults.Add(new UpdateResult(id, null));
        return null;
    }

    private static CommandFailure? Reject(RunChange change, Message message, Rejection rejected)
    {
        if (rejected.Failure is null)
        {
            return Bad($"The rejection of the update '{message.ProtocolInstanceId}' has no failure.");
        }

        change.Run.AdmittedUpdates.Remove(message.ProtocolInstanceId);
        change.UpdateResults.Add(new UpdateResult(message.ProtocolInstanceId, new Outcome { Failure = rejected.Failure }));
        return null;
    }

    private static CommandFailure? Complete(RunChange change, Message message, Response response)
    {
        var (run, id) = (change.Run, message.ProtocolInstanceId);
        if (!run.Updates.TryGetValue(id, out var accepted) || accepted.CompletedId > 0)
        {
            return Bad($"The update '{id}' is not one that was accepted and is under way.");
        }

        if (response.Outcome is null || CommandRules.IsTooLarge(response))
        {
            return Bad($"The response to the update '{id}' has no outcome, or exceeds {CommandRules.MaxBlob} bytes.");
        }

        var added = change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionUpdateCompleted,
            WorkflowExecutionUpdateCompletedEventAttributes = new WorkflowExecutionUpdateCompletedEventAttributes
            {
                Meta = response.Meta, AcceptedEventId = accepted.AcceptedId, Outcome = response.Outcome,
            },
        });
        run.Updates[id] = accepted with { CompletedId = added.EventId };
        change.UpdateResults.Add(new UpdateResult(id, response.Outcome));
        return null;
    }

    private static CommandFailure Bad(string message) => CommandRules.Bad(WorkflowTaskFailedCause.BadUpdateWorkflowExecutionMessage, message);
}
