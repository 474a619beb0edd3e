using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.People.Outside;

/// <summary>What became of an activity, by its run's history.</summary>
/// <param name="Phase"><see cref="HumanTaskPhase.Open"/> while no event ends it.</param>
/// <param name="Made">What it was completed with, where that is a decision; else null.</param>
/// <param name="IsKnown">False where the history is not there any more.</param>
internal sealed record OutsideFate(HumanTaskPhase Phase, HumanDecision? Made = null, bool IsKnown = true)
{
    public static readonly OutsideFate Open = new(HumanTaskPhase.Open);

    /// <summary>Of a run that is not there any more.</summary>
    public static readonly OutsideFate Gone = new(HumanTaskPhase.RunEnded, IsKnown: false);
}

/// <summary>Reads the fate of an activity from its run's events, the last one first, until it is known. Pure.</summary>
/// <param name="scheduledId">The event that scheduled it.</param>
internal sealed class OutsideFateReader(long scheduledId, string activityId)
{
    private OutsideFate? ended;
    private bool isFirst = true;
    private bool isRunOver;
    private bool isGivenUp;
    private bool isReplaced;

    /// <summary>As far as the events that were seen say.</summary>
    public OutsideFate Fate => ended
        ?? (isGivenUp && (isRunOver || isReplaced) ? new OutsideFate(HumanTaskPhase.Cancelled)
        : isRunOver ? new OutsideFate(HumanTaskPhase.RunEnded)
        : isReplaced ? new OutsideFate(HumanTaskPhase.EndedElsewhere)
        : OutsideFate.Open);

    /// <summary>False when the events before need not be seen.</summary>
    public bool Read(HistoryEvent one)
    {
        isRunOver |= isFirst && OutsideHistory.EndsRun(one.EventType);
        isFirst = false;
        if (one.EventId <= scheduledId)
        {
            return false;
        }

        ended = EndOf(one);
        isGivenUp |= one.ActivityTaskCancelRequestedEventAttributes?.ScheduledEventId == scheduledId;
        // An id may be used again once the activity of that id is over.
        isReplaced |= one.ActivityTaskScheduledEventAttributes?.ActivityId == activityId;
        return ended is null;
    }

    private OutsideFate? EndOf(HistoryEvent one) => one.EventType switch
    {
        EventType.ActivityTaskCompleted when one.ActivityTaskCompletedEventAttributes is var end && end.ScheduledEventId == scheduledId =>
            new OutsideFate(HumanTaskPhase.EndedElsewhere, MadeBy(end)),
        EventType.ActivityTaskFailed when one.ActivityTaskFailedEventAttributes.ScheduledEventId == scheduledId =>
            new OutsideFate(HumanTaskPhase.EndedElsewhere),
        EventType.ActivityTaskTimedOut when one.ActivityTaskTimedOutEventAttributes.ScheduledEventId == scheduledId =>
            new OutsideFate(HumanTaskPhase.TimedOut),
        EventType.ActivityTaskCanceled when one.ActivityTaskCanceledEventAttributes.ScheduledEventId == scheduledId =>
            new OutsideFate(HumanTaskPhase.Cancelled),
        _ => null,
    };

    private static HumanDecision? MadeBy(ActivityTaskCompletedEventAttributes end)
    {
        try
        {
            return HumanDecision.Of(end.Result);
        }
        catch (System.Text.Json.JsonException)
        {
            // Who completed it at the server sent something else.
            return null;
        }
    }
}
