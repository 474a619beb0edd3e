using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Tests.Executions;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Activity.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Tests.Activities;

/// <summary>What operations on activities do to their attempts. Each step's state is stored and read again.</summary>
public sealed class OperationOrderTests
{
    private static readonly Failure Failed = new() { Message = "no", ApplicationFailureInfo = new() };

    [Fact]
    public void No_attempt_of_a_paused_activity_starts_until_it_is_taken_back()
    {
        var steps = Scheduled().Do(c => ActivityOperations.Pause(c, One(c), "ada", "broken"));

        Assert.Single(steps.Last.Unqueued);
        Assert.Equal(new ActivityPause(steps.Now, "ada", "broken"), steps.Run.Activities[5].Pause);
        steps.Do(c => Assert.False(ActivityRules.Start(c, 5, 1, "worker", "stamp", "request")));
        // A second pause changes nothing.
        steps.Do(c => ActivityOperations.Pause(c, One(c), "bob", "other"));
        Assert.Equal("ada", steps.Run.Activities[5].Pause!.Identity);

        steps.Do(c => ActivityOperations.Unpause(c, One(c), false, false, TimeSpan.Zero));

        Assert.Single(steps.Last.Queued);
        steps.Do(OrderTests.StartActivity);
    }

    [Fact]
    public void A_paused_attempt_goes_on_and_the_next_one_waits_for_the_end_of_the_pause()
    {
        var steps = Scheduled().Do(OrderTests.StartActivity).Do(c => ActivityOperations.Pause(c, One(c), "ada", ""));
        Assert.True(steps.Run.Activities[5].IsStarted);

        steps.Do(c => ActivityRules.Fail(c, One(c), Failed, "worker"));
        Assert.Empty(steps.Last.Queued);
        Assert.Equal(2, steps.Run.Activities[5].Attempt);
        steps.Do(c => ActivityOperations.Unpause(c, One(c), false, false, TimeSpan.FromSeconds(3)));

        // The second attempt waits a second by its policy, and then for what spreads the load.
        Assert.Equal(steps.Now + TimeSpan.FromSeconds(4), steps.Run.Activities[5].ScheduledAt);
    }

    [Fact]
    public void A_paused_activity_may_complete()
    {
        var steps = Scheduled().Do(OrderTests.StartActivity).Do(c => ActivityOperations.Pause(c, One(c), "ada", ""));

        steps.Do(c => ActivityRules.Complete(c, One(c), null, "worker"));

        Assert.EndsWith("ActivityTaskStarted ActivityTaskCompleted WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
    }

    [Fact]
    public void The_time_to_start_stands_still_in_a_pause_and_the_time_for_all_does_not()
    {
        var command = OrderTests.Activity("1");
        command.ScheduleActivityTaskCommandAttributes.ScheduleToStartTimeout = Seconds(5);
        command.ScheduleActivityTaskCommandAttributes.ScheduleToCloseTimeout = Seconds(60);
        var steps = new Steps().StartTask().Complete(command).Do(c => ActivityOperations.Pause(c, One(c), "ada", ""));

        Assert.Single(steps.Pass(TimeSpan.FromSeconds(30)).Run.Activities);
        Assert.Empty(steps.Pass(TimeSpan.FromSeconds(30)).Run.Activities);
    }

    [Theory]
    [InlineData(false, "half")]
    [InlineData(true, null)]
    public void A_reset_attempt_goes_on_and_the_next_one_is_the_first(bool forgets, string? kept)
    {
        var details = new Payloads { Payloads_ = { new Payload { Data = Google.Protobuf.ByteString.CopyFromUtf8("half") } } };
        var steps = new Steps().StartTask().Complete(OrderTests.Activity("1", new RetryPolicy { MaximumAttempts = 1 })).Do(OrderTests.StartActivity);
        steps.Do(c => ActivityRules.Heartbeat(c, One(c), details)).Do(c => ActivityOperations.Reset(c, One(c), forgets, false, TimeSpan.Zero));
        Assert.True(steps.Run.Activities[5] is { IsStarted: true, IsReset: true });

        steps.Do(c => ActivityRules.Fail(c, One(c), Failed, "worker"));

        var next = steps.Run.Activities[5];
        Assert.Equal((1, steps.Now, false, kept), (next.Attempt, next.ScheduledAt, next.IsReset, next.HeartbeatDetails?.Payloads_.Single().Data.ToStringUtf8()));
        // Its attempts count from there: the policy allows one.
        steps.Do(OrderTests.StartActivity).Do(c => ActivityRules.Fail(c, One(c), Failed, "worker"));
        Assert.Empty(steps.Run.Activities);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reset_ends_a_pause_unless_it_is_to_be_kept(bool keeps)
    {
        var steps = Retrying().Do(c => ActivityOperations.Pause(c, One(c), "ada", ""));

        steps.Do(c => ActivityOperations.Reset(c, One(c), false, keeps, TimeSpan.Zero));

        Assert.Equal((1, keeps, keeps ? 0 : 1), (steps.Run.Activities[5].Attempt, steps.Run.Activities[5].Pause is not null, steps.Last.Queued.Count));
    }

    [Fact]
    public void Options_change_field_by_field_and_an_attempt_that_waits_follows_them()
    {
        var steps = Retrying();
        var wanted = new ActivityOptions { TaskQueue = new() { Name = "other" }, RetryPolicy = new() { InitialInterval = Seconds(9) }, HeartbeatTimeout = Seconds(7) };

        steps.Do(c => Assert.Null(ActivityOptionRules.Change(c, One(c), wanted, Mask("task_queue.name", "retry_policy.initial_interval"))));

        var changed = steps.Run.Activities[5];
        Assert.Equal(("other", Seconds(9), TimeSpan.Zero, steps.Now + TimeSpan.FromSeconds(9)), (changed.Queue, changed.Retry.InitialInterval, changed.Heartbeat, changed.ScheduledAt));
        Assert.Equal(("other", 2), (steps.Last.Queued.Single().Queue.Name, steps.Last.Queued.Single().Task.Attempt));
        steps.Do(c => ActivityOptionRules.Restore(c, One(c), ActivityRules.Of(c.Run.NextEventId > 5 ? steps.Events[4] : null!)));
        Assert.Equal("queue", steps.Run.Activities[5].Queue);
    }

    [Fact]
    public void A_changed_timeout_counts_for_the_attempt_that_is_under_way()
    {
        var steps = Scheduled().Do(OrderTests.StartActivity);

        steps.Do(c => Assert.Null(ActivityOptionRules.Change(c, One(c), new ActivityOptions { StartToCloseTimeout = Seconds(3) }, Mask("start_to_close_timeout"))));

        Assert.Equal(2, steps.Pass(TimeSpan.FromSeconds(3)).Run.Activities[5].Attempt);
    }

    [Fact]
    public void Options_that_cannot_be_say_what_is_wrong()
    {
        Assert.Contains("'priority'", ActivityOptionRules.Refuse(new(), Mask("priority"), false), StringComparison.Ordinal);
        Assert.Contains("UpdateMask", ActivityOptionRules.Refuse(new(), null, false), StringComparison.Ordinal);
        Assert.Contains("RestoreOriginal", ActivityOptionRules.Refuse(new(), Mask("task_queue"), true), StringComparison.Ordinal);
        Assert.Null(ActivityOptionRules.Refuse(null, null, true));
        Scheduled().Do(c => Assert.Contains(
            "StartToClose", ActivityOptionRules.Change(c, One(c), new(), Mask("start_to_close_timeout"))!.Message, StringComparison.Ordinal));
    }

    private static Steps Scheduled() => new Steps().StartTask().Complete(OrderTests.Activity("1"));

    private static Steps Retrying() => Scheduled().Do(OrderTests.StartActivity).Do(c => ActivityRules.Fail(c, One(c), Failed, "worker"));

    private static ActivityState One(RunChange change) => change.Run.Activities[5];

    private static FieldMask Mask(params string[] paths) => new() { Paths = { paths } };

    private static Duration Seconds(int seconds) => Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds));
}
