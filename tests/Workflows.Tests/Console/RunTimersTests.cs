using Flagstone.Workflows.Console;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Tests.Console;

/// <summary>Which timers a run waits for, by its events.</summary>
public sealed class RunTimersTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Timers_that_neither_fired_nor_were_cancelled_are_open_by_when_they_fire()
    {
        HistoryEvent[] events =
        [
            Started(5, "week", TimeSpan.FromDays(7)), Started(6, "fired", TimeSpan.FromMinutes(1)), Started(7, "cancelled", TimeSpan.FromMinutes(2)),
            new() { EventId = 8, TimerFiredEventAttributes = new() { TimerId = "fired", StartedEventId = 6 } },
            new() { EventId = 9, TimerCanceledEventAttributes = new() { TimerId = "cancelled", StartedEventId = 7 } },
            Started(10, "fired", TimeSpan.FromHours(1)),
        ];

        Assert.Equal([("fired", Noon.AddHours(1)), ("week", Noon.AddDays(7))], RunTimers.Of(events.Reverse().ToList()));
    }

    private static HistoryEvent Started(long id, string timer, TimeSpan after) => new()
    {
        EventId = id, EventTime = Timestamp.FromDateTimeOffset(Noon),
        TimerStartedEventAttributes = new() { TimerId = timer, StartToFireTimeout = Duration.FromTimeSpan(after) },
    };
}
