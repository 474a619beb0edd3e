using Flagstone.Ui.Components;
using Flagstone.Ui.Graphs;
using Flagstone.Workflows.Console.Calls;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;
using static Flagstone.Workflows.Tests.Console.Calls.CallSamples;

namespace Flagstone.Workflows.Tests.Console.Calls;

/// <summary>Whom a run called and who called it.</summary>
public sealed class CallGraphTests
{
    private static readonly WorkflowExecutionInfo Running = Info("order", "run-1", status: WorkflowExecutionStatus.Running);

    [Fact]
    public void A_run_that_has_called_nothing_has_no_groups()
    {
        var graph = Graph(Running);

        Assert.True(graph.IsEmpty);
        Assert.Equal("order", Assert.Single(graph.Drawing.Nodes).Title);
    }

    [Fact]
    public void Activities_are_counted_by_type_and_queue_and_what_is_under_way_is_as_the_server_says_now()
    {
        var graph = Graph(Running, [
            Scheduled(5, "Pay", "money"), Scheduled(6, "Pay", "money"), Scheduled(7, "Pay", "money"), Scheduled(8, "Pay", "bank"), Scheduled(9, "Mail", "money"),
            At(10, e => e.ActivityTaskCompletedEventAttributes = new() { ScheduledEventId = 5 }),
            At(11, e => e.ActivityTaskFailedEventAttributes = new() { ScheduledEventId = 6, Failure = new Failure { Message = "no" } }),
        ],
        [
            new() { ActivityId = "7", State = PendingActivityState.Scheduled, Attempt = 3, LastFailure = new Failure { Message = "no" } },
            new() { ActivityId = "8", State = PendingActivityState.Started, Attempt = 1 },
            new() { ActivityId = "9", State = PendingActivityState.Scheduled, Attempt = 1 },
            // Its beginning lies where the history was not read.
            new()
            {
                ActivityId = "4711", ActivityType = new() { Name = "Mail" }, ActivityOptions = new() { TaskQueue = new() { Name = "money" } },
                State = PendingActivityState.Started,
            },
        ]);

        Assert.Equal(
            [
                "Activities: Pay Failed 1 failed, 1 retrying, 1 completed, on money", "Activities: Pay Running 1 running, on bank",
                "Activities: Mail Scheduled 1 scheduled, 1 running, on money",
            ],
            graph.Lines());
        Assert.Equal("/workflows/queues?namespace=shop&queue=bank", graph.Groups[0].Nodes[1].Href);
    }

    [Fact]
    public void What_was_under_way_when_the_run_closed_is_not_said_to_run()
    {
        var graph = Graph(Info("order", "run-1"), [
            Scheduled(5, "Pay", "money"), Initiated(6, "pack"),
            At(7, e => e.NexusOperationScheduledEventAttributes = new() { Service = "shop", Operation = "pay", Endpoint = "payments" }),
        ]);

        Assert.Equal(
            [
                "Children: pack Not listed Pack", "Activities: Pay Left open 1 left open, on money",
                "Nexus operations: shop/pay Left open 1 left open, at payments",
            ],
            graph.Lines());
    }

    [Fact]
    public void Children_are_as_lists_have_them_now_with_their_own_children_and_as_the_history_had_them_where_they_are_gone()
    {
        var graph = Graph(
            Running,
            [
                Initiated(5, "pack"), Started(6, 5, "pack", "pack-1"), Initiated(7, "send"), Started(8, 7, "send", "send-1"), Initiated(9, "not-begun"),
                At(10, e => e.ChildWorkflowExecutionFailedEventAttributes = new() { InitiatedEventId = 7, WorkflowExecution = Execution("send", "send-1") }),
            ],
            children: new([
                Info("pack", "pack-2", 3, WorkflowExecutionStatus.Running, "pack-1", "run-1"),
                Info("pack", "pack-1", 1, WorkflowExecutionStatus.ContinuedAsNew, "pack-1", "run-1"),
                Info("late", "late-1", 2, WorkflowExecutionStatus.TimedOut, "", "run-1"),
            ], false),
            grandchildren: new([
                Info("box", "box-1", 4, WorkflowExecutionStatus.Completed, "", "pack-2"), Info("tape", "tape-1", 1, WorkflowExecutionStatus.Failed, "", "pack-1"),
            ], false));

        Assert.Equal(
            [
                "Children: pack Running Order, 2 runs", "Children/pack: tape Failed Order", "Children/pack: box Completed Order", "Children: send Failed Pack",
                "Children: not-begun Initiated Pack", "Children: late Timed out Order",
            ],
            graph.Lines());
        Assert.Equal(["order -> pack", "order -> send", "order -> not-begun", "order -> late", "pack -> tape", "pack -> box"], graph.Ways());
        Assert.Equal(["/workflows/shop/pack-2", "/workflows/shop/send-1", ""], graph.Groups[0].Nodes.Take(3).Select(n => n.Href));
    }

    [Fact]
    public void More_children_than_can_be_drawn_are_left_out_and_counted_and_all_of_them_are_a_list_away()
    {
        const int Children = 120;
        var graph = Graph(
            Running,
            children: new([.. Enumerable.Range(0, Children).Select(i => Info($"child-{i}", $"c-{i}", i, parent: "run-1"))], false),
            grandchildren: new([.. Enumerable.Range(0, Children).Select(i => Info($"grandchild-{i}", $"g-{i}", i, parent: $"c-{i}"))], true));

        var group = Assert.Single(graph.Groups);
        Assert.Equal(Flagstone.Ui.Graphs.Graph.MaxNodes, graph.Drawing.Nodes.Count);
        Assert.Equal(Children, group.Nodes.Count);
        Assert.Equal((2 * Children) + 1 - Flagstone.Ui.Graphs.Graph.MaxNodes, group.More);
        Assert.True(group.IsCut);
        Assert.Equal("/workflows?namespace=shop&query=ParentRunId%20%3D%20%27run-1%27", group.AllHref);
    }

    [Fact]
    public void Who_was_signalled_or_asked_to_cancel_is_one_node_and_a_child_stands_there_once()
    {
        var graph = Graph(Running, [
            Initiated(5, "pack"), Started(6, 5, "pack", "pack-1"),
            Signal(7, "pack", "", "Hurry"), Signal(8, "other", "o-1", "Hurry"), Signal(9, "other", "o-1", "Hurry"),
            At(10, e => e.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes = new() { WorkflowExecution = Execution("other", "o-1") }),
            At(11, e => e.ExternalWorkflowExecutionSignaledEventAttributes = new() { InitiatedEventId = 8 }),
            At(12, e => e.SignalExternalWorkflowExecutionFailedEventAttributes = new() { InitiatedEventId = 9 }),
            Signal(13, "by-name", "", "Hello"),
            At(14, e => e.WorkflowExecutionSignaledEventAttributes = new() { SignalName = "Go", ExternalWorkflowExecution = Execution("boss", "b-1") }),
            At(15, e => e.WorkflowExecutionSignaledEventAttributes = new() { SignalName = "FromAClient" }),
        ]);

        Assert.Equal(
            [
                "Called by: boss signal Go", "Children: pack Running Pack", "Signalled, or asked to cancel: pack Sent signal Hurry",
                "Signalled, or asked to cancel: other Failed signal Hurry ×2, cancel", "Signalled, or asked to cancel: by-name Sent signal Hello",
            ],
            graph.Lines());
        Assert.Equal(
            [
                "boss --signal Go-> order", "order --signal Hurry-> pack", "order --signal Hurry ×2, cancel-> other", "order --signal Hello-> by-name",
                "order -> pack",
            ],
            graph.Ways());
        Assert.Equal("/workflows?namespace=shop&id=by-name", graph.Groups[2].Nodes[2].Href);
        Assert.Equal(
            ["order this run", "pack Child, Pack", "boss Run", "other Run", "by-name Run"], graph.Drawing.Nodes.Select(n => $"{n.Title} {n.Note}"));
    }

    [Fact]
    public void A_parent_a_root_a_schedule_and_a_nexus_caller_lead_to_the_run()
    {
        var info = Info("order", "run-1", status: WorkflowExecutionStatus.Running, parent: "p-1");
        info.RootExecution = Execution("root", "root-1");
        info.SearchAttributes = new();
        info.SearchAttributes.IndexedFields["TemporalScheduledById"] = new Payload { Data = ByteString.CopyFromUtf8("\"nightly\"") };

        var graph = Graph(
            info,
            [At(1, e =>
            {
                e.WorkflowExecutionStartedEventAttributes = new() { OriginalExecutionRunId = "run-1" };
                e.Links.Add(new Link { WorkflowEvent = new() { Namespace = "front", WorkflowId = "checkout", RunId = "c-1" } });
            })],
            above: new([Info("parent", "p-1", status: WorkflowExecutionStatus.Running)], false));

        Assert.Equal(["Root: root", "Called by: parent Running below root", "Called by: nightly", "Called by: checkout"], graph.Lines());
        Assert.Equal(["root --further up-> parent", "parent -> order", "nightly -> order", "checkout -> order"], graph.Ways());
        Assert.Equal(
            ["/workflows/shop/p-1", "/workflows/schedules/shop/nightly", "/workflows/front/c-1"],
            graph.Groups[1].Nodes.Select(n => n.Href));
    }

    [Fact]
    public void A_nexus_operation_leads_to_the_run_that_handles_it()
    {
        var graph = Graph(Running, [
            At(5, e => e.NexusOperationScheduledEventAttributes = new() { Service = "shop", Operation = "pay", Endpoint = "payments" }),
            At(6, e =>
            {
                e.NexusOperationStartedEventAttributes = new() { ScheduledEventId = 5 };
                e.Links.Add(new Link { WorkflowEvent = new() { Namespace = "bank", WorkflowId = "payment", RunId = "pay-1" } });
            }),
        ]);

        Assert.Equal(["Nexus operations: shop/pay Running 1 running, at payments, run by payment"], graph.Lines());
        Assert.Equal("/workflows/bank/pay-1", graph.Groups[0].Nodes[0].Href);
    }

    private static HistoryEvent Scheduled(long id, string type, string queue) => At(id, e => e.ActivityTaskScheduledEventAttributes = new()
    {
        ActivityId = $"{id}", ActivityType = new() { Name = type }, TaskQueue = new() { Name = queue },
    });

    private static HistoryEvent Initiated(long id, string workflow) => At(
        id, e => e.StartChildWorkflowExecutionInitiatedEventAttributes = new() { WorkflowId = workflow, WorkflowType = new() { Name = "Pack" } });

    private static HistoryEvent Started(long id, long initiated, string workflow, string run) => At(
        id, e => e.ChildWorkflowExecutionStartedEventAttributes = new() { InitiatedEventId = initiated, WorkflowExecution = Execution(workflow, run) });

    private static HistoryEvent Signal(long id, string workflow, string run, string name) => At(
        id, e => e.SignalExternalWorkflowExecutionInitiatedEventAttributes = new() { SignalName = name, WorkflowExecution = Execution(workflow, run) });
}
