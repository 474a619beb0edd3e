using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>Retry policies and cron schedules of whole workflows, with a real worker.</summary>
public sealed class RepeatingTests(HostFixture fixture)
{
    private const string Run = "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_workflow_that_fails_is_tried_again_and_its_caller_gets_the_last_result()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = worker.Options();
        options.RetryPolicy = new RetryPolicy { InitialInterval = TimeSpan.FromMilliseconds(20) };

        var handle = await worker.Client.StartWorkflowAsync((StubbornWorkflow w) => w.RunAsync(3), options);

        Assert.Equal("attempt 3 after: Attempt 2 fails.", await handle.GetResultAsync());
        var first = await worker.Client.GetWorkflowHandle(handle.Id, handle.ResultRunId).ReplayedAsync();
        Assert.Equal($"{Run} WorkflowExecutionFailed", first.Types());
        var nextRun = first.Events.Last().WorkflowExecutionFailedEventAttributes.NewExecutionRunId;
        var second = await worker.Client.GetWorkflowHandle(handle.Id, nextRun).ReplayedAsync();
        Assert.Equal($"{Run} WorkflowExecutionFailed", second.Types());
        var third = await worker.Client.GetWorkflowHandle(handle.Id).ReplayedAsync();
        Assert.Equal($"{Run} WorkflowExecutionCompleted", third.Types());
        Assert.Equal(handle.ResultRunId, third.Events.First().WorkflowExecutionStartedEventAttributes.FirstExecutionRunId);
    }

    [Fact]
    public async Task A_workflow_on_a_schedule_comes_again_until_it_is_terminated()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = worker.Options();
        options.CronSchedule = "@every 1s";

        var handle = await worker.Client.StartWorkflowAsync((TickingWorkflow w) => w.RunAsync(), options);
        var first = await worker.Client.GetWorkflowHandle(handle.Id, handle.ResultRunId).UntilAsync(EventType.WorkflowExecutionCompleted, Ct);
        var nextRun = first.Events.Last().WorkflowExecutionCompletedEventAttributes.NewExecutionRunId;
        var second = await worker.Client.GetWorkflowHandle(handle.Id, nextRun).UntilAsync(EventType.WorkflowExecutionCompleted, Ct);
        await worker.Client.GetWorkflowHandle(handle.Id).TerminateAsync();

        Assert.Equal(
            ["1", "2"], new[] { first, second }.Select(h => h.Events.Last().WorkflowExecutionCompletedEventAttributes.Result.Payloads_[0].Data.ToStringUtf8()));
        Assert.Equal(ContinueAsNewInitiator.CronSchedule, second.Events.First().WorkflowExecutionStartedEventAttributes.Initiator);
        Assert.Equal(WorkflowExecutionStatus.Terminated, (await worker.Client.GetWorkflowHandle(handle.Id).DescribeAsync()).Status);
    }

    [Theory]
    [InlineData("often", null)]
    [InlineData("@hourly", 5)]
    public async Task A_schedule_that_cannot_be_is_refused(string schedule, int? delay)
    {
        var client = await fixture.ConnectAsync();
        var options = new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody")
        {
            CronSchedule = schedule, StartDelay = delay is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };

        var refused = await Assert.ThrowsAsync<RpcException>(() => client.StartWorkflowAsync((TickingWorkflow w) => w.RunAsync(), options));

        Assert.Equal(RpcException.StatusCode.InvalidArgument, refused.Code);
    }
}
