using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>Activities that others answer than the worker that took them.</summary>
public sealed class ActivityByIdTests(HostFixture fixture)
{
    /// <summary>As the SDK numbers the activities of a workflow.</summary>
    private const string First = "1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_activity_is_completed_by_its_id()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await LeaveAsync(worker);

        await Activity(worker, handle).CompleteAsync("by another");

        Assert.Equal("by another", await handle.GetResultAsync());
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task An_activity_is_failed_by_its_id()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await LeaveAsync(worker);

        await Activity(worker, handle).FailAsync(new ApplicationFailureException("It cannot be done."));

        var failed = await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.GetResultAsync());
        Assert.Equal("It cannot be done.", failed.InnerException!.InnerException!.Message);
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task An_activity_is_kept_alive_and_cancelled_by_its_id()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await LeaveAsync(worker);

        await Activity(worker, handle).HeartbeatAsync();
        await handle.CancelAsync();
        await handle.UntilAsync(EventType.ActivityTaskCancelRequested, Ct);
        await Assert.ThrowsAsync<AsyncActivityCanceledException>(() => Activity(worker, handle).HeartbeatAsync());
        await Activity(worker, handle).ReportCancellationAsync();

        var history = await handle.UntilAsync(EventType.ActivityTaskCanceled, Ct);
        Assert.Equal(1, history.Events.Count(e => e.EventType == EventType.ActivityTaskCanceled));
        await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.GetResultAsync());
    }

    [Fact]
    public async Task An_activity_that_is_not_under_way_is_not_found()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await LeaveAsync(worker);

        var unknown = await Assert.ThrowsAsync<RpcException>(() => CompleteAsync(worker, handle, "other"));
        await CompleteAsync(worker, handle, First);
        var again = await Assert.ThrowsAsync<RpcException>(() => CompleteAsync(worker, handle, First));

        Assert.Equal((RpcException.StatusCode.NotFound, RpcException.StatusCode.NotFound), (unknown.Code, again.Code));
    }

    private static async Task<WorkflowHandle<ActivityWorkflow, string>> LeaveAsync(RunningWorker worker)
    {
        var plan = new ActivityPlan("Leave", "any") { StartToClose = 60_000, Heartbeat = 30_000, Attempts = 1 };
        var handle = await worker.Client.StartWorkflowAsync((ActivityWorkflow w) => w.RunAsync(plan), worker.Options());
        await worker.Activities.Began.Task.WaitAsync(Ct);
        return handle;
    }

    private static AsyncActivityHandle Activity(RunningWorker worker, WorkflowHandle handle) =>
        worker.Client.GetAsyncActivityHandle(handle.Id, handle.ResultRunId!, First);

    private static Task<RespondActivityTaskCompletedByIdResponse> CompleteAsync(RunningWorker worker, WorkflowHandle handle, string activity) =>
        worker.Client.WorkflowService.RespondActivityTaskCompletedByIdAsync(
            new RespondActivityTaskCompletedByIdRequest { Namespace = "default", WorkflowId = handle.Id, ActivityId = activity });
}
