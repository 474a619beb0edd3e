using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Schedules;
using Flagstone.Workflows.Schedules.Specs;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Schedule.V1;
using ScheduleState = Flagstone.Workflows.Schedules.ScheduleState;

namespace Flagstone.Workflows.Tests.Schedules;

/// <summary>What a schedule decides as time passes and runs end. Pure; each step's state goes through its stored form.</summary>
public sealed class OverlapTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private ScheduleState state = New(new SchedulePolicies());
    private DateTimeOffset now = Start;

    private string Running => string.Join(' ', state.Running.Select(r => r.WorkflowId[^9..^4]));

    [Theory]
    [InlineData(ScheduleOverlapPolicy.Unspecified, "00:01", 0, 2, "")]
    [InlineData(ScheduleOverlapPolicy.Skip, "00:01", 0, 2, "")]
    [InlineData(ScheduleOverlapPolicy.BufferOne, "00:01", 1, 1, "00:02")]
    [InlineData(ScheduleOverlapPolicy.BufferAll, "00:01", 2, 0, "00:02")]
    [InlineData(ScheduleOverlapPolicy.CancelOther, "00:01", 1, 1, "00:03")]
    [InlineData(ScheduleOverlapPolicy.TerminateOther, "00:01", 1, 1, "00:03")]
    [InlineData(ScheduleOverlapPolicy.AllowAll, "00:01 00:02 00:03", 0, 0, "00:02 00:03")]
    public void Times_that_come_while_a_run_is_open_do_as_the_policy_says(
        ScheduleOverlapPolicy policy, string running, int buffered, int skipped, string next)
    {
        state = New(new SchedulePolicies { OverlapPolicy = policy });

        Pass(1).Pass(1).Pass(1);

        Assert.Equal((running, buffered, skipped), (Running, state.Buffer.Count, state.Skipped));
        End(EventType.WorkflowExecutionCompleted);
        Assert.Equal(next, Running);
    }

    [Theory]
    [InlineData(ScheduleOverlapPolicy.CancelOther, StopKind.Cancel)]
    [InlineData(ScheduleOverlapPolicy.TerminateOther, StopKind.Terminate)]
    [InlineData(ScheduleOverlapPolicy.BufferAll, StopKind.None)]
    public void A_run_that_is_in_the_way_is_ended_by_two_policies(ScheduleOverlapPolicy policy, object stop)
    {
        state = New(new SchedulePolicies { OverlapPolicy = policy });

        Pass(1).Pass(1);

        Assert.Equal(stop, Assert.Single(state.Running).Stop);
    }

    [Fact]
    public void A_run_that_is_started_keeps_no_result_of_the_one_before()
    {
        var run = new ScheduledRun { WorkflowId = "wf", RunId = "run", Nominal = Start, At = Start, LastResult = new(), LastFailure = new() };

        ScheduleRules.Started(state, run, now);

        Assert.Null(run.LastResult);
        Assert.Null(run.LastFailure);
    }

    [Fact]
    public void Times_missed_for_less_than_the_window_are_caught_up()
    {
        state = New(new SchedulePolicies { OverlapPolicy = ScheduleOverlapPolicy.AllowAll, CatchupWindow = Duration.FromTimeSpan(TimeSpan.FromMinutes(3)) });

        Pass(10);

        Assert.Equal(("00:07 00:08 00:09 00:10", 6), (Running, state.Missed));
    }

    [Fact]
    public void A_window_is_ten_seconds_at_least()
    {
        state = New(new SchedulePolicies { CatchupWindow = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) });
        now += TimeSpan.FromSeconds(69);

        Pass(0);

        Assert.Equal(("00:01", 0), (Running, state.Missed));
    }

    [Fact]
    public void What_is_due_in_a_pause_is_not_made_good()
    {
        Patch(new SchedulePatch { Pause = "Holidays." });
        Pass(5);
        Patch(new SchedulePatch { Unpause = "Back." });

        Assert.Empty(state.Running);
        Pass(1);
        Assert.Equal("00:06", Running);
        Assert.Equal("Back.", state.Schedule.State.Notes);
    }

    [Fact]
    public void Only_so_many_actions_are_taken_as_remain_and_a_trigger_is_none_of_them()
    {
        state = New(new SchedulePolicies { OverlapPolicy = ScheduleOverlapPolicy.AllowAll });
        (state.Schedule.State.LimitedActions, state.Schedule.State.RemainingActions) = (true, 2);

        Pass(1);
        now += TimeSpan.FromSeconds(5);
        Patch(new SchedulePatch { TriggerImmediately = new TriggerImmediatelyRequest() });
        Pass(9);

        Assert.Equal((3, 0L), (state.Running.Count, state.Schedule.State.RemainingActions));
        Assert.Null(ScheduleRules.Due(Settled(), Times));
    }

    [Fact]
    public void A_backfill_acts_for_both_its_ends()
    {
        Patch(new SchedulePatch
        {
            BackfillRequest =
            {
                new BackfillRequest
                {
                    StartTime = Timestamp.FromDateTimeOffset(Start.AddHours(-1)), EndTime = Timestamp.FromDateTimeOffset(Start.AddHours(-1).AddMinutes(2)),
                    OverlapPolicy = ScheduleOverlapPolicy.AllowAll,
                },
            },
        });

        Assert.Equal("23:00 23:01 23:02", Running);
    }

    [Fact]
    public void A_backfill_longer_than_the_buffer_goes_on_when_there_is_room()
    {
        Patch(new SchedulePatch
        {
            BackfillRequest =
            {
                new BackfillRequest
                {
                    StartTime = Timestamp.FromDateTimeOffset(Start.AddDays(-2)), EndTime = Timestamp.FromDateTimeOffset(Start.AddDays(-1)),
                    OverlapPolicy = ScheduleOverlapPolicy.BufferAll,
                },
            },
        });

        var acted = 0;
        for (; state.Running.Count > 0; acted++)
        {
            End(EventType.WorkflowExecutionCompleted);
        }

        Assert.Equal((1_441, 0, 0L), (acted, state.Backfills.Count, state.Dropped));
    }

    [Fact]
    public void A_run_gets_the_last_result_and_why_the_last_one_failed()
    {
        Pass(1);
        End(EventType.WorkflowExecutionCompleted);
        Pass(1);
        End(EventType.WorkflowExecutionFailed);
        Pass(1);

        var run = Assert.Single(state.Running);
        Assert.Equal("done", run.LastResult!.Payloads_[0].Data.ToStringUtf8());
        Assert.Equal("It broke.", run.LastFailure!.Message);
        End(EventType.WorkflowExecutionCompleted);
        Assert.Null(state.LastFailure);
    }

    [Theory]
    [InlineData(EventType.WorkflowExecutionFailed, true)]
    [InlineData(EventType.WorkflowExecutionTimedOut, true)]
    [InlineData(EventType.WorkflowExecutionCanceled, false)]
    [InlineData(EventType.WorkflowExecutionTerminated, false)]
    public void A_failure_pauses_the_schedule_that_says_so(EventType end, bool pauses)
    {
        state = New(new SchedulePolicies { PauseOnFailure = true });

        Pass(1);
        End(end);

        Assert.Equal(pauses, state.IsPaused);
    }

    [Fact]
    public void The_end_of_a_run_is_told_once_and_may_come_before_the_answer_of_its_start()
    {
        Pass(1);
        var run = Assert.Single(state.Running);

        Assert.True(ScheduleRules.Closed(state, run.RunId, Last(EventType.WorkflowExecutionCompleted), now));
        Assert.False(ScheduleRules.Closed(state, run.RunId, Last(EventType.WorkflowExecutionCompleted), now));

        Assert.Equal((1L, WorkflowExecutionStatus.Completed), (state.Actions, Assert.Single(state.Recent).StartWorkflowStatus));
    }

    [Fact]
    public void Jitter_delays_the_action_and_not_the_name()
    {
        state = New(new SchedulePolicies());
        state.Schedule.Spec.Jitter = Duration.FromTimeSpan(TimeSpan.FromSeconds(50));
        var at = Times.Next(Start)!.Value.At;

        now = at.AddTicks(-1);
        Pass(0);
        Assert.Equal(now < Start.AddMinutes(1) ? null : at, state.Buffer.Count > 0 ? ScheduleRules.Due(state, Times) : null);
        Assert.Empty(state.Running);
        now = at;
        Pass(0);

        Assert.Equal("00:01", Running);
    }

    private ScheduleTimes Times => new(state.Schedule.Spec, "seed");

    private static ScheduleState New(SchedulePolicies policies) => new()
    {
        Namespace = "ns",
        NamespaceName = "default",
        Id = "schedule",
        Uid = "uid",
        CreatedAt = Start,
        Processed = Start,
        Schedule = new Schedule
        {
            Spec = SpecReader.Read(new ScheduleSpec { CronString = { "@every 1m" } }),
            Action = new ScheduleAction { StartWorkflow = new() { WorkflowId = "wf", WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "queue" } } },
            Policies = policies,
            State = new Temporalio.Api.Schedule.V1.ScheduleState(),
        },
    };

    private static HistoryEvent Last(EventType type) => new()
    {
        EventType = type,
        WorkflowExecutionCompletedEventAttributes = type != EventType.WorkflowExecutionCompleted ? null
            : new() { Result = new() { Payloads_ = { new Temporalio.Api.Common.V1.Payload { Data = Google.Protobuf.ByteString.CopyFromUtf8("done") } } } },
    };

    private OverlapTests Pass(int minutes)
    {
        now += TimeSpan.FromMinutes(minutes);
        state = StateCodec.Read<ScheduleState>(StateCodec.Write(state));
        ScheduleRules.Advance(state, Times, now);
        return this;
    }

    private void Patch(SchedulePatch patch)
    {
        ScheduleRules.Advance(state, Times, now);
        Assert.Null(ScheduleRules.Patch(state, patch, now));
        ScheduleRules.Advance(state, Times, now);
    }

    /// <summary>Ends the run that has been there for longest.</summary>
    private void End(EventType type)
    {
        var last = Last(type);
        if (type == EventType.WorkflowExecutionFailed)
        {
            last.WorkflowExecutionFailedEventAttributes = new() { Failure = new() { Message = "It broke." } };
        }

        Assert.True(ScheduleRules.Closed(state, state.Running[0].RunId, last, now));
        ScheduleRules.Advance(state, Times, now);
    }

    private ScheduleState Settled()
    {
        foreach (var run in state.Running)
        {
            ScheduleRules.Started(state, run, now);
        }

        return state;
    }
}
