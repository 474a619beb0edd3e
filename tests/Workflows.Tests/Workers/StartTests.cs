using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>What a start answers where the id is in use, and how executions end from outside.</summary>
public sealed class StartTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_start_is_answered_as_its_conflict_policy_says()
    {
        var client = await fixture.ConnectAsync();
        var options = new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody");
        var first = await StartAsync(client, options, WorkflowIdConflictPolicy.Fail);

        var refused = await Assert.ThrowsAsync<WorkflowAlreadyStartedException>(() => StartAsync(client, options, WorkflowIdConflictPolicy.Fail));
        var same = await StartAsync(client, options, WorkflowIdConflictPolicy.UseExisting);
        var other = await StartAsync(client, options, WorkflowIdConflictPolicy.TerminateExisting);

        Assert.Equal(first.ResultRunId, refused.RunId);
        Assert.Equal(first.ResultRunId, same.ResultRunId);
        Assert.NotEqual(first.ResultRunId, other.ResultRunId);
        Assert.Equal(WorkflowExecutionStatus.Terminated, (await client.GetWorkflowHandle(first.Id, first.ResultRunId).DescribeAsync()).Status);
        Assert.Equal(WorkflowExecutionStatus.Running, (await client.GetWorkflowHandle(first.Id).DescribeAsync()).Status);
    }

    [Theory]
    [InlineData(WorkflowIdReusePolicy.AllowDuplicate, true, true)]
    [InlineData(WorkflowIdReusePolicy.AllowDuplicateFailedOnly, true, false)]
    [InlineData(WorkflowIdReusePolicy.RejectDuplicate, false, false)]
    public async Task An_id_is_used_again_as_its_policy_says(WorkflowIdReusePolicy policy, bool afterFailure, bool afterSuccess)
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var (failed, succeeded) = (worker.Options(), worker.Options());
        await (await StartAsync(worker.Client, failed)).TerminateAsync();
        await worker.Client.ExecuteWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), succeeded);

        failed.IdReusePolicy = succeeded.IdReusePolicy = policy;

        Assert.Equal(afterFailure, await IsStartedAsync(worker.Client, failed));
        Assert.Equal(afterSuccess, await IsStartedAsync(worker.Client, succeeded));
    }

    [Fact]
    public async Task The_same_request_again_starts_nothing()
    {
        var client = await fixture.ConnectAsync();
        var request = new StartWorkflowExecutionRequest
        {
            Namespace = "default", WorkflowId = $"wf-{Guid.NewGuid():N}", RequestId = "once", WorkflowType = new() { Name = "Any" }, TaskQueue = new() { Name = "nobody" },
        };

        var first = await client.WorkflowService.StartWorkflowExecutionAsync(request);
        var again = await client.WorkflowService.StartWorkflowExecutionAsync(request);

        Assert.Equal((first.RunId, true), (again.RunId, again.Started));
    }

    [Fact]
    public async Task A_cancelled_workflow_ends_as_cancelled_and_may_be_cancelled_again()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker.Client, worker.Options());

        await handle.CancelAsync();
        await handle.CancelAsync();

        await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.GetResultAsync());
        var history = await handle.ReplayedAsync();
        Assert.Equal(1, history.Events.Count(e => e.EventType == EventType.WorkflowExecutionCancelRequested));
        Assert.EndsWith("WorkflowExecutionCanceled", history.Types(), StringComparison.Ordinal);
        await handle.CancelAsync();
    }

    [Fact]
    public async Task What_is_terminated_is_over()
    {
        var client = await fixture.ConnectAsync();
        var handle = await StartAsync(client, new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody"));

        await handle.TerminateAsync("No longer needed.");

        var history = await handle.FetchHistoryAsync();
        Assert.Equal("WorkflowExecutionStarted WorkflowTaskScheduled WorkflowExecutionTerminated", history.Types());
        Assert.Equal("No longer needed.", history.Events.Last().WorkflowExecutionTerminatedEventAttributes.Reason);
        var again = await Assert.ThrowsAsync<RpcException>(() => handle.TerminateAsync());
        Assert.Equal((RpcException.StatusCode.NotFound, "workflow execution already completed"), (again.Code, again.Message));
        Assert.Equal(RpcException.StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => handle.SignalAsync("any", []))).Code);
    }

    [Fact]
    public async Task A_run_that_takes_too_long_times_out()
    {
        var client = await fixture.ConnectAsync();
        var handle = await StartAsync(client, new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody") { RunTimeout = TimeSpan.FromMilliseconds(300) });

        var failed = await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.GetResultAsync());

        Assert.IsType<TimeoutFailureException>(failed.InnerException);
        Assert.Equal("WorkflowExecutionStarted WorkflowTaskScheduled WorkflowExecutionTimedOut", (await handle.FetchHistoryAsync()).Types());
    }

    [Fact]
    public async Task A_start_with_a_delay_waits_for_its_first_task()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = worker.Options();
        options.StartDelay = TimeSpan.FromMilliseconds(300);

        var handle = await worker.Client.StartWorkflowAsync((HelloWorkflow w) => w.RunAsync("Ada"), options);

        Assert.Equal("Hello, Ada!", await handle.GetResultAsync());
        var history = await handle.ReplayedAsync();
        Assert.Equal(TimeSpan.FromMilliseconds(300), history.Events.First().WorkflowExecutionStartedEventAttributes.FirstWorkflowTaskBackoff.ToTimeSpan());
        Assert.True((history.Events.ElementAt(1).EventTime - history.Events.First().EventTime).ToTimeSpan() >= TimeSpan.FromMilliseconds(299));
    }

    [Theory]
    [InlineData("viewer", false)]
    [InlineData("developer", true)]
    public async Task Who_only_reads_starts_nothing(string role, bool may)
    {
        var token = await FrontendTests.IssueAsync(fixture.Host, $"wf-{role}-{Guid.NewGuid():N}", role);
        var client = await fixture.ConnectAsync(token);
        var options = new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody");

        if (may)
        {
            var handle = await StartAsync(client, options);
            Assert.Equal(WorkflowExecutionStatus.Running, (await handle.DescribeAsync()).Status);
            return;
        }

        var refused = await Assert.ThrowsAsync<RpcException>(() => StartAsync(client, options));
        Assert.Equal((RpcException.StatusCode.PermissionDenied, "role viewer only reads"), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task What_is_too_long_or_too_large_is_refused()
    {
        var client = await fixture.ConnectAsync();

        var id = await Assert.ThrowsAsync<RpcException>(() => StartAsync(client, new WorkflowOptions(new string('x', 1_001), "nobody")));
        var blob = await Assert.ThrowsAsync<RpcException>(() => client.StartWorkflowAsync(
            (HelloWorkflow w) => w.RunAsync(new string('x', 2 * 1024 * 1024)), new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody")));

        var wide = await Assert.ThrowsAsync<RpcException>(() => StartAsync(client, new WorkflowOptions(new string('\u4e16', 334), "nobody")));
        var zero = await Assert.ThrowsAsync<RpcException>(() => StartAsync(client, new WorkflowOptions("a\0b", "nobody")));

        Assert.Equal((RpcException.StatusCode.InvalidArgument, "WorkflowId length exceeds limit of 1000 bytes."), (id.Code, id.Message));
        Assert.Equal(id.Message, wide.Message);
        Assert.Equal((RpcException.StatusCode.InvalidArgument, "WorkflowId has a zero character, which cannot be stored. Leave it out."), (zero.Code, zero.Message));
        Assert.Equal(RpcException.StatusCode.InvalidArgument, blob.Code);
    }

    private static Task<WorkflowHandle<ListeningWorkflow, string>> StartAsync(
        TemporalClient client, WorkflowOptions options, WorkflowIdConflictPolicy conflict = WorkflowIdConflictPolicy.Unspecified)
    {
        var copy = (WorkflowOptions)options.Clone();
        copy.IdConflictPolicy = conflict;
        return client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), copy);
    }

    private static async Task<bool> IsStartedAsync(TemporalClient client, WorkflowOptions options)
    {
        try
        {
            await StartAsync(client, options);
            return true;
        }
        catch (WorkflowAlreadyStartedException)
        {
            return false;
        }
    }
}
