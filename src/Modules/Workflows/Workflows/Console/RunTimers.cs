using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Console;

/// <summary>The timers that a run waits for. No message names them, so they are read from its events. Pure.</summary>
internal static class RunTimers
{
    /// <param name="events">In any order.</param>
    /// <returns>By when they fire.</returns>
    public static IReadOnlyList<(string Id, DateTimeOffset FiresAt)> Of(IReadOnlyCollection<HistoryEvent> events)
    {
        var over = events.Select(e => e.TimerFiredEventAttributes?.StartedEventId ?? e.TimerCanceledEventAttributes?.StartedEventId ?? 0).ToHashSet();
        return
        [
            .. events.Where(e => e.TimerStartedEventAttributes is not null && !over.Contains(e.EventId))
                .Select(e => (e.TimerStartedEventAttributes.TimerId, e.EventTime.ToDateTimeOffset() + (e.TimerStartedEventAttributes.StartToFireTimeout?.ToTimeSpan() ?? TimeSpan.Zero)))
                .OrderBy(t => t.Item2),
        ];
    }
}
