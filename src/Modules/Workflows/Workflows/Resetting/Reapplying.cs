using Flagstone.Workflows.Children;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.Updates;
using Flagstone.Workflows.Versioning;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using UpdateRequest = Temporalio.Api.Update.V1.Request;

namespace Flagstone.Workflows.Resetting;

/// <summary>
/// What a run that was reset is told again: what came from outside behind the point to which it was reset. Pure.
/// (Temporal's server: service/history/ndc/workflow_resetter.go.)
/// </summary>
/// <param name="Signals">Whether signals are told again.</param>
/// <param name="Updates">Whether updates are, as if they had been asked for and nobody had worked on them.</param>
/// <param name="Cancellations">Whether requests to cancel the workflow are.</param>
internal sealed record Reapplying(bool Signals, bool Updates, bool Cancellations)
{
    public static Reapplying Of(IEnumerable<ResetReapplyExcludeType> excluded, ResetReapplyType type)
    {
        var without = excluded.ToHashSet();
        // The older field names the only type to tell again, or none at all; left out it says nothing.
        var (none, signals) = (type == ResetReapplyType.None, type == ResetReapplyType.Signal);
#pragma warning disable CS0612 // The API calls it old, and clients send it.
        return new Reapplying(
            !none && !without.Contains(ResetReapplyExcludeType.Signal),
            !none && !signals && !without.Contains(ResetReapplyExcludeType.Update),
            !none && !signals && !without.Contains(ResetReapplyExcludeType.CancelRequest));
#pragma warning restore CS0612
    }

    /// <summary>Whether an event may have to be told again, or tells of a child that began behind the point.</summary>
    public static bool Concerns(HistoryEvent later) =>
        later.EventType is EventType.WorkflowExecutionSignaled or EventType.WorkflowExecutionUpdateAdmitted or EventType.WorkflowExecutionUpdateAccepted
            or EventType.WorkflowExecutionCancelRequested or EventType.StartChildWorkflowExecutionInitiated or EventType.ChildWorkflowExecutionStarted
            or EventType.WorkflowExecutionOptionsUpdated
        || RebuiltChildren.InitiatedOf(later) is not null;

    /// <summary>Adds an event again, where it counts for the run; refuses what is too much.</summary>
    public Refusal? Apply(RunChange change, HistoryEvent later)
    {
        switch (later.EventType)
        {
            case EventType.WorkflowExecutionSignaled when Signals:
                if (++change.Run.Signals > Signalling.MaxSignals)
                {
                    return TooMany("signals", Signalling.MaxSignals);
                }

                change.Add(Again(later));
                break;
            case EventType.WorkflowExecutionUpdateAdmitted when Updates:
                return Admit(change, later.WorkflowExecutionUpdateAdmittedEventAttributes.Request, later.Principal);
            case EventType.WorkflowExecutionUpdateAccepted when Updates && later.WorkflowExecutionUpdateAcceptedEventAttributes.AcceptedRequest is { } request:
                return Admit(change, request, later.Principal);
            case EventType.WorkflowExecutionOptionsUpdated when later.WorkflowExecutionOptionsUpdatedEventAttributes is
                { VersioningOverride: not null } or { UnsetVersioningOverride: true }:
                var options = later.WorkflowExecutionOptionsUpdatedEventAttributes;
                return Overriding.Apply(change, options.VersioningOverride, options.Identity);
            case EventType.WorkflowExecutionCancelRequested when Cancellations && !change.Run.CancelRequested:
                change.Run.CancelRequested = true;
                change.Add(Again(later));
                break;
        }

        return null;
    }

    /// <summary>Takes over what the base has learnt of children and other executions that both know.</summary>
    public static void Learn(RunChange change, HistoryEvent later)
    {
        var run = change.Run;
        if (later.ChildWorkflowExecutionStartedEventAttributes is { } started)
        {
            if (run.Children.TryGetValue(started.InitiatedEventId, out var begun) && !begun.IsStarted)
            {
                run.Children[begun.InitiatedId] = begun with { RunId = started.WorkflowExecution.RunId, IsStarted = true };
                change.Add(Again(later));
                // The base may have ended before it let the child begin.
                var begin = new OutboxKey(run.RunId, OutboxKind.Begin, begun.InitiatedId);
                change.Send(new OutboxMessage(begin, begun.WorkflowId, started.WorkflowExecution.RunId));
            }

            return;
        }

        if (RebuiltChildren.InitiatedOf(later) is not { } initiated)
        {
            return;
        }

        if (run.Children.Remove(initiated, out var child))
        {
            var ended = Again(later);
            EventBuffer.Link(ended, new Dictionary<long, long> { [initiated] = child.StartedId });
            change.Add(ended);
        }
        else if (run.Externals.Remove(initiated))
        {
            change.Add(Again(later));
        }
    }

    private static Refusal? Admit(RunChange change, UpdateRequest request, Principal? by)
    {
        var run = change.Run;
        if (run.Updates.ContainsKey(request.Meta.UpdateId) || !run.AdmittedUpdates.Add(request.Meta.UpdateId))
        {
            return null;
        }

        if (run.Updates.Count + run.AdmittedUpdates.Count > UpdateRules.MaxTotal)
        {
            return TooMany("updates", UpdateRules.MaxTotal);
        }

        change.Add(new HistoryEvent
        {
            EventType = EventType.WorkflowExecutionUpdateAdmitted,
            Principal = by,
            WorkflowExecutionUpdateAdmittedEventAttributes = new WorkflowExecutionUpdateAdmittedEventAttributes
            {
                Request = request, Origin = UpdateAdmittedEventOrigin.Reapply,
            },
        });
        return null;
    }

    private static Refusal TooMany(string what, int most) =>
        Refusal.InvalidArgument($"The {what} to be told again exceed the limit of {most}. Exclude {what}, or reset to a later point.");

    /// <summary>The event without its place and time; who caused it is who did then.</summary>
    private static HistoryEvent Again(HistoryEvent later)
    {
        var again = later.Clone();
        again.EventTime = null;
        return again;
    }
}
