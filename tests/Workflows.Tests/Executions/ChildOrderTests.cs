using Flagstone.Workflows.Children;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Google.Protobuf;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Tests.Executions;

/// <summary>Which events children and external executions write, in which order, and which messages go with them.</summary>
public sealed class ChildOrderTests
{
    private const string First = "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted";

    private static readonly HistoryEvent Completed = new()
    {
        EventType = EventType.WorkflowExecutionCompleted, WorkflowExecutionCompletedEventAttributes = new(),
    };

    [Fact]
    public void A_child_is_initiated_then_started_and_only_then_let_to_begin()
    {
        var steps = new Steps().StartTask().Complete(Child("c"));
        Assert.Equal($"{First} StartChildWorkflowExecutionInitiated", steps.Types);
        var start = Assert.Single(steps.Sent);
        Assert.Equal((OutboxKind.Start, "c", ChildRules.RunIdOf("run", 5)), (start.Key.Kind, start.Target, start.TargetRun));

        steps.Do(c => Assert.True(Settling.Apply(c, Delivery(steps, start), Receipt.Done)));

        Assert.EndsWith("StartChildWorkflowExecutionInitiated ChildWorkflowExecutionStarted WorkflowTaskScheduled", steps.Types, StringComparison.Ordinal);
        Assert.Equal([start.Key], steps.Settled);
        Assert.Equal([OutboxKind.Begin], steps.Sent.Select(m => m.Key.Kind));
        // The same answer again changes nothing.
        steps.Do(c => Assert.False(Settling.Apply(c, Delivery(steps, start), Receipt.Done)));
    }

    [Fact]
    public void The_end_of_a_child_goes_behind_other_buffered_events_and_knows_its_start()
    {
        var steps = new Steps().StartTask().Complete(Child("c"));
        var start = steps.Sent.Single();
        steps.Signal("wakes").StartTask();

        steps.Do(c => Settling.Apply(c, Delivery(steps, start), Receipt.Done)).Do(c => ChildRules.Closed(c, c.Run.Children[5], "last", "Any", Completed));
        steps.Signal("later").Complete();

        Assert.EndsWith(
            "WorkflowTaskCompleted ChildWorkflowExecutionStarted WorkflowExecutionSignaled ChildWorkflowExecutionCompleted WorkflowTaskScheduled",
            steps.Types, StringComparison.Ordinal);
        var started = steps.Events.Single(e => e.EventType == EventType.ChildWorkflowExecutionStarted);
        var end = steps.Events[^2].ChildWorkflowExecutionCompletedEventAttributes;
        Assert.Equal((5L, started.EventId), (end.InitiatedEventId, end.StartedEventId));
        Assert.Empty(steps.Run.Children);
    }

    [Fact]
    public void A_start_that_was_flushed_is_known_to_an_end_that_comes_later()
    {
        var steps = new Steps().StartTask().Complete(Child("c"));
        var start = steps.Sent.Single();
        steps.Signal("wakes").StartTask().Do(c => Settling.Apply(c, Delivery(steps, start), Receipt.Done)).Complete();

        steps.Do(c => ChildRules.Closed(c, c.Run.Children[5], "last", "Any", Completed));

        var started = steps.Events.Single(e => e.EventType == EventType.ChildWorkflowExecutionStarted);
        Assert.Equal(started.EventId, steps.Events[^1].ChildWorkflowExecutionCompletedEventAttributes.StartedEventId);
    }

    [Fact]
    public void An_end_that_comes_before_the_record_of_the_start_writes_both()
    {
        var steps = new Steps().StartTask().Complete(Child("c"));
        var start = steps.Sent.Single();

        steps.Do(c => ChildRules.Closed(c, c.Run.Children[5], "last", "Any", Completed));

        Assert.EndsWith("ChildWorkflowExecutionStarted WorkflowTaskScheduled ChildWorkflowExecutionCompleted", steps.Types, StringComparison.Ordinal);
        Assert.Contains(start.Key, steps.Settled);
    }

    [Fact]
    public void A_child_takes_no_step_before_its_parent_lets_it()
    {
        var child = Begun();
        child.Signal("early");
        Assert.Equal("WorkflowExecutionStarted WorkflowExecutionSignaled", child.Types);

        child.Do(c => Assert.Equal(Receipt.Done, Receiving.Apply(c, ToChild(OutboxKind.Begin), Initiated(ParentClosePolicy.Terminate))));

        Assert.Equal("WorkflowExecutionStarted WorkflowExecutionSignaled WorkflowTaskScheduled", child.Types);
        child.Do(c => Assert.Equal(Receipt.Needless, Receiving.Apply(c, ToChild(OutboxKind.Begin), Initiated(ParentClosePolicy.Terminate))));
    }

    [Theory]
    [InlineData(ParentClosePolicy.Terminate, "WorkflowExecutionStarted WorkflowExecutionTerminated")]
    [InlineData(ParentClosePolicy.RequestCancel, "WorkflowExecutionStarted WorkflowExecutionCancelRequested WorkflowTaskScheduled")]
    [InlineData(ParentClosePolicy.Abandon, "WorkflowExecutionStarted WorkflowTaskScheduled")]
    public void A_child_whose_parent_ended_before_it_recorded_the_start_does_not_wait_for_ever(ParentClosePolicy policy, string events)
    {
        var child = Begun();

        child.Do(c => Assert.Equal(Receipt.Done, Receiving.Apply(c, ToChild(OutboxKind.ParentClosed), Initiated(policy))));

        Assert.Equal(events, child.Types);
        Assert.Equal([ToChild(OutboxKind.ParentClosed).Key], child.Settled);
    }

    [Fact]
    public void The_end_of_a_run_takes_back_what_is_under_way_and_tells_its_children()
    {
        var abandoned = Child("abandoned", ParentClosePolicy.Abandon);
        var steps = new Steps().StartTask().Complete(Child("started"), abandoned, Child("starting"), Signal("other"));
        var starts = steps.Sent.ToDictionary(m => m.Target);
        steps.Do(c => Settling.Apply(c, Delivery(steps, starts["started"]), Receipt.Done));
        steps.Do(c => Settling.Apply(c, Delivery(steps, starts["abandoned"]), Receipt.Done));

        steps.Do(c => Closing.Terminate(c, "enough", null, "admin"));

        Assert.Equal(["started", "starting"], steps.Sent.Where(m => m.Key.Kind == OutboxKind.ParentClosed).Select(m => m.Target));
        Assert.Contains(starts["starting"].Key, steps.Settled);
        Assert.Contains(starts["other"].Key, steps.Settled);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Only_the_last_run_of_a_child_tells_the_parent(bool isLast)
    {
        var child = Begun().Do(c => Receiving.Apply(c, ToChild(OutboxKind.Begin), Initiated(ParentClosePolicy.Terminate))).StartTask();

        child.Complete(isLast
            ? new Command { CommandType = CommandType.CompleteWorkflowExecution, CompleteWorkflowExecutionCommandAttributes = new() }
            : new Command { CommandType = CommandType.ContinueAsNewWorkflowExecution, ContinueAsNewWorkflowExecutionCommandAttributes = new() });

        Assert.Equal(isLast ? [("parent", "parent-run", OutboxKind.Closed)] : [], child.Sent.Select(m => (m.Target, m.TargetRun, m.Key.Kind)));
        Assert.Equal(isLast ? null : "parent", child.Follower?.Run.Parent?.WorkflowId);
        Assert.NotEqual(true, child.Follower?.Run.AwaitsParent);
    }

    [Fact]
    public void Another_namespace_is_not_found()
    {
        var (child, signal, cancel) = (Child("c"), Signal("s"), Cancel("x"));
#pragma warning disable CS0612 // SDKs name the namespace, though the API calls that old.
        child.StartChildWorkflowExecutionCommandAttributes.Namespace = "other";
        signal.SignalExternalWorkflowExecutionCommandAttributes.Namespace = "other";
        cancel.RequestCancelExternalWorkflowExecutionCommandAttributes.Namespace = "other";
#pragma warning restore CS0612

        var steps = new Steps().StartTask().Complete(child, signal, cancel);

        Assert.Equal(
            $"{First} StartChildWorkflowExecutionInitiated SignalExternalWorkflowExecutionInitiated RequestCancelExternalWorkflowExecutionInitiated "
            + "StartChildWorkflowExecutionFailed SignalExternalWorkflowExecutionFailed RequestCancelExternalWorkflowExecutionFailed WorkflowTaskScheduled",
            steps.Types);
        Assert.Equal(StartChildWorkflowExecutionFailedCause.NamespaceNotFound, steps.Events[7].StartChildWorkflowExecutionFailedEventAttributes.Cause);
        Assert.Empty(steps.Sent);
    }

    [Theory]
    [InlineData("Done", EventType.ExternalWorkflowExecutionSignaled)]
    [InlineData("NotFound", EventType.SignalExternalWorkflowExecutionFailed)]
    [InlineData("TooMany", EventType.SignalExternalWorkflowExecutionFailed)]
    public void A_signal_to_another_execution_is_answered_once(string what, EventType type)
    {
        var receipt = System.Enum.Parse<Receipt>(what);
        var steps = new Steps().StartTask().Complete(Signal("other"));
        var message = steps.Sent.Single();

        steps.Do(c => Assert.True(Settling.Apply(c, Delivery(steps, message), receipt)));

        Assert.Equal(type, steps.Events[5].EventType);
        Assert.Equal([message.Key], steps.Settled);
        steps.Do(c => Assert.False(Settling.Apply(c, Delivery(steps, message), receipt)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_is_told_of_as_a_child_must_be_one(bool childOnly)
    {
        var receipt = childOnly ? Receipt.NotFound : Receipt.Done;
        var stranger = new Steps();
        var about = new HistoryEvent { SignalExternalWorkflowExecutionInitiatedEventAttributes = new() { SignalName = "s", ChildWorkflowOnly = childOnly } };

        stranger.Do(c => Assert.Equal(receipt, Receiving.Apply(c, ToChild(OutboxKind.Signal) with { TargetRun = "" }, about)));

        Assert.Equal(receipt == Receipt.Done ? 1 : 0, stranger.Marked.Count);
    }

    [Theory]
    [InlineData(0, "BadStartChildExecutionAttributes")]
    [InlineData(1, "BadSignalWorkflowExecutionAttributes")]
    [InlineData(2, "BadRequestCancelExternalWorkflowExecutionAttributes")]
    [InlineData(3, "BadSearchAttributes")]
    [InlineData(4, "BadStartChildExecutionAttributes")]
    public void An_impossible_command_says_what_is_wrong(int which, string cause)
    {
        var unknown = Child("c");
        unknown.StartChildWorkflowExecutionCommandAttributes.SearchAttributes = new() { IndexedFields = { ["Nobodys"] = new() } };
        var never = Child("c");
        never.StartChildWorkflowExecutionCommandAttributes.CronSchedule = "never";
        Command[] commands = which switch { 0 => [Child("")], 1 => [Signal("")], 2 => [Cancel("")], 3 => [unknown], _ => [never] };

        Assert.Equal(cause, new Steps().StartTask().CompleteBadly(commands).Cause.ToString());
    }

    internal static Command Child(string id, ParentClosePolicy policy = ParentClosePolicy.Unspecified) => new()
    {
        CommandType = CommandType.StartChildWorkflowExecution,
        StartChildWorkflowExecutionCommandAttributes = new() { WorkflowId = id, WorkflowType = new() { Name = "Any" }, ParentClosePolicy = policy },
    };

    private static Command Signal(string id) => new()
    {
        CommandType = CommandType.SignalExternalWorkflowExecution,
        SignalExternalWorkflowExecutionCommandAttributes = new() { Execution = new() { WorkflowId = id }, SignalName = "s" },
    };

    private static Command Cancel(string id) => new()
    {
        CommandType = CommandType.RequestCancelExternalWorkflowExecution, RequestCancelExternalWorkflowExecutionCommandAttributes = new() { WorkflowId = id },
    };

    private static HistoryEvent Initiated(ParentClosePolicy policy) => new()
    {
        EventType = EventType.StartChildWorkflowExecutionInitiated,
        StartChildWorkflowExecutionInitiatedEventAttributes = new()
        {
            WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "queue" }, ParentClosePolicy = policy,
        },
    };

    private static Steps Begun()
    {
        var (request, origin) = Receiving.StartOf(ToChild(OutboxKind.Start), Initiated(ParentClosePolicy.Terminate));
        return new Steps(Starting.Begin(new ExecutionKey("ns", "wf"), request, "run", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), null, origin));
    }

    private static Delivery ToChild(OutboxKind kind) => new(new OutboxKey("parent-run", kind, 5), "parent", "run", [], "top", "top-run", "Any", 0);

    private static Delivery Delivery(Steps steps, OutboxMessage message) =>
        new(message.Key, "wf", message.TargetRun, steps.Events[(int)message.Key.EventId - 1].ToByteArray(), "wf", "run", "Any", 0);
}
