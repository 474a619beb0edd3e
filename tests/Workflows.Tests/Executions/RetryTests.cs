using Flagstone.Workflows.Activities;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Tests.Executions;

/// <summary>When an activity is tried again.</summary>
public sealed class RetryTests
{
    private static readonly Failure Application = new() { Message = "no", ApplicationFailureInfo = new() { Type = "Broken" } };

    [Fact]
    public void Intervals_double_from_a_second_to_a_hundred()
    {
        var steps = Begun(null);

        var waits = Enumerable.Range(1, 9).Select(_ => Wait(steps, Application)).ToList();

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 100, 100], waits);
        Assert.DoesNotContain("ActivityTaskStarted", steps.Types, StringComparison.Ordinal);
    }

    [Fact]
    public void The_activity_may_say_when_it_wants_to_be_tried_again() =>
        Assert.Equal(7, Wait(Begun(null), new Failure { ApplicationFailureInfo = new() { NextRetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(7)) } }));

    [Theory]
    [MemberData(nameof(Ends))]
    public void An_activity_ends_where_its_policy_or_its_failure_says_so(string what, RetryState why)
    {
        var (policy, failure) = what switch
        {
            "attempts" => (new RetryPolicy { MaximumAttempts = 1 }, Application),
            "type" => (new RetryPolicy { NonRetryableErrorTypes = { "Broken" } }, Application),
            "flag" => (new RetryPolicy(), new Failure { ApplicationFailureInfo = new() { NonRetryable = true } }),
            "cancelled" => (new RetryPolicy(), new Failure { CanceledFailureInfo = new() }),
            "timeout type" => (new RetryPolicy { NonRetryableErrorTypes = { "TemporalTimeout:StartToClose" } }, new Failure { TimeoutFailureInfo = new() { TimeoutType = TimeoutType.StartToClose } }),
            _ => throw new ArgumentException(what),
        };
        var steps = Begun(policy);

        steps.Do(c => ActivityRules.Fail(c, c.Run.Activities[5], failure, "worker"));

        Assert.EndsWith("ActivityTaskScheduled ActivityTaskStarted ActivityTaskFailed WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
        Assert.Equal(why, steps.Events[^2].ActivityTaskFailedEventAttributes.RetryState);
    }

    [Fact]
    public void An_attempt_that_would_begin_after_the_time_for_all_is_not_made()
    {
        var steps = new Steps().StartTask().Complete(Bounded(TimeSpan.FromSeconds(20))).Do(OrderTests.StartActivity).Pass(TimeSpan.FromSeconds(15));

        steps.Do(c => ActivityRules.Fail(c, c.Run.Activities[5], new Failure { ApplicationFailureInfo = new() { NextRetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(6)) } }, "worker"));

        Assert.Equal(RetryState.Timeout, steps.Events[^2].ActivityTaskFailedEventAttributes.RetryState);
    }

    [Fact]
    public void Heartbeats_move_the_deadline_and_their_details_are_in_the_failure()
    {
        var command = OrderTests.Activity("1", new RetryPolicy { MaximumAttempts = 1 });
        command.ScheduleActivityTaskCommandAttributes.HeartbeatTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(5));
        var details = new Payloads { Payloads_ = { new Payload { Data = Google.Protobuf.ByteString.CopyFromUtf8("half") } } };
        var steps = new Steps().StartTask().Complete(command).Do(OrderTests.StartActivity).Pass(TimeSpan.FromSeconds(4));

        steps.Do(c => ActivityRules.Heartbeat(c, c.Run.Activities[5], details)).Pass(TimeSpan.FromSeconds(4));
        Assert.Single(steps.Run.Activities);
        steps.Pass(TimeSpan.FromSeconds(1));

        var failure = steps.Events[^2].ActivityTaskTimedOutEventAttributes.Failure.TimeoutFailureInfo;
        Assert.Equal((TimeoutType.Heartbeat, details), (failure.TimeoutType, failure.LastHeartbeatDetails));
    }

    public static TheoryData<string, RetryState> Ends() => new()
    {
        { "attempts", RetryState.MaximumAttemptsReached },
        { "type", RetryState.NonRetryableFailure },
        { "flag", RetryState.NonRetryableFailure },
        { "cancelled", RetryState.NonRetryableFailure },
        { "timeout type", RetryState.NonRetryableFailure },
    };

    private static Steps Begun(RetryPolicy? policy) => new Steps().StartTask().Complete(OrderTests.Activity("1", policy)).Do(OrderTests.StartActivity);

    private static Temporalio.Api.Command.V1.Command Bounded(TimeSpan all)
    {
        var command = OrderTests.Activity("1");
        command.ScheduleActivityTaskCommandAttributes.ScheduleToCloseTimeout = Duration.FromTimeSpan(all);
        return command;
    }

    /// <summary>Fails the attempt, and starts the next one when it may; returns the seconds between.</summary>
    private static double Wait(Steps steps, Failure failure)
    {
        steps.Do(c => ActivityRules.Fail(c, c.Run.Activities[5], failure, "worker"));
        var wait = steps.Run.Activities[5].ScheduledAt - steps.Now;
        steps.Pass(wait).Do(OrderTests.StartActivity);
        return wait.TotalSeconds;
    }
}
