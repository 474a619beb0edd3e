using System.Text;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Google.Protobuf.Collections;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Nexus.Callbacks;

/// <summary>
/// Callbacks of a run: attached at its start or to a run that is there, carried to the runs that follow, and called at the end of the last. Pure.
/// </summary>
internal static class CallbackRules
{
    /// <summary>As many callbacks may a run have, as with Temporal's server.</summary>
    public const int MaxCallbacks = 32;

    /// <summary>As many requests may be attached to a run, each with the id that it is known by.</summary>
    public const int MaxRequests = 1_000;

    private const int MaxHeader = 8 * 1024;

    /// <summary>What is wrong with callbacks; null when nothing is. Their headers' names become lower case.</summary>
    public static string? Refuse(RepeatedField<Callback> callbacks)
    {
        if (callbacks.Count > MaxCallbacks)
        {
            return $"cannot attach more than {MaxCallbacks} callbacks to a workflow";
        }

        foreach (var callback in callbacks)
        {
            if (callback.Nexus is not { } nexus)
            {
                return $"unsupported callback variant: {callback.VariantCase}";
            }

            var headers = nexus.Header.ToList();
            nexus.Header.Clear();
            foreach (var (name, value) in headers)
            {
                nexus.Header[name.ToLowerInvariant()] = value;
            }

            if (nexus.Header.Sum(h => Encoding.UTF8.GetByteCount(h.Key) + Encoding.UTF8.GetByteCount(h.Value)) > MaxHeader)
            {
                return $"invalid callback header: longer than {MaxHeader} bytes";
            }

            if (nexus.Url != CallbackToken.Url)
            {
                return $"invalid callback url: url does not match any configured callback address: {nexus.Url}";
            }

            if (NexusLinks.Refuse(callback.Links) is { } wrong)
            {
                return wrong;
            }

            if (CallbackToken.Read(callback) is null)
            {
                return $"invalid callback token: the header '{CallbackToken.Header}' is not there, or is none of this installation";
            }
        }

        return null;
    }

    /// <summary>Attaches what a start asks for to the run that is there already; null when it is done.</summary>
    public static Refusal? Attach(RunChange change, StartWorkflowExecutionRequest request)
    {
        var (run, options) = (change.Run, request.OnConflictOptions);
        var callbacks = options.AttachCompletionCallbacks ? request.CompletionCallbacks : [];
        if (run.Callbacks.Count + callbacks.Count > MaxCallbacks)
        {
            return Refusal.FailedPrecondition(
                $"cannot attach more than {MaxCallbacks} callbacks to a workflow ({run.Callbacks.Count} callbacks already attached)", null);
        }

        if (run.AttachedRequests.Count >= MaxRequests)
        {
            return Refusal.FailedPrecondition($"cannot attach more than {MaxRequests} requests to a workflow: let it continue as new", null);
        }

        var updated = new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionOptionsUpdated,
            // The workflow's code does not see it.
            WorkerMayIgnore = true,
            WorkflowExecutionOptionsUpdatedEventAttributes = new WorkflowExecutionOptionsUpdatedEventAttributes
            {
                AttachedRequestId = options.AttachRequestId ? request.RequestId : "", AttachedCompletionCallbacks = { callbacks }, Identity = request.Identity,
            },
        };
        if (options.AttachLinks)
        {
            updated.Links.Add(request.Links);
        }

        if (options.AttachRequestId)
        {
            run.AttachedRequests[request.RequestId] = 0;
        }

        run.Callbacks.AddRange(callbacks.Select(c => new AttachedCallback(c, request.RequestId, change.Now)));
        change.Add(updated);
        return null;
    }

    /// <summary>Whether a start has something to attach to a run that is there.</summary>
    public static bool Attaches(StartWorkflowExecutionRequest request) =>
        request.OnConflictOptions is { AttachRequestId: true } or { AttachCompletionCallbacks: true } or { AttachLinks: true };

    /// <summary>Notes the id of the event by which a request was attached.</summary>
    public static void Numbered(RunState run, HistoryEvent added)
    {
        if (added.WorkflowExecutionOptionsUpdatedEventAttributes?.AttachedRequestId is { Length: > 0 } request)
        {
            run.AttachedRequests[request] = added.EventId;
        }
    }

    /// <summary>The run is over, and none follows: who waits for it is told.</summary>
    public static void Leave(RunChange change, long lastId)
    {
        if (change.Follower is not null)
        {
            // They have gone on with it.
            change.Run.Callbacks.Clear();
        }
        else if (change.Run.Callbacks.Count > 0)
        {
            change.Send(new OutboxMessage(new OutboxKey(change.Run.RunId, OutboxKind.CallbacksDue, lastId), change.Run.WorkflowId, change.Run.RunId));
        }
    }

    /// <summary>The first run's callbacks, and those that have come to it, go on with the run that follows.</summary>
    public static List<AttachedCallback> Carried(RunState? before, StartWorkflowExecutionRequest request, DateTimeOffset now) =>
        before is not null ? [.. before.Callbacks] : [.. request.CompletionCallbacks.Select(c => new AttachedCallback(c, request.RequestId, now))];
}
