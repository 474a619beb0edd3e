using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Activities;

/// <summary>Activities that people pause, reset and change, with a real worker.</summary>
public sealed class OperationTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_hears_of_a_pause_and_the_next_attempt_waits_for_its_end()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);
        await worker.Activities.Began.Task.WaitAsync(Ct);

        await handle.Client.WorkflowService.PauseActivityAsync(new() { Namespace = "default", Execution = Of(handle), Type = "Watch", Identity = "ada", Reason = "broken" });

        Assert.Equal("paused", await worker.Activities.Interrupted.Task.WaitAsync(Ct));
        var pending = await UntilAsync(handle, PendingActivityState.Paused);
        Assert.True(pending.Paused);
        Assert.Equal(("ada", "broken", 2), (pending.PauseInfo.Manual.Identity, pending.PauseInfo.Manual.Reason, pending.Attempt));
        await handle.Client.WorkflowService.UnpauseActivityAsync(new() { Namespace = "default", Execution = Of(handle), UnpauseAll = true });
        Assert.Equal("attempt 2 after 1 details", await handle.GetResultAsync());
        Assert.Equal(1, (await handle.ReplayedAsync()).Events.Count(e => e.EventType == EventType.ActivityTaskStarted));
    }

    [Fact]
    public async Task A_worker_hears_of_a_reset_and_the_next_attempt_is_the_first()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);
        await worker.Activities.Began.Task.WaitAsync(Ct);
        var id = (await PendingAsync(handle)).ActivityId;

        await handle.Client.WorkflowService.ResetActivityAsync(new() { Namespace = "default", Execution = Of(handle), Id = id, ResetHeartbeat = true });

        Assert.Equal("reset", await worker.Activities.Interrupted.Task.WaitAsync(Ct));
        Assert.Equal("attempt 1 after 0 details", await handle.GetResultAsync());
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task An_activity_that_waits_where_nobody_works_is_given_to_another_queue_with_other_timeouts()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync(
            (ActivityWorkflow w) => w.RunAsync(new ActivityPlan("Greet", "Ada") { StartToClose = 10_000, Queue = "nobody" }), worker.Options());
        await handle.UntilAsync(EventType.ActivityTaskScheduled, Ct);

        var changed = await handle.Client.WorkflowService.UpdateActivityOptionsAsync(new()
        {
            Namespace = "default", Execution = Of(handle), MatchAll = true,
            ActivityOptions = new() { TaskQueue = new() { Name = worker.Queue }, StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(20)) },
            UpdateMask = new FieldMask { Paths = { "task_queue", "start_to_close_timeout" } },
        });

        Assert.Equal((worker.Queue, 20), (changed.ActivityOptions.TaskQueue.Name, (int)changed.ActivityOptions.StartToCloseTimeout.Seconds));
        Assert.Equal("Hello, Ada!", await handle.GetResultAsync());
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task What_is_not_under_way_is_not_found_and_a_request_that_names_nothing_is_refused()
    {
        var client = await fixture.ConnectAsync();
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody"));

        var missing = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.PauseActivityAsync(new() { Namespace = "default", Execution = Of(handle), Id = "x" }));
        var nothing = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.ResetActivityAsync(new() { Namespace = "default", Execution = Of(handle) }));

        Assert.Equal((RpcException.StatusCode.NotFound, RpcException.StatusCode.InvalidArgument), (missing.Code, nothing.Code));
        Assert.Contains("'x'", missing.Message, StringComparison.Ordinal);
    }

    private static Task<WorkflowHandle<ActivityWorkflow, string>> StartAsync(RunningWorker worker) => worker.Client.StartWorkflowAsync(
        (ActivityWorkflow w) => w.RunAsync(new ActivityPlan("Watch", "half") { StartToClose = 600_000, Heartbeat = 60_000 }), worker.Options());

    private static Temporalio.Api.Common.V1.WorkflowExecution Of(WorkflowHandle handle) => new() { WorkflowId = handle.Id };

    private static async Task<PendingActivityInfo> PendingAsync(WorkflowHandle handle) => (await handle.Client.WorkflowService.DescribeWorkflowExecutionAsync(
        new() { Namespace = "default", Execution = Of(handle) })).PendingActivities.Single();

    private static async Task<PendingActivityInfo> UntilAsync(WorkflowHandle handle, PendingActivityState state)
    {
        while (true)
        {
            Ct.ThrowIfCancellationRequested();
            if (await PendingAsync(handle) is { } pending && pending.State == state)
            {
                return pending;
            }
        }
    }
}
