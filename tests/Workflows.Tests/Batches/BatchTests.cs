using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Batches;

/// <summary>One operation on many executions.</summary>
public sealed class BatchTests(HostFixture fixture)
{
    private readonly string queue = $"queue-{Guid.NewGuid():N}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_query_finds_is_terminated_with_the_reason_and_nothing_else_is()
    {
        var client = await fixture.ConnectAsync();
        var handles = await StartAsync(client, 5);
        var other = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody"));

        var job = await RunAsync(client, new() { VisibilityQuery = $"TaskQueue = '{queue}'", TerminationOperation = new() { Identity = "ada" } });

        Assert.Equal((BatchOperationState.Completed, BatchOperationType.TerminateWorkflow), (job.State, job.OperationType));
        Assert.Equal((5L, 5L, 0L), (job.TotalOperationCount, job.CompleteOperationCount, job.FailureOperationCount));
        Assert.Equal(("ada", "clean up"), (job.Identity, job.Reason));
        Assert.NotNull(job.CloseTime);
        foreach (var handle in handles)
        {
            var last = (await handle.FetchHistoryAsync()).Events.Last();
            var attributes = last.WorkflowExecutionTerminatedEventAttributes;
            Assert.Equal(("clean up", "ada", "admin"), (attributes.Reason, attributes.Identity, last.Principal.Name));
        }

        Assert.Equal(WorkflowExecutionStatus.Running, (await other.DescribeAsync()).Status);
        var listed = (await client.WorkflowService.ListBatchOperationsAsync(new() { Namespace = "default" })).OperationInfo;
        Assert.Equal(BatchOperationState.Completed, listed.Single(i => i.JobId == job.JobId).State);
        await other.TerminateAsync();
    }

    [Fact]
    public async Task Named_executions_are_signalled_once_and_one_that_is_not_there_needs_nothing()
    {
        var client = await fixture.ConnectAsync();
        var handles = await StartAsync(client, 3);
        var request = new StartBatchOperationRequest { SignalOperation = new() { Signal = "hear" } };
        request.TargetExecutions.Add(handles.Select(h => new Temporalio.Api.Common.V1.Execution { Type = ExecutionType.Workflow, BusinessId = h.Id }));
        request.TargetExecutions.Add(new Temporalio.Api.Common.V1.Execution { Type = ExecutionType.Workflow, BusinessId = "no such workflow" });

        var job = await RunAsync(client, request);

        Assert.Equal((4L, 4L, 4), (job.TotalOperationCount, job.CompleteOperationCount, job.Executions.Count));
        Assert.All(
            await Task.WhenAll(handles.Select(h => h.FetchHistoryAsync())),
            history => Assert.Equal(1, history.Events.Count(e => e.EventType == EventType.WorkflowExecutionSignaled)));
        // The same request again is the same job; another one of its id is refused.
        await client.WorkflowService.StartBatchOperationAsync(request);
        request.SignalOperation.Signal = "other";
        var refused = await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.StartBatchOperationAsync(request));
        Assert.Equal(RpcException.StatusCode.AlreadyExists, refused.Code);
        await RunAsync(client, new() { VisibilityQuery = $"TaskQueue = '{queue}'", DeletionOperation = new() });
        Assert.Equal(0, (await client.CountWorkflowsAsync($"TaskQueue = '{queue}'")).Count);
    }

    [Fact]
    public async Task A_batch_resets_each_run_once_though_its_query_finds_the_new_ones_too()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync(), queue);
        var client = worker.Client;
        var handles = new List<WorkflowHandle<ChainWorkflow, string>>();
        for (var i = 0; i < 3; i++)
        {
            var id = $"chain-{Guid.NewGuid():N}";
            handles.Add(await client.StartWorkflowAsync((ChainWorkflow w) => w.RunAsync(id, 1), worker.Options(id)));
            await handles[i].GetResultAsync();
        }

        var job = await RunAsync(client, new() { VisibilityQuery = $"TaskQueue = '{queue}'", ResetOperation = new() { Options = new() { FirstWorkflowTask = new() } } });

        Assert.Equal((3L, 3L), (job.TotalOperationCount, job.CompleteOperationCount));
        foreach (var handle in handles)
        {
            Assert.Equal($"{handle.Id}/0:2", await client.GetWorkflowHandle<ChainWorkflow, string>(handle.Id).GetResultAsync());
        }

        Assert.Equal(6, (await client.CountWorkflowsAsync($"TaskQueue = '{queue}'")).Count);
    }

    [Fact]
    public async Task A_job_that_is_stopped_leaves_the_rest_as_it_is()
    {
        var client = await fixture.ConnectAsync();
        await StartAsync(client, 40);
        var request = Named(new() { VisibilityQuery = $"TaskQueue = '{queue}'", CancellationOperation = new(), MaxOperationsPerSecond = 0.1f });
        await client.WorkflowService.StartBatchOperationAsync(request);

        await client.WorkflowService.StopBatchOperationAsync(new() { Namespace = "default", JobId = request.JobId, Reason = "wrong query" });

        var stopped = await client.WorkflowService.DescribeBatchOperationAsync(new() { Namespace = "default", JobId = request.JobId });
        Assert.Equal((BatchOperationState.Failed, 40L), (stopped.State, stopped.TotalOperationCount));
        Assert.True(stopped.CompleteOperationCount < 40);
        await RunAsync(client, new() { VisibilityQuery = $"TaskQueue = '{queue}'", DeletionOperation = new() });
    }

    [Fact]
    public async Task What_cannot_be_a_job_is_refused()
    {
        var client = await fixture.ConnectAsync();
        var viewer = await fixture.ConnectAsync(await FrontendTests.IssueAsync(fixture.Host, $"batches-{Guid.NewGuid():N}", "viewer"));

        await RefusedAsync(client, new() { TerminationOperation = new() }, RpcException.StatusCode.InvalidArgument);
        await RefusedAsync(client, new() { VisibilityQuery = "Nothing = 1", TerminationOperation = new() }, RpcException.StatusCode.InvalidArgument);
        await RefusedAsync(client, new() { VisibilityQuery = "WorkflowId = 'x'" }, RpcException.StatusCode.InvalidArgument);
        await RefusedAsync(client, new() { VisibilityQuery = "WorkflowId = 'x'", SignalOperation = new() }, RpcException.StatusCode.InvalidArgument);
        await RefusedAsync(client, new() { VisibilityQuery = "WorkflowId = 'x'", UpdateWorkflowOptionsOperation = new() }, RpcException.StatusCode.InvalidArgument);
        await RefusedAsync(client, new() { VisibilityQuery = "WorkflowId = 'x'", CancelActivitiesOperation = new() }, RpcException.StatusCode.Unimplemented);
        await RefusedAsync(viewer, new() { VisibilityQuery = "WorkflowId = 'x'", TerminationOperation = new() }, RpcException.StatusCode.PermissionDenied);
        var missing = await Assert.ThrowsAsync<RpcException>(
            () => client.WorkflowService.DescribeBatchOperationAsync(new() { Namespace = "default", JobId = "none" }));
        Assert.Equal(RpcException.StatusCode.NotFound, missing.Code);
    }

    internal static StartBatchOperationRequest Named(StartBatchOperationRequest request)
    {
        (request.Namespace, request.JobId, request.Reason) = ("default", $"job-{Guid.NewGuid():N}", "clean up");
        return request;
    }

    internal static async Task<DescribeBatchOperationResponse> UntilAsync(TemporalClient client, string job, Func<DescribeBatchOperationResponse, bool> isSo)
    {
        while (true)
        {
            Ct.ThrowIfCancellationRequested();
            if (await client.WorkflowService.DescribeBatchOperationAsync(new() { Namespace = "default", JobId = job }) is { } described && isSo(described))
            {
                return described;
            }
        }
    }

    private static async Task RefusedAsync(TemporalClient client, StartBatchOperationRequest request, RpcException.StatusCode code) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<RpcException>(() => client.WorkflowService.StartBatchOperationAsync(Named(request)))).Code);

    private static async Task<DescribeBatchOperationResponse> RunAsync(TemporalClient client, StartBatchOperationRequest request)
    {
        await client.WorkflowService.StartBatchOperationAsync(Named(request));
        return await UntilAsync(client, request.JobId, d => d.State != BatchOperationState.Running);
    }

    private async Task<WorkflowHandle<ListeningWorkflow, string>[]> StartAsync(TemporalClient client, int count) => await Task.WhenAll(Enumerable.Range(0, count)
        .Select(_ => client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", queue))));
}
