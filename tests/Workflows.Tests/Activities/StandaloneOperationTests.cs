using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Activity.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Activities;

/// <summary>Activities that clients started, and that people pause, reset and change, with a real worker.</summary>
public sealed class StandaloneOperationTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_paused_activity_is_given_to_no_worker_until_it_goes_on()
    {
        var client = await fixture.ConnectAsync();
        var queue = $"queue-{Guid.NewGuid():N}";
        var handle = await client.StartActivityAsync("Count", ["paused"], Options(queue));
        await client.WorkflowService.PauseActivityExecutionAsync(new() { Namespace = "default", ActivityId = handle.Id, Reason = "the till is closed" });
        Assert.Equal((ActivityExecutionStatus.Running, PendingActivityState.Paused), await StateAsync(client, handle.Id));
        await using var worker = RunningWorker.Start(client, queue);
        Assert.Equal("Hello, Ada!", await client.ExecuteActivityAsync<string>("Greet", ["Ada"], Options(queue)));
        Assert.Equal(0, worker.Activities.CountOf("paused"));

        await client.WorkflowService.UnpauseActivityExecutionAsync(new() { Namespace = "default", ActivityId = handle.Id });

        await handle.GetResultAsync();
        Assert.Equal(1, worker.Activities.CountOf("paused"));
    }

    [Fact]
    public async Task A_worker_hears_of_a_pause_and_the_next_attempt_waits_for_its_end()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);
        await worker.Activities.Began.Task.WaitAsync(Ct);

        await worker.Client.WorkflowService.PauseActivityExecutionAsync(new() { Namespace = "default", ActivityId = handle.Id, RunId = handle.RunId });

        Assert.Equal("paused", await worker.Activities.Interrupted.Task.WaitAsync(Ct));
        Assert.Equal(2, (await UntilAsync(worker.Client, handle.Id, PendingActivityState.Paused)).Attempt);
        await worker.Client.WorkflowService.UnpauseActivityExecutionAsync(new() { Namespace = "default", ActivityId = handle.Id });
        Assert.Equal("attempt 2 after 1 details", await handle.GetResultAsync<string>());
    }

    [Fact]
    public async Task A_worker_hears_of_a_reset_and_the_next_attempt_is_the_first()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);
        await worker.Activities.Began.Task.WaitAsync(Ct);

        await worker.Client.WorkflowService.ResetActivityExecutionAsync(new() { Namespace = "default", ActivityId = handle.Id, ResetHeartbeat = true });

        Assert.Equal("reset", await worker.Activities.Interrupted.Task.WaitAsync(Ct));
        Assert.Equal("attempt 1 after 0 details", await handle.GetResultAsync<string>());
    }

    [Fact]
    public async Task An_activity_is_given_to_another_queue_and_back_to_the_one_that_it_was_started_for()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = Options(worker.Queue);
        options.StartDelay = TimeSpan.FromDays(1);
        var handle = await worker.Client.StartActivityAsync("Greet", ["Ada"], options);
        var mask = new FieldMask { Paths = { "task_queue", "heartbeat_timeout" } };
        var elsewhere = new ActivityOptions { TaskQueue = new() { Name = "nobody" }, HeartbeatTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(7)) };

        var changed = await worker.Client.WorkflowService.UpdateActivityExecutionOptionsAsync(
            new() { Namespace = "default", ActivityId = handle.Id, ActivityOptions = elsewhere, UpdateMask = mask });
        Assert.Equal(("nobody", 7), (changed.ActivityOptions.TaskQueue.Name, (int)changed.ActivityOptions.HeartbeatTimeout.Seconds));
        await worker.Client.WorkflowService.ResetActivityExecutionAsync(new() { Namespace = "default", ActivityId = handle.Id });
        Assert.Equal("nobody", (await InfoAsync(worker.Client, handle.Id)).TaskQueue);
        var restored = await worker.Client.WorkflowService.UpdateActivityExecutionOptionsAsync(
            new() { Namespace = "default", ActivityId = handle.Id, RestoreOriginal = true });

        Assert.Equal(worker.Queue, restored.ActivityOptions.TaskQueue.Name);
        Assert.Equal("Hello, Ada!", await handle.GetResultAsync<string>());
    }

    [Fact]
    public async Task An_activity_of_a_workflow_is_paused_and_goes_on_by_the_same_requests()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync(
            (ActivityWorkflow w) => w.RunAsync(new ActivityPlan("Greet", "Ada") { StartToClose = 10_000, Queue = "nobody" }), worker.Options());
        var history = await handle.UntilAsync(EventType.ActivityTaskScheduled, Ct);
        var id = history.Events.Single(e => e.EventType == EventType.ActivityTaskScheduled).ActivityTaskScheduledEventAttributes.ActivityId;
        var service = worker.Client.WorkflowService;

        await service.PauseActivityExecutionAsync(new() { Namespace = "default", WorkflowId = handle.Id, ActivityId = id, Identity = "ada", Reason = "wait" });
        var described = await service.DescribeWorkflowExecutionAsync(new() { Namespace = "default", Execution = new() { WorkflowId = handle.Id } });
        Assert.Equal(("ada", "wait"), (described.PendingActivities[0].PauseInfo.Manual.Identity, described.PendingActivities[0].PauseInfo.Manual.Reason));
        await service.UpdateActivityExecutionOptionsAsync(new()
        {
            Namespace = "default", WorkflowId = handle.Id, ActivityId = id, ActivityOptions = new() { TaskQueue = new() { Name = worker.Queue } },
            UpdateMask = new FieldMask { Paths = { "task_queue" } },
        });
        await service.ResetActivityExecutionAsync(new() { Namespace = "default", WorkflowId = handle.Id, ActivityId = id, KeepPaused = true });
        await service.UnpauseActivityExecutionAsync(new() { Namespace = "default", WorkflowId = handle.Id, ActivityId = id });

        Assert.Equal("Hello, Ada!", await handle.GetResultAsync());
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task What_is_over_or_not_there_is_refused_and_so_is_what_cannot_be_changed()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var service = worker.Client.WorkflowService;
        var over = await worker.Client.StartActivityAsync("Greet", ["Ada"], Options(worker.Queue));
        await over.GetResultAsync();

        var closed = await Assert.ThrowsAsync<RpcException>(() => service.PauseActivityExecutionAsync(new() { Namespace = "default", ActivityId = over.Id }));
        var missing = await Assert.ThrowsAsync<RpcException>(() => service.ResetActivityExecutionAsync(new() { Namespace = "default", ActivityId = "not there" }));
        var nameless = await Assert.ThrowsAsync<RpcException>(() => service.UnpauseActivityExecutionAsync(new() { Namespace = "default" }));
        var unknown = await Assert.ThrowsAsync<RpcException>(() => service.UpdateActivityExecutionOptionsAsync(new()
        {
            Namespace = "default", ActivityId = over.Id, ActivityOptions = new(), UpdateMask = new FieldMask { Paths = { "colour" } },
        }));

        Assert.Equal(
            (RpcException.StatusCode.FailedPrecondition, RpcException.StatusCode.NotFound, RpcException.StatusCode.InvalidArgument, RpcException.StatusCode.InvalidArgument),
            (closed.Code, missing.Code, nameless.Code, unknown.Code));
        Assert.Contains("'colour'", unknown.Message, StringComparison.Ordinal);
        var timeless = await worker.Client.StartActivityAsync("Greet", ["Ada"], Options("nobody"));
        var refused = await Assert.ThrowsAsync<RpcException>(() => service.UpdateActivityExecutionOptionsAsync(new()
        {
            Namespace = "default", ActivityId = timeless.Id, ActivityOptions = new(), UpdateMask = new FieldMask { Paths = { "start_to_close_timeout" } },
        }));
        Assert.Equal("A valid StartToClose or ScheduleToCloseTimeout is not set on ActivityOptions.", refused.Message);
        Assert.Equal("nobody", (await InfoAsync(worker.Client, timeless.Id)).TaskQueue);
    }

    private static Task<ActivityHandle> StartAsync(RunningWorker worker) => worker.Client.StartActivityAsync(
        "Watch", ["half"], new StartActivityOptions($"activity-{Guid.NewGuid():N}", worker.Queue)
        {
            StartToCloseTimeout = TimeSpan.FromMinutes(10), HeartbeatTimeout = TimeSpan.FromMinutes(1),
        });

    private static StartActivityOptions Options(string queue) => new($"activity-{Guid.NewGuid():N}", queue) { StartToCloseTimeout = TimeSpan.FromSeconds(60) };

    private static async Task<ActivityExecutionInfo> InfoAsync(TemporalClient client, string id) =>
        (await client.WorkflowService.DescribeActivityExecutionAsync(new DescribeActivityExecutionRequest { Namespace = "default", ActivityId = id })).Info;

    private static async Task<(ActivityExecutionStatus Status, PendingActivityState State)> StateAsync(TemporalClient client, string id) =>
        await InfoAsync(client, id) is var info ? (info.Status, info.RunState) : default;

    private static async Task<ActivityExecutionInfo> UntilAsync(TemporalClient client, string id, PendingActivityState state)
    {
        while (true)
        {
            Ct.ThrowIfCancellationRequested();
            if (await InfoAsync(client, id) is { } info && info.RunState == state)
            {
                return info;
            }
        }
    }
}
