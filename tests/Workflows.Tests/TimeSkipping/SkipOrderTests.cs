using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.Tests.Executions;
using Flagstone.Workflows.TimeSkipping;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;
using static Flagstone.Workflows.Tests.Executions.OrderTests;

namespace Flagstone.Workflows.Tests.TimeSkipping;

/// <summary>When a run's clock jumps, how far, and which events that writes.</summary>
public sealed class SkipOrderTests
{
    private const string First = "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted";
    private const string Skipped = "WorkflowExecutionTimeSkippingTransitioned";
    private const int Day = 24 * 60 * 60;

    private static readonly TimeSpan NoTime = TimeSpan.Zero;

    [Fact]
    public void An_idle_run_jumps_to_its_next_timer_and_the_jump_stands_before_what_it_causes()
    {
        var steps = Started().StartTask().Complete(Timer("far", 7 * Day), Timer("near", Day));
        var before = steps.Now;

        steps.Pass(NoTime);

        Assert.Equal($"{First} TimerStarted TimerStarted {Skipped} TimerFired WorkflowTaskScheduled", steps.Types);
        var skipped = steps.Events.Single(e => e.EventType == EventType.WorkflowExecutionTimeSkippingTransitioned);
        Assert.True(skipped.WorkerMayIgnore);
        var said = skipped.WorkflowExecutionTimeSkippingTransitionedEventAttributes;
        Assert.Equal(
            (before, before.AddDays(1), before, false),
            (skipped.EventTime.ToDateTimeOffset(), said.TargetTime.ToDateTimeOffset(), said.WallClockTime.ToDateTimeOffset(), said.DisabledAfterFastForward));
        Assert.All(steps.Events.TakeLast(2), e => Assert.Equal(before.AddDays(1), e.EventTime.ToDateTimeOffset()));
        Assert.Equal((TimeSpan.FromDays(1), 1), (steps.Run.TimeSkipping!.Skipped, steps.Run.TimeSkipping.Skips));
    }

    [Fact]
    public void A_jump_that_was_stored_is_not_made_again_and_one_that_was_not_is()
    {
        var steps = Started().StartTask().Complete(Timer("t", Day));
        var stored = StateCodec.Write(steps.Run);

        var lost = new RunChange(StateCodec.Read(stored), steps.Now);
        Deadlines.Fire(lost);
        var done = new RunChange(StateCodec.Read(stored), steps.Now);
        Deadlines.Fire(done);
        var again = new RunChange(StateCodec.Read(StateCodec.Write(done.Run)), steps.Now);
        Deadlines.Fire(again);

        Assert.Equal(lost.Events, done.Events);
        Assert.Equal(3, done.Events.Count);
        Assert.Empty(again.Events);
    }

    [Fact]
    public void A_run_that_does_not_skip_is_stored_and_woken_as_ever()
    {
        var steps = new Steps().StartTask().Complete(Timer("t", Day));

        steps.Pass(NoTime);

        Assert.Equal($"{First} TimerStarted", steps.Types);
        Assert.Equal(steps.Now.AddDays(1), Deadlines.Earliest(steps.Run, steps.Now));
        Assert.DoesNotContain("TimeSkipping", System.Text.Encoding.UTF8.GetString(StateCodec.Write(steps.Run)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_may_jump_is_woken_at_once_and_later_by_the_wall_clock()
    {
        var steps = Started().StartTask().Complete(Timer("a", Day), Timer("b", 3 * Day));
        Assert.Equal(steps.Now, Deadlines.Earliest(steps.Run, steps.Now));

        steps.Pass(NoTime).Do(c => SkipConfig.Update(c, null, "")).StartTask().Complete();

        Assert.Equal(steps.Now.AddDays(2), Deadlines.Earliest(steps.Run, steps.Now));
        Assert.Equal(TimeSpan.FromDays(1), steps.Run.TimeSkipping!.Skipped);
        steps.Pass(TimeSpan.FromDays(2));
        Assert.EndsWith("TimerFired WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_skipped_while_a_worker_has_something_to_do()
    {
        var steps = Started().Pass(NoTime);
        Assert.Null(Target(steps));
        steps.StartTask();
        Assert.Null(Target(steps));
        steps.Complete(Timer("t", Day), Activity("1"));
        Assert.Null(Target(steps));
        steps.Do(StartActivity);
        Assert.Null(Target(steps));
        steps.Do(c => ActivityRules.Complete(c, c.Run.Activities[6], null, "worker"));
        Assert.Null(Target(steps));

        steps.StartTask().Complete();

        Assert.Equal(steps.Now.AddDays(1), Target(steps));
    }

    [Theory]
    [InlineData("child")]
    [InlineData("signal")]
    [InlineData("update")]
    [InlineData("asked")]
    [InlineData("paused")]
    public void Nothing_is_skipped_while_a_run_waits_for_others(string what)
    {
        var steps = Started().StartTask().Complete(Timer("t", Day));
        Assert.NotNull(Target(steps));

        steps.Do(c =>
        {
            switch (what)
            {
                case "child":
                    c.Run.Children[5] = new()
                    {
                        InitiatedId = 5, WorkflowId = "c", RunId = "c-run", Type = "Any", ParentClosePolicy = ParentClosePolicy.Abandon,
                    };
                    break;
                case "signal":
                    c.Run.Externals[5] = new(5, true, "other", "", 4);
                    break;
                case "update":
                    c.Run.Updates["u"] = new(5, 0);
                    break;
                case "asked":
                    c.Run.AdmittedUpdates.Add("u");
                    break;
                default:
                    c.Run.Activities[5] = Backoff(c) with { Pause = new(c.Now, "ada", "") };
                    break;
            }
        });

        Assert.Null(Target(steps));
    }

    [Fact]
    public void An_activity_between_two_attempts_is_jumped_over_and_its_task_is_due_at_once()
    {
        var retry = new RetryPolicy { InitialInterval = Duration.FromTimeSpan(TimeSpan.FromHours(1)) };
        var steps = Started().StartTask().Complete(Activity("1", retry), Timer("t", Day)).Do(c => StartActivity(c, 5));
        steps.Do(c => ActivityRules.Fail(c, c.Run.Activities[5], new() { ApplicationFailureInfo = new() }, "worker"));

        steps.Pass(NoTime);

        Assert.EndsWith(Skipped, steps.Types, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromHours(1), steps.Run.TimeSkipping!.Skipped);
        var queued = Assert.Single(steps.Last.Queued);
        Assert.Equal(
            (TaskKind.Activity, 2, Platform.Storage.Micros.From(steps.Now)), (queued.Queue.Kind, queued.Task.Attempt, queued.Task.AtMicros));
        // It waits for a worker now, which takes its time.
        Assert.Null(Target(steps));
    }

    [Fact]
    public void A_session_has_so_many_jumps_and_an_update_begins_another_one()
    {
        var steps = Started(c => c.MaxSessionSkipCount = 1).StartTask().Complete(Timer("a", Day), Timer("b", 2 * Day)).Pass(NoTime).StartTask().Complete();
        Assert.Null(Target(steps));
        Assert.False(SkipDescription.Of(steps.Run, steps.Now)!.EffectiveConfig.Enabled);

        steps.Do(c => SkipConfig.Update(c, new() { Enabled = true }, "tester"));

        Assert.Equal((0, TimeSkippingState.UsualSkips), (steps.Run.TimeSkipping!.Skips, steps.Run.TimeSkipping.MaxSkips));
        Assert.NotNull(Target(steps));
        var updated = steps.Events[^1];
        Assert.True(updated.WorkerMayIgnore && updated.WorkflowExecutionOptionsUpdatedEventAttributes.TimeSkippingConfigUpdated);
        Assert.Equal(new TimeSkippingConfig { Enabled = true }, updated.WorkflowExecutionOptionsUpdatedEventAttributes.TimeSkippingConfig);
    }

    [Fact]
    public void A_fast_forward_jumps_no_further_than_it_says_and_ends_skipping()
    {
        var steps = Started(c => c.FastForwardConfig = Forward("f", TimeSpan.FromDays(3)))
            .StartTask().Complete(Timer("near", Day), Timer("far", 7 * Day)).Pass(NoTime).StartTask().Complete();

        steps.Pass(NoTime);

        Assert.EndsWith($"WorkflowTaskCompleted {Skipped}", steps.Types, StringComparison.Ordinal);
        Assert.True(steps.Events[^1].WorkflowExecutionTimeSkippingTransitionedEventAttributes.DisabledAfterFastForward);
        Assert.Equal(TimeSpan.FromDays(3), steps.Run.TimeSkipping!.Skipped);
        Assert.Null(Target(steps));
        var info = SkipDescription.Of(steps.Run, steps.Now)!;
        Assert.Equal((false, true, steps.Now.AddDays(3), 2), (
            info.EffectiveConfig.Enabled, info.FastForwardInfo.HasCompleted, info.CurrentTime.ToDateTimeOffset(), info.CurrentSessionSkipCount));
        Assert.Equal(FastForwardPollingResult.FastForwardCompleted, FastForwardPolls.Answer(steps.Run.TimeSkipping, null, "f", true)!.FastForwardPollingResult);
    }

    [Fact]
    public void A_fast_forward_whose_time_comes_by_itself_ends_skipping_too()
    {
        var steps = Started(c => c.FastForwardConfig = Forward("f", TimeSpan.FromSeconds(5))).StartTask().Complete(Activity("1")).Do(c => StartActivity(c, 5));

        steps.Pass(TimeSpan.FromSeconds(6));

        Assert.EndsWith($"ActivityTaskScheduled {Skipped}", steps.Types, StringComparison.Ordinal);
        var state = steps.Run.TimeSkipping!;
        Assert.Equal((TimeSpan.Zero, 0, true), (state.Skipped, state.Skips, state.FastForward!.HasCompleted));
    }

    [Fact]
    public void A_fast_forward_that_ends_while_a_workflow_task_is_open_is_written_behind_it()
    {
        var steps = Started(c => c.FastForwardConfig = Forward("f", TimeSpan.FromSeconds(5))).StartTask();

        steps.Pass(TimeSpan.FromSeconds(6)).Complete(Timer("t", Day));

        Assert.StartsWith($"{First} TimerStarted {Skipped}", steps.Types, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_that_waits_and_the_end_of_a_runs_time_are_jumped_to()
    {
        var steps = new Steps(r =>
        {
            r.TimeSkippingConfig = new() { Enabled = true };
            r.WorkflowStartDelay = Duration.FromTimeSpan(TimeSpan.FromDays(1));
            r.WorkflowRunTimeout = Duration.FromTimeSpan(TimeSpan.FromDays(2));
        });

        steps.Pass(NoTime).StartTask().Complete().Pass(NoTime);

        Assert.Equal(
            $"WorkflowExecutionStarted {Skipped} WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted {Skipped} WorkflowExecutionTimedOut",
            steps.Types);
        Assert.Equal(TimeSpan.FromDays(3), steps.Run.TimeSkipping!.Skipped);
        Assert.Contains("ahead by 259200 s", Evidence.Reason(steps.Run), StringComparison.Ordinal);
    }

    internal static Steps Started(Action<TimeSkippingConfig>? set = null) => new(r =>
    {
        r.TimeSkippingConfig = new() { Enabled = true };
        set?.Invoke(r.TimeSkippingConfig);
    });

    internal static FastForwardConfig Forward(string id, TimeSpan duration) => new() { Id = id, Duration = Duration.FromTimeSpan(duration) };

    private static DateTimeOffset? Target(Steps steps) => SkipRules.Target(steps.Run, RunTime.Of(steps.Run, steps.Now));

    private static void StartActivity(RunChange change) => StartActivity(change, 6);

    private static void StartActivity(RunChange change, long id) => Assert.True(ActivityRules.Start(change, id, 1, "worker", "stamp", "request"));

    private static ActivityState Backoff(RunChange change) => ActivityRules.Of(new HistoryEvent
    {
        EventId = 5, EventTime = Timestamp.FromDateTimeOffset(change.Now.AddHours(1)),
        ActivityTaskScheduledEventAttributes = new()
        {
            ActivityId = "1", ActivityType = new() { Name = "act" }, TaskQueue = new() { Name = "queue" }, RetryPolicy = new(),
        },
    });
}
