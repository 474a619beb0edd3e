using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.Executions;

/// <summary>Runs that follow by themselves: by the retry policy, and by the cron schedule.</summary>
public sealed class RepeatTests
{
    private static readonly Failure Broken = new() { Message = "no", ApplicationFailureInfo = new() { Type = "Broken" } };

    private static readonly Payloads Result = new() { Payloads_ = { new Payload { Data = ByteString.CopyFromUtf8("4") } } };

    [Fact]
    public void A_run_that_fails_is_tried_again_by_a_run_that_knows_why()
    {
        var steps = Begun(r =>
        {
            r.RetryPolicy = new RetryPolicy { MaximumAttempts = 3 };
            r.Input = Result;
            r.LastCompletionResult = Result;
        });

        steps.Complete(Fail());

        var failed = steps.Events[^1].WorkflowExecutionFailedEventAttributes;
        Assert.Equal((RetryState.InProgress, steps.Follower!.Run.RunId), (failed.RetryState, failed.NewExecutionRunId));
        Assert.Equal("WorkflowExecutionStarted", string.Join(' ', steps.Follower.Events.Select(e => e.EventType)));
        var next = steps.Follower.Events[0].WorkflowExecutionStartedEventAttributes;
        Assert.Equal((2, ContinueAsNewInitiator.Retry, "run", "run"), (next.Attempt, next.Initiator, next.ContinuedExecutionRunId, next.FirstExecutionRunId));
        Assert.Equal(TimeSpan.FromSeconds(1), next.FirstWorkflowTaskBackoff.ToTimeSpan());
        Assert.Equal((Broken, Result, Result), (next.ContinuedFailure, next.LastCompletionResult, next.Input));
        Assert.Equal(steps.Now + TimeSpan.FromSeconds(1), Deadlines.Earliest(steps.Follower.Run, steps.Now));
    }

    [Theory]
    [InlineData("attempts", RetryState.MaximumAttemptsReached)]
    [InlineData("type", RetryState.NonRetryableFailure)]
    [InlineData("time", RetryState.Timeout)]
    [InlineData("none", RetryState.RetryPolicyNotSet)]
    public void A_run_that_is_not_tried_again_says_why(string what, RetryState why)
    {
        var steps = Begun(r =>
        {
            r.RetryPolicy = what switch
            {
                "none" => null,
                "type" => new RetryPolicy { NonRetryableErrorTypes = { "Broken" } },
                "attempts" => new RetryPolicy { MaximumAttempts = 1 },
                _ => new RetryPolicy { InitialInterval = Duration.FromTimeSpan(TimeSpan.FromSeconds(20)) },
            };
            r.WorkflowExecutionTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(10));
        });

        steps.Complete(Fail());

        var failed = steps.Events[^1].WorkflowExecutionFailedEventAttributes;
        Assert.Equal((why, ""), (failed.RetryState, failed.NewExecutionRunId));
        Assert.Null(steps.Follower);
    }

    [Fact]
    public void A_run_whose_time_is_over_is_tried_again_until_the_time_for_all_is()
    {
        var steps = Begun(r =>
        {
            r.RetryPolicy = new RetryPolicy();
            r.WorkflowRunTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(5));
            r.WorkflowExecutionTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(8));
        });

        steps.Pass(TimeSpan.FromSeconds(5));
        var timedOut = steps.Events[^1].WorkflowExecutionTimedOutEventAttributes;
        Assert.Equal((RetryState.InProgress, steps.Follower!.Run.RunId), (timedOut.RetryState, timedOut.NewExecutionRunId));
        var first = steps.Follower.Events[0].WorkflowExecutionStartedEventAttributes;
        Assert.Equal(TimeoutType.StartToClose, first.ContinuedFailure.TimeoutFailureInfo.TimeoutType);

        var next = new RunChange(steps.Follower.Run, steps.Now + TimeSpan.FromSeconds(3)) { First = first };
        Deadlines.Fire(next);
        timedOut = next.Events[^1].WorkflowExecutionTimedOutEventAttributes;
        Assert.Equal((RetryState.Timeout, ""), (timedOut.RetryState, timedOut.NewExecutionRunId));
        Assert.Null(next.Follower);
    }

    [Fact]
    public void What_comes_by_the_clock_waits_for_its_time_and_carries_the_last_result()
    {
        var steps = new Steps(r => r.CronSchedule = "*/10 * * * *");
        var first = steps.Events[0].WorkflowExecutionStartedEventAttributes;
        Assert.Equal((ContinueAsNewInitiator.CronSchedule, TimeSpan.FromMinutes(10)), (first.Initiator, first.FirstWorkflowTaskBackoff.ToTimeSpan()));
        Assert.Null(steps.Run.WorkflowTask);

        // The run takes longer than its schedule: what it missed is left out.
        steps.Pass(TimeSpan.FromMinutes(10)).StartTask().Complete(OrderTests.Timer("t", 14 * 60 + 30));
        steps.Pass(TimeSpan.FromMinutes(14.5)).StartTask().Complete(Complete());

        Assert.Equal(steps.Follower!.Run.RunId, steps.Events[^1].WorkflowExecutionCompletedEventAttributes.NewExecutionRunId);
        var next = steps.Follower.Events[0].WorkflowExecutionStartedEventAttributes;
        Assert.Equal((ContinueAsNewInitiator.CronSchedule, 1), (next.Initiator, next.Attempt));
        Assert.Equal(TimeSpan.FromMinutes(5.5), next.FirstWorkflowTaskBackoff.ToTimeSpan());
        Assert.Equal((Result, null), (next.LastCompletionResult, next.ContinuedFailure));
    }

    [Fact]
    public void A_failure_is_tried_again_first_and_then_comes_by_the_clock_with_the_result_before_it()
    {
        var steps = Begun(r =>
        {
            r.CronSchedule = "@every 1h";
            r.RetryPolicy = new RetryPolicy { MaximumAttempts = 1 };
            r.LastCompletionResult = Result;
        });

        steps.Complete(Fail());

        var failed = steps.Events[^1].WorkflowExecutionFailedEventAttributes;
        Assert.Equal((RetryState.MaximumAttemptsReached, steps.Follower!.Run.RunId), (failed.RetryState, failed.NewExecutionRunId));
        var next = steps.Follower.Events[0].WorkflowExecutionStartedEventAttributes;
        Assert.Equal((Broken, Result), (next.ContinuedFailure, next.LastCompletionResult));
    }

    [Theory]
    [InlineData("0 12 * * *", "2026-01-01T12:00:00Z")]
    [InlineData("30 10 2 * *", "2026-01-02T10:30:00Z")]
    [InlineData("0 0 13 * FRI", "2026-01-02T00:00:00Z")]
    [InlineData("0 0 * * 1-3,5", "2026-01-02T00:00:00Z")]
    [InlineData("CRON_TZ=Europe/Berlin 0 12 * * *", "2026-01-01T11:00:00Z")]
    [InlineData("TZ=America/New_York 0 12 * * *", "2026-01-01T17:00:00Z")]
    [InlineData("@daily", "2026-01-02T00:00:00Z")]
    [InlineData("@hourly", "2026-01-01T09:00:00Z")]
    [InlineData("@every 90m", "2026-01-01T09:45:00Z")]
    [InlineData("@every 1.5h", "2026-01-01T09:45:00Z")]
    public void A_schedule_names_its_next_time(string text, string next)
    {
        var now = DateTimeOffset.Parse("2026-01-01T08:15:00.250Z", System.Globalization.CultureInfo.InvariantCulture);

        Assert.True(CronSchedule.TryParse(text, out var schedule));

        var wait = schedule.Wait(now, now)!.Value;
        Assert.Equal(0, wait.Ticks % TimeSpan.TicksPerSecond);
        Assert.InRange((now + wait - DateTimeOffset.Parse(next, System.Globalization.CultureInfo.InvariantCulture)).TotalSeconds, 0, 1);
    }

    [Theory]
    [InlineData("often")]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData("61 * * * *")]
    [InlineData("0 0 L * *")]
    [InlineData("@every")]
    [InlineData("@every soon")]
    [InlineData("@every_second")]
    [InlineData("CRON_TZ=Nowhere/Atall 0 0 * * *")]
    public void A_schedule_that_is_none_is_refused(string text) =>
        Assert.StartsWith("Invalid CronSchedule", CronSchedule.Refuse(text), StringComparison.Ordinal);

    private static Steps Begun(Action<StartWorkflowExecutionRequest> set)
    {
        var steps = new Steps(set);
        return steps.Run.BackoffUntil is { } until ? steps.Pass(until - steps.Now).StartTask() : steps.StartTask();
    }

    private static Command Fail() => new()
    {
        CommandType = CommandType.FailWorkflowExecution, FailWorkflowExecutionCommandAttributes = new() { Failure = Broken },
    };

    private static Command Complete() => new()
    {
        CommandType = CommandType.CompleteWorkflowExecution, CompleteWorkflowExecutionCommandAttributes = new() { Result = Result },
    };
}
