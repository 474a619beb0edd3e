using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;
using Policy = Temporalio.Workflows.ParentClosePolicy;
using WorkflowExecution = Temporalio.Api.Common.V1.WorkflowExecution;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>Children of workflows, with a real worker.</summary>
public sealed class ChildTests(HostFixture fixture)
{
    private const string Started = "StartChildWorkflowExecutionInitiated ChildWorkflowExecutionStarted";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_parent_gets_the_result_of_its_child()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var (parent, child) = await StartAsync(worker, new ChildPlan("HelloWorkflow", NewId(), "Ada"));

        Assert.Equal("Hello, Ada!", await parent.GetResultAsync());
        var history = await parent.ReplayedAsync();
        Assert.Equal(
            $"WorkflowExecutionStarted {Started} ChildWorkflowExecutionCompleted WorkflowExecutionCompleted", WithoutTasks(history));
        var initiated = history.Events.Single(e => e.EventType == EventType.StartChildWorkflowExecutionInitiated);
        var started = history.Events.Single(e => e.EventType == EventType.ChildWorkflowExecutionStarted);
        var completed = history.Events.Single(e => e.EventType == EventType.ChildWorkflowExecutionCompleted).ChildWorkflowExecutionCompletedEventAttributes;
        Assert.Equal((initiated.EventId, started.EventId), (completed.InitiatedEventId, completed.StartedEventId));
        var first = (await child.ReplayedAsync()).Events.First().WorkflowExecutionStartedEventAttributes;
        Assert.Equal(started.ChildWorkflowExecutionStartedEventAttributes.WorkflowExecution.RunId, first.FirstExecutionRunId);
        var here = new WorkflowExecution { WorkflowId = parent.Id, RunId = parent.ResultRunId };
        Assert.Equal((here, here, initiated.EventId), (first.ParentWorkflowExecution, first.RootWorkflowExecution, first.ParentInitiatedEventId));
        Assert.Equal("default", first.ParentWorkflowNamespace);
        var described = (await DescribeAsync(child)).WorkflowExecutionInfo;
        Assert.Equal((here, here), (described.ParentExecution, described.RootExecution));
    }

    [Fact]
    public async Task A_grandchild_knows_the_top_of_its_tree()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var id = NewId();

        var (top, _) = await StartAsync(worker, new ChildPlan("ParentWorkflow", NewId(), new ChildPlan("HelloWorkflow", id, "Ada")));

        Assert.Equal("Hello, Ada!", await top.GetResultAsync());
        var first = (await worker.Client.GetWorkflowHandle(id).FetchHistoryAsync()).Events.First().WorkflowExecutionStartedEventAttributes;
        Assert.Equal((top.Id, top.ResultRunId), (first.RootWorkflowExecution.WorkflowId, first.RootWorkflowExecution.RunId));
        Assert.NotEqual(top.Id, first.ParentWorkflowExecution.WorkflowId);
    }

    [Theory]
    [InlineData("StubbornWorkflow", 3, "attempt 3 after: Attempt 2 fails.")]
    [InlineData("CountdownWorkflow", 2, "zero")]
    public async Task Only_the_last_run_of_a_child_is_told(string workflow, int argument, string result)
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var (parent, child) = await StartAsync(worker, new ChildPlan(workflow, NewId(), argument) { Retries = true });

        Assert.Equal(result, await parent.GetResultAsync());
        var history = await parent.ReplayedAsync();
        Assert.Equal(
            $"WorkflowExecutionStarted {Started} ChildWorkflowExecutionCompleted WorkflowExecutionCompleted", WithoutTasks(history));
        // The run that ended is another one than that which started.
        var started = history.Events.Single(e => e.EventType == EventType.ChildWorkflowExecutionStarted).ChildWorkflowExecutionStartedEventAttributes;
        var ended = history.Events.Single(e => e.EventType == EventType.ChildWorkflowExecutionCompleted).ChildWorkflowExecutionCompletedEventAttributes;
        Assert.NotEqual(started.WorkflowExecution.RunId, ended.WorkflowExecution.RunId);
        Assert.Equal(parent.Id, (await child.FetchHistoryAsync()).Events.First().WorkflowExecutionStartedEventAttributes.ParentWorkflowExecution.WorkflowId);
    }

    [Fact]
    public async Task A_child_whose_id_is_in_use_does_not_start()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var other = await worker.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), worker.Options());

        var (parent, _) = await StartAsync(worker, new ChildPlan("ListeningWorkflow", other.Id));

        Assert.Equal("in use", await parent.GetResultAsync());
        var history = await parent.ReplayedAsync();
        Assert.Equal(
            "WorkflowExecutionStarted StartChildWorkflowExecutionInitiated StartChildWorkflowExecutionFailed WorkflowExecutionCompleted",
            WithoutTasks(history));
        Assert.Equal(
            StartChildWorkflowExecutionFailedCause.WorkflowAlreadyExists,
            history.Events.Single(e => e.EventType == EventType.StartChildWorkflowExecutionFailed).StartChildWorkflowExecutionFailedEventAttributes.Cause);
        await other.SignalAsync(w => w.EndAsync());
        Assert.Equal("", await other.GetResultAsync());
    }

    [Fact]
    public async Task A_child_that_fails_or_is_terminated_fails_for_its_parent()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var (failing, _) = await StartAsync(worker, new ChildPlan("StubbornWorkflow", NewId(), 2));
        Assert.Equal("ApplicationFailureException: Attempt 1 fails.", await failing.GetResultAsync());
        Assert.Contains("ChildWorkflowExecutionFailed", (await failing.ReplayedAsync()).Types(), StringComparison.Ordinal);

        var (parent, child) = await StartAsync(worker, new ChildPlan("ListeningWorkflow", NewId()));
        await parent.UntilAsync(EventType.ChildWorkflowExecutionStarted, Ct);
        var pending = Assert.Single((await DescribeAsync(parent)).PendingChildren);
        Assert.Equal((child.Id, "ListeningWorkflow", ParentClosePolicy.Terminate), (pending.WorkflowId, pending.WorkflowTypeName, pending.ParentClosePolicy));
        await child.TerminateAsync();
        Assert.StartsWith("TerminatedFailureException", await parent.GetResultAsync(), StringComparison.Ordinal);
        Assert.Contains("ChildWorkflowExecutionTerminated", (await parent.ReplayedAsync()).Types(), StringComparison.Ordinal);
        Assert.Empty((await DescribeAsync(parent)).PendingChildren);
    }

    [Theory]
    [InlineData(Policy.Terminate, WorkflowExecutionStatus.Terminated)]
    [InlineData(Policy.RequestCancel, WorkflowExecutionStatus.Canceled)]
    [InlineData(Policy.Abandon, WorkflowExecutionStatus.Completed)]
    public async Task The_end_of_a_parent_does_to_its_child_what_the_policy_says(Policy policy, WorkflowExecutionStatus status)
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var (parent, child) = await StartAsync(worker, new ChildPlan("ListeningWorkflow", NewId()) { Policy = policy });
        await parent.UntilAsync(EventType.ChildWorkflowExecutionStarted, Ct);

        await parent.TerminateAsync();
        if (policy == Policy.Abandon)
        {
            await child.SignalAsync("End", []);
        }

        await EndOfAsync(child);
        Assert.Equal(status, (await child.DescribeAsync()).Status);
        var history = await child.ReplayedAsync();
        var reasons = history.Events.Select(
            e => e.WorkflowExecutionTerminatedEventAttributes?.Reason ?? e.WorkflowExecutionCancelRequestedEventAttributes?.Cause);
        Assert.Equal(policy == Policy.Abandon ? [] : ["by parent close policy"], reasons.OfType<string>());
    }

    [Fact]
    public async Task A_parent_that_continues_as_new_leaves_its_child_to_the_policy()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        var (parent, child) = await StartAsync(worker, new ChildPlan("ListeningWorkflow", NewId()) { ThenContinues = true });

        Assert.Equal("Hello, Ada!", await parent.GetResultAsync());
        await EndOfAsync(child);
        Assert.Equal(WorkflowExecutionStatus.Terminated, (await child.DescribeAsync()).Status);
    }

    [Fact]
    public async Task A_cancelled_parent_cancels_its_child_and_waits_for_it()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var (parent, child) = await StartAsync(worker, new ChildPlan("ListeningWorkflow", NewId()));
        await parent.UntilAsync(EventType.ChildWorkflowExecutionStarted, Ct);

        await parent.CancelAsync();

        await EndOfAsync(parent);
        Assert.Equal(WorkflowExecutionStatus.Canceled, (await parent.DescribeAsync()).Status);
        Assert.Equal(WorkflowExecutionStatus.Canceled, (await child.DescribeAsync()).Status);
        Assert.Equal(
            $"WorkflowExecutionStarted {Started} WorkflowExecutionCancelRequested RequestCancelExternalWorkflowExecutionInitiated "
            + "ExternalWorkflowExecutionCancelRequested ChildWorkflowExecutionCanceled WorkflowExecutionCanceled",
            WithoutTasks(await parent.ReplayedAsync()));
    }

    [Theory]
    [InlineData(true, WorkflowExecutionStatus.Canceled)]
    [InlineData(false, WorkflowExecutionStatus.Terminated)]
    public async Task What_a_parent_does_to_its_child_meets_the_run_that_is_open(bool cancels, WorkflowExecutionStatus status)
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var (parent, child) = await StartAsync(worker, new ChildPlan("RestlessWorkflow", NewId(), 2));
        await parent.UntilAsync(EventType.ChildWorkflowExecutionStarted, Ct);
        var third = await ThirdRunAsync(child);

        await (cancels ? parent.CancelAsync() : parent.TerminateAsync());

        await EndOfAsync(third);
        Assert.Equal(status, (await third.DescribeAsync()).Status);
        await EndOfAsync(parent);
        await parent.ReplayedAsync();
    }

    [Fact]
    public async Task A_workflow_signals_another_one_in_order_and_knows_that_it_was_heard()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var listener = await worker.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), worker.Options());

        var caller = await worker.Client.StartWorkflowAsync((CallingWorkflow w) => w.RunAsync(listener.Id, new[] { "one", "two" }), worker.Options());

        Assert.Equal("done", await caller.GetResultAsync());
        await listener.SignalAsync(w => w.EndAsync());
        Assert.Equal("one,two", await listener.GetResultAsync());
        const string Told = "SignalExternalWorkflowExecutionInitiated ExternalWorkflowExecutionSignaled";
        Assert.Equal($"WorkflowExecutionStarted {Told} {Told} WorkflowExecutionCompleted", WithoutTasks(await caller.ReplayedAsync()));
        var heard = (await listener.ReplayedAsync()).Events.First(e => e.EventType == EventType.WorkflowExecutionSignaled);
        Assert.Equal(
            new WorkflowExecution { WorkflowId = caller.Id, RunId = caller.ResultRunId },
            heard.WorkflowExecutionSignaledEventAttributes.ExternalWorkflowExecution);
    }

    [Fact]
    public async Task A_workflow_cancels_another_one()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var listener = await worker.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), worker.Options());

        var caller = await worker.Client.StartWorkflowAsync((CallingWorkflow w) => w.RunAsync(listener.Id, Array.Empty<string>()), worker.Options());

        Assert.Equal("done", await caller.GetResultAsync());
        await EndOfAsync(listener);
        Assert.Equal(WorkflowExecutionStatus.Canceled, (await listener.DescribeAsync()).Status);
        Assert.Equal(
            "WorkflowExecutionStarted RequestCancelExternalWorkflowExecutionInitiated ExternalWorkflowExecutionCancelRequested WorkflowExecutionCompleted",
            WithoutTasks(await caller.ReplayedAsync()));
    }

    [Theory]
    [InlineData(true, "SignalExternalWorkflowExecutionInitiated SignalExternalWorkflowExecutionFailed")]
    [InlineData(false, "RequestCancelExternalWorkflowExecutionInitiated RequestCancelExternalWorkflowExecutionFailed")]
    public async Task Who_is_not_there_is_neither_signalled_nor_cancelled(bool signals, string events)
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());

        string[] words = signals ? ["one"] : [];

        var caller = await worker.Client.StartWorkflowAsync((CallingWorkflow w) => w.RunAsync(NewId(), words), worker.Options());

        Assert.NotEqual("done", await caller.GetResultAsync());
        Assert.Equal($"WorkflowExecutionStarted {events} WorkflowExecutionCompleted", WithoutTasks(await caller.ReplayedAsync()));
    }

    private static Task<Temporalio.Api.WorkflowService.V1.DescribeWorkflowExecutionResponse> DescribeAsync(WorkflowHandle handle) =>
        handle.Client.Connection.WorkflowService.DescribeWorkflowExecutionAsync(new() { Namespace = "default", Execution = new() { WorkflowId = handle.Id } });

    private static string NewId() => $"wf-{Guid.NewGuid():N}";

    private static async Task<(WorkflowHandle<ParentWorkflow, string> Parent, WorkflowHandle Child)> StartAsync(RunningWorker worker, ChildPlan plan) =>
        (await worker.Client.StartWorkflowAsync((ParentWorkflow w) => w.RunAsync(plan), worker.Options()), worker.Client.GetWorkflowHandle(plan.Id));

    /// <summary>The run that two runs of a child have continued as.</summary>
    private static async Task<WorkflowHandle> ThirdRunAsync(WorkflowHandle child)
    {
        var first = (await child.FetchHistoryAsync()).Events.First().WorkflowExecutionStartedEventAttributes.FirstExecutionRunId;
        var run = child.Client.GetWorkflowHandle(child.Id, first);
        for (var i = 0; i < 2; i++)
        {
            var ended = await run.UntilAsync(EventType.WorkflowExecutionContinuedAsNew, Ct);
            run = child.Client.GetWorkflowHandle(child.Id, ended.Events.Last().WorkflowExecutionContinuedAsNewEventAttributes.NewExecutionRunId);
        }

        return run;
    }

    /// <summary>Waits for the end, which may be no success.</summary>
    private static async Task EndOfAsync(WorkflowHandle handle)
    {
        try
        {
            await handle.GetResultAsync();
        }
        catch (WorkflowFailedException)
        {
            // How it ended is asked by the test.
        }
    }

    private static string WithoutTasks(WorkflowHistory history) =>
        string.Join(' ', history.Events.Where(e => !e.EventType.ToString().StartsWith("WorkflowTask", StringComparison.Ordinal)).Select(e => e.EventType));
}
