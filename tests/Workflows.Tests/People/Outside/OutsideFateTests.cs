using Flagstone.Workflows.People;
using Flagstone.Workflows.People.Outside;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Tests.People.Outside;

/// <summary>What a history says of an activity, read from its end.</summary>
public sealed class OutsideFateTests
{
    private static readonly HistoryEvent Ours = Scheduled(5, "a");

    [Fact]
    public void An_activity_is_open_until_an_event_ends_it() => Assert.Equal(HumanTaskPhase.Open, PhaseOf(new() { EventId = 6 }, Ours));

    [Fact]
    public void The_end_of_another_activity_is_not_its_own() => Assert.Equal(
        HumanTaskPhase.Open,
        PhaseOf(new() { EventId = 8, EventType = EventType.ActivityTaskTimedOut, ActivityTaskTimedOutEventAttributes = new() { ScheduledEventId = 6 } }, Ours));

    [Fact]
    public void A_time_out_ends_it_also_in_a_run_that_is_over() => Assert.Equal(HumanTaskPhase.TimedOut, PhaseOf(
        new() { EventId = 9, EventType = EventType.WorkflowExecutionCompleted },
        new() { EventId = 8, EventType = EventType.ActivityTaskTimedOut, ActivityTaskTimedOutEventAttributes = new() { ScheduledEventId = 5 } }, Ours));

    [Fact]
    public void A_run_that_is_over_takes_it_along() =>
        Assert.Equal(HumanTaskPhase.RunEnded, PhaseOf(new() { EventId = 9, EventType = EventType.WorkflowExecutionTerminated }, Ours));

    [Fact]
    public void A_run_that_gave_it_up_before_its_end_needed_it_no_longer() => Assert.Equal(HumanTaskPhase.Cancelled, PhaseOf(
        new() { EventId = 9, EventType = EventType.WorkflowExecutionCompleted },
        new()
        {
            EventId = 8, EventType = EventType.ActivityTaskCancelRequested, ActivityTaskCancelRequestedEventAttributes = new() { ScheduledEventId = 5 },
        },
        Ours));

    [Fact]
    public void An_activity_of_the_same_id_that_came_later_is_another_one() =>
        Assert.Equal(HumanTaskPhase.EndedElsewhere, PhaseOf(Scheduled(7, "a"), Ours));

    [Theory]
    [InlineData("ann by flagstone-console", "ann")]
    [InlineData("ann@example.com by flagstone-processes", "ann@example.com")]
    [InlineData("ann", "")]
    [InlineData("4242@host", "")]
    [InlineData(" by flagstone-console", "")]
    [InlineData("ann b by flagstone-console", "")]
    [InlineData("ann by temporal", "")]
    public void An_identity_names_for_whom_the_platform_started_a_run(string identity, string name) => Assert.Equal(name, OutsideHistory.NameOf(identity));

    private static HistoryEvent Scheduled(long id, string activity) =>
        new() { EventId = id, EventType = EventType.ActivityTaskScheduled, ActivityTaskScheduledEventAttributes = new() { ActivityId = activity } };

    /// <param name="events">The last one first.</param>
    private static HumanTaskPhase PhaseOf(params HistoryEvent[] events)
    {
        var reader = new OutsideFateReader(5, "a");
        _ = events.TakeWhile(reader.Read).Count();
        return reader.Fate.Phase;
    }
}
