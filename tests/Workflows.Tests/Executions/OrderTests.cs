using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Tests.Executions;

/// <summary>Which events a run writes, and in which order.</summary>
public sealed class OrderTests
{
    private const string First = "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted";

    [Fact]
    public void A_marker_keeps_its_details()
    {
        var marker = new RecordMarkerCommandAttributes { MarkerName = "patch", Details = { ["id"] = new Payloads { Payloads_ = { new Payload() } } } };

        var steps = new Steps().StartTask().Complete(new Command { CommandType = CommandType.RecordMarker, RecordMarkerCommandAttributes = marker });

        Assert.Equal(marker.Details, steps.Events[^1].MarkerRecordedEventAttributes.Details);
    }

    [Fact]
    public void What_comes_while_a_task_is_open_stands_behind_what_it_decides()
    {
        var steps = new Steps().StartTask().Signal("a").Signal("b").Complete(Timer("t", 5));

        Assert.Equal($"{First} WorkflowTaskCompleted TimerStarted WorkflowExecutionSignaled WorkflowExecutionSignaled WorkflowTaskScheduled", steps.Types);
        Assert.Equal(["a", "b"], steps.Events.Where(e => e.WorkflowExecutionSignaledEventAttributes is not null).Select(e => e.WorkflowExecutionSignaledEventAttributes.SignalName));
        Assert.Equal(Enumerable.Range(1, 8).Select(i => (long)i), steps.Events.Select(e => e.EventId));
    }

    [Fact]
    public void The_end_of_an_activity_goes_behind_other_buffered_events_and_knows_its_start()
    {
        var steps = new Steps().StartTask().Complete(Activity("1")).Do(StartActivity).Signal("wakes").StartTask();

        steps.Do(c => ActivityRules.Complete(c, c.Run.Activities[5], null, "worker")).Signal("later").Complete();

        Assert.EndsWith("WorkflowTaskCompleted ActivityTaskStarted WorkflowExecutionSignaled ActivityTaskCompleted WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
        var (started, completed) = (steps.Events.Single(e => e.EventType == EventType.ActivityTaskStarted), steps.Events.Single(e => e.EventType == EventType.ActivityTaskCompleted));
        Assert.Equal(started.EventId, completed.ActivityTaskCompletedEventAttributes.StartedEventId);
    }

    [Fact]
    public void A_workflow_does_not_end_before_it_has_seen_what_came()
    {
        var steps = new Steps().StartTask().Signal("unseen");

        var failure = steps.CompleteBadly(new Command { CommandType = CommandType.CompleteWorkflowExecution, CompleteWorkflowExecutionCommandAttributes = new() });

        Assert.Equal(WorkflowTaskFailedCause.UnhandledCommand, failure.Cause);
        steps.Do(c => WorkflowTaskRules.Fail(c, failure.Cause, null, "worker"));
        Assert.Equal($"{First} WorkflowTaskFailed WorkflowExecutionSignaled WorkflowTaskScheduled", steps.Types);
        Assert.Equal(1, steps.Run.WorkflowTask!.Attempt);
    }

    [Fact]
    public void The_start_of_a_task_that_is_in_memory_is_written_before_whatever_comes_next()
    {
        var steps = new Steps().HoldStart();
        Assert.Equal([3L], WorkflowTaskRules.Suffix(steps.Run).Select(e => e.EventId));
        var began = steps.Now;

        steps.Pass(TimeSpan.FromSeconds(1)).Signal("while it is open").Complete();

        Assert.Equal($"{First} WorkflowTaskCompleted WorkflowExecutionSignaled WorkflowTaskScheduled", steps.Types);
        var started = steps.Events[2];
        Assert.Equal((began, "worker", "worker"), (started.EventTime.ToDateTimeOffset(), started.Principal.Name, started.WorkflowTaskStartedEventAttributes.Identity));
        Assert.Equal(3, steps.Events[3].WorkflowTaskCompletedEventAttributes.StartedEventId);
    }

    [Fact]
    public void A_task_whose_start_was_in_memory_alone_waits_for_a_worker_again_after_a_crash()
    {
        var steps = new Steps().HoldStart().Crash();

        Assert.Equal((2L, 1, false), (steps.Run.WorkflowTask!.ScheduledId, steps.Run.WorkflowTask.Attempt, steps.Run.WorkflowTask.IsStarted));
        steps.HoldStart().Complete();
        Assert.Equal($"{First} WorkflowTaskCompleted", steps.Types);
    }

    [Fact]
    public void The_time_of_a_task_whose_start_is_in_memory_runs_out_like_that_of_any_other()
    {
        var steps = new Steps().HoldStart().Pass(TimeSpan.FromSeconds(10));

        Assert.Equal($"{First} WorkflowTaskTimedOut", steps.Types);
        Assert.Equal(2, steps.Run.WorkflowTask!.Attempt);
        Assert.False(WorkflowTaskRules.StartsInMemory(steps.Run));
    }

    [Fact]
    public void Later_attempts_of_a_task_are_written_when_one_completes()
    {
        var steps = new Steps().StartTask().Do(Fail).StartTask();
        Assert.Equal($"{First} WorkflowTaskFailed", steps.Types);
        Assert.Equal([5L, 6L], WorkflowTaskRules.Suffix(steps.Run).Select(e => e.EventId));

        steps.Do(Fail).StartTask().Complete();

        Assert.Equal($"{First} WorkflowTaskFailed WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted", steps.Types);
        Assert.Equal(3, steps.Events[4].WorkflowTaskScheduledEventAttributes.Attempt);
        Assert.Equal((5L, 6L), (steps.Events[6].WorkflowTaskCompletedEventAttributes.ScheduledEventId, steps.Events[6].WorkflowTaskCompletedEventAttributes.StartedEventId));
    }

    [Fact]
    public void A_signal_between_attempts_makes_the_next_one_a_task_of_its_own()
    {
        var steps = new Steps().StartTask().Do(Fail).Signal("news").StartTask();

        Assert.Equal($"{First} WorkflowTaskFailed WorkflowExecutionSignaled WorkflowTaskScheduled WorkflowTaskStarted", steps.Types);
        Assert.Equal(1, steps.Run.WorkflowTask!.Attempt);
    }

    [Fact]
    public void A_task_that_nobody_answers_is_given_again_later_each_time()
    {
        var steps = new Steps().StartTask().Pass(TimeSpan.FromSeconds(10));
        Assert.Equal($"{First} WorkflowTaskTimedOut", steps.Types);

        var timeouts = Enumerable.Range(2, 5).Select(attempt =>
        {
            Assert.Equal(attempt, steps.StartTask().Run.WorkflowTask!.Attempt);
            var timeout = steps.Run.WorkflowTask!.Timeout;
            steps.Pass(timeout);
            return timeout.TotalSeconds;
        }).ToList();

        Assert.Equal([10d, 10d, 15d, 20d, 30d], timeouts);
        Assert.Equal($"{First} WorkflowTaskTimedOut", steps.Types);
    }

    [Fact]
    public void A_timer_that_fired_unseen_can_still_be_cancelled()
    {
        var steps = new Steps().StartTask().Complete(Timer("t", 5)).Signal("wakes").StartTask().Pass(TimeSpan.FromSeconds(6));

        steps.Complete(new Command { CommandType = CommandType.CancelTimer, CancelTimerCommandAttributes = new() { TimerId = "t" } });

        Assert.EndsWith("WorkflowTaskCompleted TimerCanceled", steps.Types, StringComparison.Ordinal);
        Assert.DoesNotContain("TimerFired", steps.Types, StringComparison.Ordinal);
    }

    [Fact]
    public void An_activity_that_nobody_began_is_cancelled_at_once_behind_the_other_commands()
    {
        var steps = new Steps().StartTask().Complete(Activity("1")).Signal("wakes").StartTask();

        steps.Complete(
            new Command { CommandType = CommandType.RequestCancelActivityTask, RequestCancelActivityTaskCommandAttributes = new() { ScheduledEventId = 5 } }, Timer("t", 5));

        Assert.EndsWith("WorkflowTaskCompleted ActivityTaskCancelRequested TimerStarted ActivityTaskCanceled WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
        Assert.Empty(steps.Run.Activities);
    }

    [Fact]
    public void Termination_flushes_what_waits_and_is_the_last_event()
    {
        var steps = new Steps().StartTask().Signal("unseen").Do(c => Closing.Terminate(c, "enough", null, "admin"));

        Assert.Equal($"{First} WorkflowTaskFailed WorkflowExecutionSignaled WorkflowExecutionTerminated", steps.Types);
        Assert.Equal(WorkflowTaskFailedCause.ForceCloseCommand, steps.Events[3].WorkflowTaskFailedEventAttributes.Cause);
    }

    [Fact]
    public void Too_much_that_waits_ends_the_open_task()
    {
        var steps = new Steps().StartTask();
        for (var i = 0; i < EventBuffer.MaxBuffered; i++)
        {
            steps.Signal($"{i}");
        }

        Assert.Equal(EventBuffer.MaxBuffered, steps.Events.Count(e => e.EventType == EventType.WorkflowExecutionSignaled));
        Assert.False(steps.Run.WorkflowTask!.IsStarted);
        Assert.Equal(WorkflowTaskFailedCause.ForceCloseCommand, steps.Events[3].WorkflowTaskFailedEventAttributes.Cause);
    }

    [Fact]
    public void A_token_is_good_for_its_own_task_alone()
    {
        var steps = new Steps().StartTask();
        var token = steps.Token;

        Assert.True(WorkflowTaskRules.IsCurrent(steps.Run, token));
        Assert.False(WorkflowTaskRules.IsCurrent(steps.Run, token with { Stamp = "other" }));
        Assert.False(WorkflowTaskRules.IsCurrent(steps.Run, token with { Attempt = 2 }));
        Assert.False(WorkflowTaskRules.IsCurrent(steps.Run, token with { RunId = "other" }));
        Assert.False(WorkflowTaskRules.IsCurrent(steps.Do(Fail).StartTask().Run, token));
    }

    [Theory]
    [InlineData(0, "BadScheduleActivityAttributes")]
    [InlineData(1, "ScheduleActivityDuplicateId")]
    [InlineData(2, "StartTimerDuplicateId")]
    [InlineData(3, "BadCancelTimerAttributes")]
    [InlineData(4, "FeatureDisabled")]
    public void An_impossible_command_says_what_is_wrong(int which, string cause)
    {
        Command[] commands = which switch
        {
            0 => [new Command { ScheduleActivityTaskCommandAttributes = new() { ActivityId = "1", ActivityType = new() { Name = "a" } } }],
            1 => [Activity("1"), Activity("1")],
            2 => [Timer("t", 1), Timer("t", 1)],
            3 => [new Command { CancelTimerCommandAttributes = new() { TimerId = "t" } }],
            _ => [new Command()],
        };

        Assert.Equal(cause, new Steps().StartTask().CompleteBadly(commands).Cause.ToString());
    }

    internal static Command Timer(string id, int seconds) => new()
    {
        CommandType = CommandType.StartTimer,
        StartTimerCommandAttributes = new() { TimerId = id, StartToFireTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds)) },
    };

    internal static Command Activity(string id, RetryPolicy? retry = null) => new()
    {
        CommandType = CommandType.ScheduleActivityTask,
        ScheduleActivityTaskCommandAttributes = new()
        {
            ActivityId = id, ActivityType = new() { Name = "act" }, StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(30)), RetryPolicy = retry,
        },
    };

    internal static void StartActivity(RunChange change) =>
        Assert.True(ActivityRules.Start(change, change.Run.Activities.Keys.Single(), change.Run.Activities.Values.Single().Attempt, "worker", "stamp", "request"));

    private static void Fail(RunChange change) => WorkflowTaskRules.Fail(change, WorkflowTaskFailedCause.WorkflowWorkerUnhandledFailure, new Failure { Message = "no" }, "worker");
}
