using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Outbox;
using Google.Protobuf;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.Outbox;

/// <summary>Messages that are delivered more than once, late, or without a hint.</summary>
public sealed class OutboxTests(WorkflowSilo silo) : IClassFixture<WorkflowSilo>
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ExecutionKey sender = new(Guid.NewGuid().ToString(), "sender");

    private ExecutionKey Receiver => sender with { WorkflowId = "receiver" };

    [Fact]
    public async Task A_signal_that_is_delivered_again_is_heard_once_even_by_the_next_run()
    {
        var run = await silo.StartAsync(Receiver);
        var delivery = await StoredAsync(OutboxKind.Signal, "receiver", "", new HistoryEvent
        {
            SignalExternalWorkflowExecutionInitiatedEventAttributes = new() { SignalName = "s", WorkflowExecution = new() { WorkflowId = "receiver" } },
        });

        Assert.Equal(Receipt.Done, await silo.Execution(Receiver).ReceiveAsync(delivery));
        Assert.Equal(Receipt.Done, await silo.Execution(Receiver).ReceiveAsync(delivery));
        await silo.CompleteAsync(Receiver, new Command
        {
            CommandType = CommandType.ContinueAsNewWorkflowExecution, ContinueAsNewWorkflowExecutionCommandAttributes = new(),
        });
        Assert.Equal(Receipt.Done, await silo.Execution(Receiver).ReceiveAsync(delivery));

        var next = (await silo.Executions.FindRunAsync(Receiver, "", CancellationToken.None))!.RunId;
        Assert.NotEqual(run, next);
        Assert.Equal(1, await CountAsync(run, EventType.WorkflowExecutionSignaled));
        Assert.Equal(0, await CountAsync(next, EventType.WorkflowExecutionSignaled));
    }

    [Fact]
    public async Task A_child_whose_start_is_delivered_again_is_not_started_again_whoever_has_its_id_by_then()
    {
        var delivery = await StoredAsync(OutboxKind.Start, "receiver", "0f0e0d0c-0b0a-8908-8706-050403020100", new HistoryEvent
        {
            StartChildWorkflowExecutionInitiatedEventAttributes = new()
            {
                WorkflowId = "receiver", WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "queue" },
            },
        });

        Assert.Equal(Receipt.Done, await silo.Execution(Receiver).ReceiveAsync(delivery));
        await silo.Execution(Receiver).TerminateAsync(new Call(new TerminateWorkflowExecutionRequest().ToByteArray(), "", "tester", "tester"));
        var other = await silo.StartAsync(Receiver);
        Assert.Equal(Receipt.Done, await silo.Execution(Receiver).ReceiveAsync(delivery));

        var run = (await silo.Executions.FindRunAsync(Receiver, "", CancellationToken.None))!;
        Assert.Equal((other, WorkflowExecutionStatus.Running), (run.RunId, run.Status));
        Assert.Equal(WorkflowExecutionStatus.Terminated, (await silo.Executions.FindRunAsync(Receiver, delivery.TargetRun, CancellationToken.None))!.Status);
    }

    [Fact]
    public async Task A_message_that_is_no_more_does_nothing()
    {
        var run = await silo.StartAsync(Receiver);
        var delivery = new Delivery(
            new OutboxKey("no run", OutboxKind.Cancel, 5), "sender", "",
            new HistoryEvent { RequestCancelExternalWorkflowExecutionInitiatedEventAttributes = new() }.ToByteArray(), "sender", "run", "Any", 0);

        Assert.Equal(Receipt.Gone, await silo.Execution(Receiver).ReceiveAsync(delivery));

        Assert.Equal(0, await CountAsync(run, EventType.WorkflowExecutionCancelRequested));
    }

    [Fact]
    public async Task What_was_stored_is_delivered_though_its_hint_was_lost()
    {
        var receiver = await silo.StartAsync(Receiver);
        var begun = Starting.Begin(sender, WorkflowSilo.Request(sender), Guid.NewGuid().ToString(), Now, null);
        begun.IsCommanding = true;
        Assert.Null(Commands.ExternalCommands.Signal(begun, new() { Execution = new() { WorkflowId = "receiver" }, SignalName = "s" }, 1));

        begun.Seal();
        // The step as a process stores it that dies before it tells anybody.
        Assert.True(await silo.Executions.CommitAsync(sender, 0, "", [(begun, StateCodec.Write(begun.Run))], null, CancellationToken.None));

        await silo.Execution(Receiver).WaitAsync(receiver, 3, false);
        Assert.Equal(1, await CountAsync(receiver, EventType.WorkflowExecutionSignaled));
        await silo.Execution(sender).WaitAsync(begun.Run.RunId, 3, false);
        Assert.Equal(
            "WorkflowExecutionStarted SignalExternalWorkflowExecutionInitiated ExternalWorkflowExecutionSignaled WorkflowTaskScheduled",
            string.Join(' ', (await silo.EventsAsync(begun.Run.RunId)).Select(e => e.EventType)));
        Assert.Null(await silo.IsDeliveredAsync(begun.Sent.Single().Key));
    }

    [Fact]
    public async Task A_run_that_signals_itself_hears_it()
    {
        var run = await silo.StartAsync(sender);

        await silo.CompleteAsync(sender, new Command
        {
            CommandType = CommandType.SignalExternalWorkflowExecution,
            SignalExternalWorkflowExecutionCommandAttributes = new() { Execution = new() { WorkflowId = "sender" }, SignalName = "s" },
        });

        await silo.Execution(sender).WaitAsync(run, 8, false);
        Assert.Equal(1, await CountAsync(run, EventType.WorkflowExecutionSignaled));
        Assert.Equal(1, await CountAsync(run, EventType.ExternalWorkflowExecutionSignaled));
    }

    /// <summary>A message of the sender, which the index does not know of, as it is delivered.</summary>
    private async Task<Delivery> StoredAsync(OutboxKind kind, string target, string targetRun, HistoryEvent about)
    {
        var run = Starting.Begin(sender, WorkflowSilo.Request(sender), Guid.NewGuid().ToString(), Now, null).Run;
        var key = new OutboxKey(run.RunId, kind, 5);
        await silo.PutAsync(run, new OutboxMessage(key, target, targetRun));
        return new Delivery(key, sender.WorkflowId, targetRun, about.ToByteArray(), sender.WorkflowId, run.RunId, "Any", 0);
    }

    private async Task<int> CountAsync(string run, EventType type) => (await silo.EventsAsync(run)).Count(e => e.EventType == type);
}
