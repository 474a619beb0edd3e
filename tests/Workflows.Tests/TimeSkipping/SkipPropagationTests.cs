using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.Resetting;
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

/// <summary>What of a run's skipped time others get: runs that follow it, children, a reset, and who waits for a fast-forward.</summary>
public sealed class SkipPropagationTests
{
    private const int Day = 24 * 60 * 60;

    private static readonly TimeSpan NoTime = TimeSpan.Zero;

    [Fact]
    public void The_runs_of_a_chain_go_on_with_the_clock_the_session_and_the_fast_forward()
    {
        var steps = SkipOrderTests.Started(c => c.FastForwardConfig = SkipOrderTests.Forward("f", TimeSpan.FromDays(30)))
            .StartTask().Complete(Timer("t", Day)).Pass(NoTime).StartTask();

        steps.Complete(new Command
        {
            CommandType = CommandType.ContinueAsNewWorkflowExecution,
            ContinueAsNewWorkflowExecutionCommandAttributes = new() { WorkflowType = new() { Name = "Any" } },
        });

        var next = steps.Follower!.Run;
        Assert.Equal((TimeSpan.FromDays(1), TimeSpan.FromDays(1), 1), (next.TimeSkipping!.Skipped, next.TimeSkipping.Initial, next.TimeSkipping.Skips));
        Assert.Equal(steps.Now.AddDays(1), next.StartedAt);
        var started = steps.Follower.Events[0].WorkflowExecutionStartedEventAttributes;
        Assert.Equal(steps.Run.TimeSkipping!.Config, started.TimeSkippingConfig);
        Assert.Equal(
            (TimeSpan.FromDays(1), 1, steps.Run.StartedAt.AddDays(30)),
            (started.TimeSkippingStatePropagation.InitialSkippedDuration.ToTimeSpan(), started.TimeSkippingStatePropagation.InitialSkipCount,
                started.TimeSkippingStatePropagation.FastForwardTargetTime.ToDateTimeOffset()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_child_begins_at_its_parents_time_and_skips_unless_that_is_not_handed_on(bool isKept)
    {
        var steps = SkipOrderTests.Started(c => (c.DisablePropagation, c.FastForwardConfig) = (isKept, SkipOrderTests.Forward("f", TimeSpan.FromDays(30))))
            .StartTask().Complete(Timer("t", Day)).Pass(NoTime).StartTask();
        steps.Complete(new Command
        {
            CommandType = CommandType.StartChildWorkflowExecution,
            StartChildWorkflowExecutionCommandAttributes = new() { WorkflowId = "c", WorkflowType = new() { Name = "Any" } },
        });
        var initiated = steps.Events[^1];

        var (request, origin) = Receiving.StartOf(new(steps.Sent[0].Key, "wf", "child-run", [], "wf", "run", "Any", 0), initiated);
        var child = Starting.Begin(new ExecutionKey("ns", "c"), request, "child-run", steps.Now, null, origin);

        Assert.Equal(steps.Now.AddDays(1), child.Run.StartedAt);
        Assert.Equal(steps.Now, RunTime.WallAtStart(child.Run, child.Run.StartedAt));
        Assert.Equal(isKept ? null : new TimeSkippingConfig { Enabled = true }, child.Run.TimeSkipping!.Config);
        Assert.Null(child.Run.TimeSkipping.FastForward);
        Assert.Equal(isKept, SkipDescription.Of(child.Run, steps.Now) is null);
        var started = child.Events[0].WorkflowExecutionStartedEventAttributes;
        var handedOn = new TimeSkippingStatePropagation { InitialSkippedDuration = Duration.FromTimeSpan(TimeSpan.FromDays(1)) };
        Assert.Equal(handedOn, started.TimeSkippingStatePropagation);
    }

    [Fact]
    public void A_run_that_is_reset_keeps_what_was_skipped()
    {
        var steps = SkipOrderTests.Started().StartTask().Complete(Timer("t", Day)).Pass(NoTime).StartTask().Complete(Timer("u", Day));
        var finish = steps.Events.Last(e => e.EventType == EventType.WorkflowTaskCompleted).EventId;
        var from = new ResetBase(steps.Run, "run", [.. steps.Events.Where(e => e.EventId < finish)], HistoryDigest.Empty, [], []);

        var (reset, refusal) = ResetRules.Begin(
            from, new ResetWorkflowExecutionRequest { WorkflowTaskFinishEventId = finish, Reason = "again", RequestId = "request" }, "new", steps.Now, null);

        Assert.Null(refusal);
        Assert.Equal(TimeSpan.FromDays(1), reset.Run.TimeSkipping!.Skipped);
        Assert.Equal(steps.Now.AddDays(1), reset.Run.StartedAt);
        Assert.Equal(steps.Now.AddDays(1), reset.Events[0].EventTime.ToDateTimeOffset());
    }

    [Fact]
    public void Who_waits_for_a_fast_forward_is_told_why_it_cannot_be_complete()
    {
        var forward = new FastForwardState("f", TimeSpan.FromDays(1), DateTimeOffset.UnixEpoch, HasCompleted: false);
        var state = new TimeSkippingState { Config = new() { Enabled = true, MaxSessionSkipCount = 2 }, FastForward = forward };

        Assert.Null(FastForwardPolls.Answer(state, forward, "f", true));
        Assert.Contains("'g' is waited for", Reason(state, "g", true), StringComparison.Ordinal);
        Assert.Contains("has no fast-forward", Reason(state with { FastForward = null }, "f", true), StringComparison.Ordinal);
        Assert.Contains("ended before", Reason(state, "f", false), StringComparison.Ordinal);
        Assert.Contains("has skipped 2 times", Reason(state with { Skips = 2 }, "f", true), StringComparison.Ordinal);
        var later = state with { FastForward = forward with { Target = DateTimeOffset.MaxValue } };
        Assert.Contains("asked for again", Reason(later, "f", true), StringComparison.Ordinal);

        string Reason(TimeSkippingState of, string id, bool isRunning)
        {
            var answer = FastForwardPolls.Answer(of, forward, id, isRunning)!;
            Assert.Equal(FastForwardPollingResult.FastForwardFailed, answer.FastForwardPollingResult);
            return answer.FailedReason;
        }
    }
}
