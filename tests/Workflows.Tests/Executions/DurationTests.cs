using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Commands;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Tests.Executions;

/// <summary>Times that no calendar has.</summary>
public sealed class DurationTests
{
    [Theory]
    [InlineData(1, 500_000_000, 1_500)]
    [InlineData(0, 0, 0)]
    public void A_duration_is_a_time(long seconds, int nanos, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Durations.Of(new Duration { Seconds = seconds, Nanos = nanos }));

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(1, 1_000_000_000)]
    [InlineData(long.MinValue, 0)]
    public void What_is_negative_or_malformed_counts_as_negative(long seconds, int nanos) =>
        Assert.True(Durations.Of(new Duration { Seconds = seconds, Nanos = nanos }) < TimeSpan.Zero);

    [Fact]
    public void A_timer_may_be_longer_than_all_dates()
    {
        var steps = new Steps().StartTask().Complete(Timer(new Duration { Seconds = long.MaxValue }));

        steps.Pass(TimeSpan.FromDays(36_499));
        Assert.DoesNotContain("TimerFired", steps.Types, StringComparison.Ordinal);
        steps.Pass(TimeSpan.FromDays(1));
        Assert.EndsWith("TimerFired WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
    }

    [Fact]
    public void A_timer_with_a_malformed_time_fails_the_workflow_task() =>
        Assert.Equal(WorkflowTaskFailedCause.BadStartTimerAttributes, new Steps().StartTask().CompleteBadly(Timer(new Duration { Seconds = 1, Nanos = -1 })).Cause);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(0.5)]
    [InlineData(-1)]
    public void A_backoff_that_does_not_grow_is_refused(double coefficient) =>
        Assert.NotNull(RetryRules.Refuse(new RetryPolicy { BackoffCoefficient = coefficient }));

    private static Command Timer(Duration time) =>
        new() { CommandType = CommandType.StartTimer, StartTimerCommandAttributes = new() { TimerId = "t", StartToFireTimeout = time } };
}
