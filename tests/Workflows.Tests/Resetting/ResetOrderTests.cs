using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Children;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.Resetting;
using Flagstone.Workflows.Tests.Executions;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Update.V1;
using Temporalio.Api.WorkflowService.V1;
using UpdateRequest = Temporalio.Api.Update.V1.Request;

namespace Flagstone.Workflows.Tests.Resetting;

/// <summary>Which events a run has that was reset, and what is under way in it.</summary>
public sealed class ResetOrderTests
{
    private const string First = "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted";

    [Fact]
    public void The_task_at_the_point_fails_and_a_new_one_is_scheduled()
    {
        var steps = new Steps().StartTask().Complete(OrderTests.Timer("t", 5));

        var reset = Reset(steps, 4);

        Assert.Equal($"{First} WorkflowTaskFailed WorkflowTaskScheduled", Types(steps, reset));
        var failed = reset.Events[0].WorkflowTaskFailedEventAttributes;
        Assert.Equal((WorkflowTaskFailedCause.ResetWorkflow, "run", "new", 0L), (failed.Cause, failed.BaseRunId, failed.NewRunId, failed.ForkEventVersion));
        Assert.Equal((2L, 3L, "again"), (failed.ScheduledEventId, failed.StartedEventId, failed.Failure.Message));
        Assert.NotNull(failed.Failure.ResetWorkflowFailureInfo);
        Assert.Equal((4L, 6L), (reset.Events[0].EventId, reset.Run.NextEventId));
        Assert.Empty(reset.Run.Timers);
    }

    [Fact]
    public void At_the_start_of_a_task_it_is_started_to_fail()
    {
        var reset = Reset(new Steps().StartTask().Complete(), 3);

        Assert.Equal("WorkflowTaskStarted WorkflowTaskFailed WorkflowTaskScheduled", string.Join(' ', reset.Events.Select(e => e.EventType)));
        Assert.Equal(3, reset.Events[1].WorkflowTaskFailedEventAttributes.StartedEventId);
    }

    [Theory]
    [InlineData(1, "Workflow task finish ID must be > 1 && <= workflow last event ID.")]
    [InlineData(6, "Workflow task finish ID must be > 1 && <= workflow last event ID.")]
    [InlineData(2, "Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, WorkflowTaskStarted + 1]: 2")]
    [InlineData(5, "Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, WorkflowTaskStarted + 1]: 5")]
    public void Only_while_a_workflow_task_is_open_is_there_a_point_to_go_back_to(long finish, string why)
    {
        var steps = new Steps().StartTask().Complete(OrderTests.Timer("t", 5));

        var refusal = ResetRules.Refuse(steps.Run, finish) ?? ResetRules.Begin(Base(steps, finish), Request(finish), "new", steps.Now, null).Refusal;

        Assert.Equal(why, refusal!.Message);
    }

    [Fact]
    public void There_is_no_way_back_to_a_point_at_which_a_nexus_operation_is_under_way()
    {
        var steps = new Steps().StartTask().Complete()
            .Do(c => c.Add(new HistoryEvent { EventType = EventType.NexusOperationScheduled, NexusOperationScheduledEventAttributes = new() { Endpoint = "elsewhere" } }))
            .Signal("wakes").StartTask().Complete()
            .Do(c => c.Add(new HistoryEvent { EventType = EventType.NexusOperationCompleted, NexusOperationCompletedEventAttributes = new() { ScheduledEventId = 5 } }))
            .Signal("wakes again").StartTask().Complete();

        Assert.Equal(
            "The Nexus operation of event 5 is under way at this point, and a reset cannot go on with it. Reset to a point before it, or after its end.",
            ResetRules.Begin(Base(steps, 9), Request(9), "new", steps.Now, null).Refusal!.Message);
        Assert.Null(ResetRules.Begin(Base(steps, 14), Request(14), "new", steps.Now, null).Refusal);
    }

    [Fact]
    public void Activities_wait_anew_and_timers_go_on()
    {
        var steps = new Steps().StartTask().Complete(OrderTests.Activity("1"), OrderTests.Timer("t", 60)).Do(OrderTests.StartActivity)
            .Pass(TimeSpan.FromSeconds(10)).Signal("wakes").StartTask();
        var fires = steps.Run.Timers["t"].FiresAt;
        steps.Do(c => ActivityRules.Complete(c, c.Run.Activities[5], null, "worker")).Complete();

        var reset = Reset(steps, 10);

        var activity = Assert.Single(reset.Run.Activities.Values);
        Assert.Equal((steps.Now, false, 1), (activity.FirstScheduledAt, activity.IsStarted, activity.Attempt));
        Assert.Equal(fires, reset.Run.Timers["t"].FiresAt);
        Assert.Equal([5L, reset.Run.WorkflowTask!.ScheduledId], reset.Queued.Select(q => q.Task.EventId).Order());
        // The signal stands before the point: it is not told a second time.
        Assert.EndsWith("WorkflowExecutionSignaled WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskFailed WorkflowTaskScheduled", Types(steps, reset), StringComparison.Ordinal);
    }

    [Fact]
    public void An_activity_that_stands_as_started_before_the_point_fails()
    {
        var steps = new Steps().StartTask().Complete(OrderTests.Activity("1")).Do(OrderTests.StartActivity).Signal("a").StartTask();
        steps.Do(c => ActivityRules.Complete(c, c.Run.Activities[5], null, "worker")).Complete().StartTask().Complete();
        // Events so far: ... 8 completed, 9 activity started, 10 activity completed, 11 scheduled, 12 started.
        var later = steps.Events.Single(e => e.EventType == EventType.ActivityTaskStarted);
        Assert.Equal(10, later.EventId);
        var kept = steps.Events.Take(10).ToList();
        kept.Add(new HistoryEvent { EventId = 11, EventType = EventType.WorkflowTaskScheduled, EventTime = later.EventTime, WorkflowTaskScheduledEventAttributes = new() { TaskQueue = new() { Name = "queue" } } });

        var (reset, refusal) = ResetRules.Begin(new ResetBase(steps.Run, "run", kept, HistoryDigest.Empty, [], []), Request(12), "new", steps.Now, null);

        Assert.Null(refusal);
        Assert.Equal("WorkflowTaskStarted WorkflowTaskFailed ActivityTaskFailed WorkflowTaskScheduled", string.Join(' ', reset.Events.Select(e => e.EventType)));
        var failed = reset.Events[2].ActivityTaskFailedEventAttributes;
        Assert.Equal((5L, 10L, RetryState.NonRetryableFailure), (failed.ScheduledEventId, failed.StartedEventId, failed.RetryState));
        Assert.Empty(reset.Run.Activities);
    }

    [Theory]
    [InlineData(ResetReapplyType.Unspecified, null, "signal update cancel")]
    [InlineData(ResetReapplyType.AllEligible, null, "signal update cancel")]
    [InlineData(ResetReapplyType.Signal, null, "signal")]
    [InlineData(ResetReapplyType.None, null, "")]
    [InlineData(ResetReapplyType.Unspecified, ResetReapplyExcludeType.Signal, "update cancel")]
    [InlineData(ResetReapplyType.Unspecified, ResetReapplyExcludeType.Update, "signal cancel")]
    public void What_came_later_is_told_again_but_for_what_is_excluded(ResetReapplyType type, ResetReapplyExcludeType? without, string told)
    {
        var steps = Told();

        var reset = Reset(steps, 4, request =>
        {
#pragma warning disable CS0612 // Older clients say it this way.
            request.ResetReapplyType = type;
#pragma warning restore CS0612
            request.ResetReapplyExcludeTypes.Add(without is { } one ? [one] : []);
        });

        Assert.Equal(told, string.Join(' ', reset.Events.Skip(1).SkipLast(1).Select(e => e.EventType switch
        {
            EventType.WorkflowExecutionSignaled => "signal",
            EventType.WorkflowExecutionUpdateAdmitted => "update",
            EventType.WorkflowExecutionCancelRequested => "cancel",
            _ => $"{e.EventType}",
        })));
        Assert.Equal(told.Contains("update", StringComparison.Ordinal) ? ["u"] : [], reset.Run.AdmittedUpdates);
        Assert.Equal(told.Contains("cancel", StringComparison.Ordinal), reset.Run.CancelRequested);
    }

    [Fact]
    public void An_update_that_is_told_again_is_told_once_more_by_a_second_reset()
    {
        var once = Told();
        var reset = Reset(once, 4);
        List<HistoryEvent> all = [.. once.Events.Take(3), .. reset.Events];

        var (again, _) = ResetRules.Begin(new ResetBase(reset.Run, "run", [.. all.Take(3)], HistoryDigest.Empty, [.. all.Skip(3)], []), Request(4), "third", once.Now, null);

        Assert.Equal(
            "WorkflowTaskFailed WorkflowExecutionSignaled WorkflowExecutionUpdateAdmitted WorkflowExecutionCancelRequested WorkflowTaskScheduled",
            string.Join(' ', again.Events.Select(e => e.EventType)));
        Assert.Equal(UpdateAdmittedEventOrigin.Reapply, again.Events[2].WorkflowExecutionUpdateAdmittedEventAttributes.Origin);
    }

    [Fact]
    public void A_child_of_before_the_point_is_kept_with_what_the_base_has_learnt_of_it()
    {
        var steps = new Steps().StartTask().Complete(ChildOrderTests.Child("early"), ChildOrderTests.Child("done"));
        steps.Do(c => ChildRules.Started(c, c.Run.Children[5], null)).Do(c => ChildRules.Started(c, c.Run.Children[6], null)).StartTask();
        var finish = steps.Run.NextEventId;
        var last = new HistoryEvent { EventType = EventType.WorkflowExecutionCompleted, WorkflowExecutionCompletedEventAttributes = new() };
        steps.Complete(ChildOrderTests.Child("late")).Do(c => ChildRules.Closed(c, c.Run.Children[6], "last", "Any", last));

        var reset = Reset(steps, finish);

        var kept = Assert.Single(reset.Run.Children.Values);
        Assert.Equal(("early", "run", ChildRules.RunIdOf("run", 5)), (kept.WorkflowId, kept.ParentRunId, kept.RunId));
        var ended = reset.Events.Single(e => e.EventType == EventType.ChildWorkflowExecutionCompleted).ChildWorkflowExecutionCompletedEventAttributes;
        var started = steps.Events.Single(e => e.ChildWorkflowExecutionStartedEventAttributes?.InitiatedEventId == 6);
        Assert.Equal((6L, started.EventId), (ended.InitiatedEventId, ended.StartedEventId));
        Assert.Empty(reset.Sent);
        Assert.Equal([$"{kept.Type}:late"], reset.Run.ReplacedChildren);
        // Its end is addressed to the run that started it.
        var told = new Delivery(new OutboxKey(kept.RunId, OutboxKind.Closed, 9), "early", "run", [], "", "", "Any", 5);
        Assert.Equal(Receipt.Done, Receiving.Apply(reset, told, last));
    }

    [Fact]
    public void A_child_whose_start_nobody_has_answered_is_asked_for_again_by_the_same_name()
    {
        var steps = new Steps().StartTask().Complete(new RespondWorkflowTaskCompletedRequest { Commands = { ChildOrderTests.Child("c") }, ForceCreateNewWorkflowTask = true });
        steps.StartTask().Complete();

        var reset = Reset(steps, 8);

        var start = Assert.Single(reset.Sent);
        Assert.Equal((new OutboxKey("new", OutboxKind.Start, 5), ChildRules.RunIdOf("run", 5)), (start.Key, start.TargetRun));
    }

    [Fact]
    public void A_run_that_ends_by_a_reset_tells_neither_its_children_nor_its_parent()
    {
        var steps = new Steps().StartTask().Complete(ChildOrderTests.Child("c"));
        steps.Do(c => ChildRules.Started(c, c.Run.Children[5], null)).Do(c =>
        {
            c.IsReset = true;
            Closing.Terminate(c, "again", null, "");
        });

        Assert.Empty(steps.Sent);
        Assert.Equal(WorkflowExecutionStatus.Terminated, steps.Run.Status);
    }

    /// <summary>A run that was told things behind its first workflow task.</summary>
    private static Steps Told()
    {
        var accepted = new Acceptance { AcceptedRequest = new UpdateRequest { Meta = new Meta { UpdateId = "u" } } };
        var steps = new Steps().StartTask().Complete().Signal("s").StartTask().Complete(new RespondWorkflowTaskCompletedRequest
        {
            Messages = { new Message { Id = "m", ProtocolInstanceId = "u", Body = Any.Pack(accepted) } },
        });
        return steps.Do(c => Signalling.RequestCancel(c, "enough", "tester"));
    }

    private static ResetWorkflowExecutionRequest Request(long finish) => new() { WorkflowTaskFinishEventId = finish, Reason = "again", RequestId = "request" };

    private static ResetBase Base(Steps steps, long finish) => new(
        steps.Run, "run", [.. steps.Events.Where(e => e.EventId < finish)], HistoryDigest.Empty,
        [.. steps.Events.Where(e => e.EventId >= finish && Reapplying.Concerns(e))], []);

    private static RunChange Reset(Steps steps, long finish, Action<ResetWorkflowExecutionRequest>? set = null)
    {
        var request = Request(finish);
        set?.Invoke(request);
        var (change, refusal) = ResetRules.Begin(Base(steps, finish), request, "new", steps.Now, null);
        Assert.Null(refusal);
        return change;
    }

    private static string Types(Steps steps, RunChange reset) =>
        string.Join(' ', steps.Events.Take((int)reset.Copied!.Last).Concat(reset.Events).Select(e => e.EventType));
}
