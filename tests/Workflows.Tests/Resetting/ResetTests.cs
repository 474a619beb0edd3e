using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Resetting;

/// <summary>Workflows that are reset, with a real worker that goes on with them.</summary>
public sealed class ResetTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_workflow_goes_on_from_the_point_and_hears_again_what_came_later()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), worker.Options());
        await handle.UntilAsync(EventType.WorkflowTaskCompleted, Ct);
        await handle.SignalAsync(w => w.HearAsync("one"));
        Assert.Equal("one", await handle.QueryAsync(w => w.Heard()));

        var next = await ResetAsync(handle, 4);

        var ended = worker.Client.GetWorkflowHandle(handle.Id, handle.ResultRunId);
        Assert.EndsWith("WorkflowExecutionTerminated", (await ended.FetchHistoryAsync()).Types(), StringComparison.Ordinal);
        Assert.Equal("wrong turn", (await ended.FetchHistoryAsync()).Events.Last().WorkflowExecutionTerminatedEventAttributes.Reason);
        await next.SignalAsync(w => w.EndAsync());
        Assert.Equal("one", await next.GetResultAsync());
        var history = await next.ReplayedAsync();
        Assert.StartsWith(
            "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskFailed WorkflowExecutionSignaled WorkflowTaskScheduled WorkflowTaskStarted",
            history.Types(), StringComparison.Ordinal);
        var started = history.Events.First().WorkflowExecutionStartedEventAttributes;
        Assert.Equal((handle.ResultRunId, handle.ResultRunId), (started.OriginalExecutionRunId, started.FirstExecutionRunId));
        Assert.Equal(next.RunId, (await DescribeAsync(ended)).WorkflowExtendedInfo.ResetRunId);
        var described = await DescribeAsync(next);
        Assert.NotNull(described.WorkflowExtendedInfo.LastResetTime);
        Assert.Equal(handle.ResultRunId, described.WorkflowExecutionInfo.FirstRunId);
        // The digest goes over the events that were copied too.
        foreach (var run in (string[])[handle.ResultRunId!, next.RunId!])
        {
            using var http = fixture.Host.Client();
            var evidence = await http.GetFromJsonAsync<JsonObject>($"/api/v1/workflowruns/default/{run}/evidence", Ct);
            Assert.Equal("Verified", evidence!["verdict"]!.ToString());
        }
    }

    [Fact]
    public async Task A_workflow_that_is_over_runs_again_and_the_same_request_resets_once()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync((ChainWorkflow w) => w.RunAsync("chain", 2), worker.Options());
        await handle.GetResultAsync();
        var completed = (await handle.FetchHistoryAsync()).Events.Where(e => e.EventType == EventType.WorkflowTaskCompleted).Select(e => e.EventId).ToList();
        var request = Request(handle, completed[1]);

        var first = await worker.Client.WorkflowService.ResetWorkflowExecutionAsync(request);
        Assert.Equal("chain/0:1 chain/1:2", await worker.Client.GetWorkflowHandle<ChainWorkflow, string>(handle.Id, first.RunId).GetResultAsync());
        var again = await worker.Client.WorkflowService.ResetWorkflowExecutionAsync(request);

        Assert.Equal(first.RunId, again.RunId);
        var history = await worker.Client.GetWorkflowHandle(handle.Id, first.RunId).ReplayedAsync();
        Assert.Equal(2, history.Events.Count(e => e.EventType == EventType.ActivityTaskCompleted));
        // Its first activity is the one of the run before.
        Assert.Equal((1, 2), (worker.Activities.CountOf("chain/0"), worker.Activities.CountOf("chain/1")));
    }

    [Fact]
    public async Task Updates_are_carried_out_again_from_the_history()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync((UpdatableWorkflow w) => w.RunAsync(), worker.Options());
        await handle.UntilAsync(EventType.WorkflowTaskCompleted, Ct);
        Assert.Equal(5, await handle.ExecuteUpdateAsync(w => w.AddAsync(5), new WorkflowUpdateOptions("five")));

        var run = (await worker.Client.WorkflowService.ResetWorkflowExecutionAsync(Request(handle, 4))).RunId;
        var next = worker.Client.GetWorkflowHandle<UpdatableWorkflow, int>(handle.Id, run);

        // Who knows its id gets its outcome, and adds nothing.
        Assert.Equal(5, await next.ExecuteUpdateAsync(w => w.AddAsync(5), new WorkflowUpdateOptions("five")));
        Assert.Equal(12, await next.ExecuteUpdateAsync(w => w.AddAsync(7)));
        await next.SignalAsync(w => w.EndAsync());
        Assert.Equal(12, await next.GetResultAsync());
        Assert.Contains("WorkflowTaskFailed WorkflowExecutionUpdateAdmitted WorkflowTaskScheduled", (await next.ReplayedAsync()).Types(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_later_runs_of_a_chain_were_told_is_told_again()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync((RestlessWorkflow w) => w.RunAsync(1), worker.Options());
        var first = worker.Client.GetWorkflowHandle(handle.Id, handle.ResultRunId);
        var continued = await first.UntilAsync(EventType.WorkflowExecutionContinuedAsNew, Ct);
        var second = continued.Events.Last().WorkflowExecutionContinuedAsNewEventAttributes.NewExecutionRunId;
        await worker.Client.GetWorkflowHandle(handle.Id, second).SignalAsync("unheard", []);

        var reset = (await worker.Client.WorkflowService.ResetWorkflowExecutionAsync(Request(first, 4))).RunId;

        Assert.Equal(WorkflowExecutionStatus.Terminated, (await worker.Client.GetWorkflowHandle(handle.Id, second).DescribeAsync()).Status);
        var history = await worker.Client.GetWorkflowHandle(handle.Id, reset).FetchHistoryAsync();
        Assert.Equal("unheard", history.Events.Single(e => e.EventType == EventType.WorkflowExecutionSignaled).WorkflowExecutionSignaledEventAttributes.SignalName);
        await worker.Client.GetWorkflowHandle(handle.Id).TerminateAsync();
    }

    [Fact]
    public async Task A_parent_that_was_reset_gets_the_result_of_the_child_that_it_had()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var childId = $"wf-{Guid.NewGuid():N}";
        var parent = await worker.Client.StartWorkflowAsync((ParentWorkflow w) => w.RunAsync(new ChildPlan("ListeningWorkflow", childId, null)), worker.Options());
        var before = await parent.UntilAsync(EventType.ChildWorkflowExecutionStarted, Ct);
        var started = before.Events.Single(e => e.EventType == EventType.ChildWorkflowExecutionStarted).EventId;
        long finish = 0;
        await foreach (var seen in parent.FetchHistoryEventsAsync(new WorkflowHistoryEventFetchOptions { WaitNewEvent = true }).WithCancellation(Ct))
        {
            if (seen.EventType == EventType.WorkflowTaskCompleted && seen.EventId > started)
            {
                finish = seen.EventId;
                break;
            }
        }

        var reset = (await worker.Client.WorkflowService.ResetWorkflowExecutionAsync(Request(parent, finish))).RunId;
        var child = worker.Client.GetWorkflowHandle<ListeningWorkflow>(childId);
        await child.SignalAsync(w => w.HearAsync("still here"));
        await child.SignalAsync(w => w.EndAsync());

        var next = worker.Client.GetWorkflowHandle<ParentWorkflow, string>(parent.Id, reset);
        Assert.Equal("still here", await next.GetResultAsync());
        Assert.EndsWith("WorkflowExecutionCompleted", (await next.ReplayedAsync()).Types(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_child_of_after_the_point_is_replaced_by_the_one_that_the_new_run_starts()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var childId = $"wf-{Guid.NewGuid():N}";
        var parent = await worker.Client.StartWorkflowAsync((ParentWorkflow w) => w.RunAsync(new ChildPlan("ListeningWorkflow", childId, null)), worker.Options());
        await parent.UntilAsync(EventType.ChildWorkflowExecutionStarted, Ct);
        var old = (await worker.Client.GetWorkflowHandle(childId).DescribeAsync()).RunId;

        var reset = (await worker.Client.WorkflowService.ResetWorkflowExecutionAsync(Request(parent, 4))).RunId;
        var next = worker.Client.GetWorkflowHandle<ParentWorkflow, string>(parent.Id, reset);
        await next.UntilAsync(EventType.ChildWorkflowExecutionStarted, Ct);
        await worker.Client.GetWorkflowHandle<ListeningWorkflow>(childId).SignalAsync(w => w.EndAsync());

        Assert.Equal("", await next.GetResultAsync());
        Assert.Equal(WorkflowExecutionStatus.Terminated, (await worker.Client.GetWorkflowHandle(childId, old).DescribeAsync()).Status);
        await next.ReplayedAsync();
    }

    [Theory]
    [InlineData(1, RpcException.StatusCode.InvalidArgument)]
    [InlineData(99, RpcException.StatusCode.InvalidArgument)]
    public async Task A_point_that_is_none_is_refused_and_the_workflow_goes_on(long finish, RpcException.StatusCode code)
    {
        var client = await fixture.ConnectAsync();
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody"));

        var refused = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.ResetWorkflowExecutionAsync(Request(handle, finish)));

        Assert.Equal(code, refused.Code);
        Assert.Equal(WorkflowExecutionStatus.Running, (await handle.DescribeAsync()).Status);
        var missing = Request(client.GetWorkflowHandle("no such workflow"), 4);
        Assert.Equal(RpcException.StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.ResetWorkflowExecutionAsync(missing))).Code);
    }

    internal static ResetWorkflowExecutionRequest Request(WorkflowHandle handle, long finish) => new()
    {
        Namespace = "default", WorkflowExecution = new() { WorkflowId = handle.Id, RunId = handle.RunId ?? "" }, WorkflowTaskFinishEventId = finish, Reason = "wrong turn",
        RequestId = Guid.NewGuid().ToString(),
    };

    private static async Task<WorkflowHandle<ListeningWorkflow, string>> ResetAsync(WorkflowHandle handle, long finish)
    {
        var response = await handle.Client.WorkflowService.ResetWorkflowExecutionAsync(Request(handle, finish));
        return handle.Client.GetWorkflowHandle<ListeningWorkflow, string>(handle.Id, response.RunId);
    }

    private static Task<DescribeWorkflowExecutionResponse> DescribeAsync(WorkflowHandle handle) => handle.Client.WorkflowService.DescribeWorkflowExecutionAsync(
        new() { Namespace = "default", Execution = new() { WorkflowId = handle.Id, RunId = handle.RunId ?? "" } });
}
