using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>Updates of a real worker's workflows, and what the histories tell of them.</summary>
public sealed class UpdateTests(HostFixture fixture)
{
    private const string Next = "WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted";
    private const string First = $"WorkflowExecutionStarted {Next}";
    private const string Done = "WorkflowExecutionUpdateAccepted WorkflowExecutionUpdateCompleted";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_update_changes_the_workflow_and_is_answered()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);
        // An update that comes before the first task ends would go with that task.
        await handle.UntilAsync(EventType.WorkflowTaskCompleted, Ct);

        Assert.Equal(5, await handle.ExecuteUpdateAsync(w => w.AddAsync(5)));
        Assert.Equal(12, await handle.ExecuteUpdateAsync(w => w.AddAsync(7)));
        await handle.SignalAsync(w => w.EndAsync());

        Assert.Equal(12, await handle.GetResultAsync());
        var history = await handle.ReplayedAsync();
        Assert.Equal($"{First} {Next} {Done} {Next} {Done} WorkflowExecutionSignaled {Next} WorkflowExecutionCompleted", history.Types());
        var accepted = history.Events.First(e => e.EventType == EventType.WorkflowExecutionUpdateAccepted);
        var completed = history.Events.First(e => e.EventType == EventType.WorkflowExecutionUpdateCompleted).WorkflowExecutionUpdateCompletedEventAttributes;
        Assert.Equal(accepted.EventId, completed.AcceptedEventId);
        Assert.Equal("Add", accepted.WorkflowExecutionUpdateAcceptedEventAttributes.AcceptedRequest.Input.Name);
    }

    [Fact]
    public async Task A_rejected_update_leaves_no_trace()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);
        await handle.UntilAsync(EventType.WorkflowTaskCompleted, Ct);

        var rejected = await Assert.ThrowsAsync<WorkflowUpdateFailedException>(() => handle.ExecuteUpdateAsync(w => w.AddAsync(-1)));

        Assert.Equal("An amount is not negative.", rejected.InnerException!.Message);
        Assert.Equal(First, (await handle.FetchHistoryAsync()).Types());
        Assert.Equal(3, await handle.ExecuteUpdateAsync(w => w.AddAsync(3)));
        Assert.Equal($"{First} {Next} {Done}", (await handle.ReplayedAsync()).Types());
    }

    [Fact]
    public async Task An_update_may_take_its_time_and_be_polled()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);

        var update = await handle.StartUpdateAsync(w => w.GreetAsync("Ada"), new WorkflowUpdateStartOptions(WorkflowUpdateStage.Accepted) { Id = "greeting" });

        Assert.Equal("Hello, Ada!", await update.GetResultAsync());
        // Also who comes later, and only knows its id.
        Assert.Equal("Hello, Ada!", await handle.GetUpdateHandle<string>("greeting").GetResultAsync());
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task The_same_update_again_is_carried_out_once()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);

        var all = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => handle.ExecuteUpdateAsync(w => w.AddAsync(4), new WorkflowUpdateOptions("once"))));
        await handle.SignalAsync(w => w.EndAsync());

        Assert.All(all, balance => Assert.Equal(4, balance));
        Assert.Equal(4, await handle.GetResultAsync());
        Assert.Equal(4, await handle.ExecuteUpdateAsync(w => w.AddAsync(4), new WorkflowUpdateOptions("once")));
    }

    [Fact]
    public async Task An_update_that_the_workflow_does_not_wait_for_fails_with_it()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);
        var update = await handle.StartUpdateAsync(w => w.WaitAsync(), new WorkflowUpdateStartOptions(WorkflowUpdateStage.Accepted));

        await handle.SignalAsync(w => w.EndAsync());

        var failed = await Assert.ThrowsAsync<WorkflowUpdateFailedException>(() => update.GetResultAsync());
        Assert.Equal("AcceptedUpdateCompletedWorkflow", Assert.IsType<ApplicationFailureException>(failed.InnerException).ErrorType);
    }

    [Fact]
    public async Task An_update_of_a_workflow_that_is_over_is_not_found()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);
        await handle.TerminateAsync();

        var refused = await Assert.ThrowsAsync<RpcException>(() => handle.ExecuteUpdateAsync(w => w.AddAsync(1)));

        Assert.Equal((RpcException.StatusCode.NotFound, "workflow execution already completed"), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task More_updates_at_once_than_may_be_under_way_are_refused()
    {
        var client = await fixture.ConnectAsync();
        var id = $"wf-{Guid.NewGuid():N}";
        await client.StartWorkflowAsync((UpdatableWorkflow w) => w.RunAsync(), new WorkflowOptions(id, $"nobody-{id}"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        var all = Enumerable.Range(0, 11).Select(i => RefusalOfAsync(client, id, $"{i}", stop.Token)).ToList();

        Assert.Equal(RpcException.StatusCode.ResourceExhausted, (await await Task.WhenAny(all))?.Code);
        await stop.CancelAsync();
        await Task.WhenAll(all);
    }

    [Fact]
    public async Task An_update_reaches_a_workflow_whose_worker_has_gone()
    {
        var client = await fixture.ConnectAsync();
        await using var first = RunningWorker.Start(client);
        var handle = await StartAsync(first);
        Assert.Equal(1, await handle.ExecuteUpdateAsync(w => w.AddAsync(1)));
        await first.DisposeAsync();

        var update = handle.ExecuteUpdateAsync(w => w.AddAsync(1));
        await using var second = RunningWorker.Start(client, first.Queue);

        Assert.Equal(2, await update);
        await handle.ReplayedAsync();
    }

    [Fact]
    public async Task An_update_wakes_a_workflow_whose_start_is_delayed()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var options = worker.Options();
        options.StartDelay = TimeSpan.FromDays(10_000);
        var handle = await worker.Client.StartWorkflowAsync((UpdatableWorkflow w) => w.RunAsync(), options);

        Assert.Equal(9, await handle.ExecuteUpdateAsync(w => w.AddAsync(9)));
        await handle.SignalAsync(w => w.EndAsync());

        Assert.Equal(9, await handle.GetResultAsync());
    }

    [Fact]
    public async Task A_workflow_is_started_by_its_first_update()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var id = $"wf-{Guid.NewGuid():N}";

        var first = await UpdateWithStartAsync(worker, id, 2);
        var second = await UpdateWithStartAsync(worker, id, 3);

        Assert.Equal((2, 5), (first, second));
        var handle = worker.Client.GetWorkflowHandle<UpdatableWorkflow, int>(id);
        await handle.SignalAsync(w => w.EndAsync());
        Assert.Equal(5, await handle.GetResultAsync());
        Assert.StartsWith($"{First} {Done}", (await handle.ReplayedAsync()).Types(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_update_with_a_start_that_is_refused_is_not_carried_out()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await StartAsync(worker);

        await Assert.ThrowsAsync<WorkflowAlreadyStartedException>(() => UpdateWithStartAsync(worker, handle.Id, 2, WorkflowIdConflictPolicy.Fail));
        await handle.SignalAsync(w => w.EndAsync());

        Assert.Equal(0, await handle.GetResultAsync());
    }

    private static Task<WorkflowHandle<UpdatableWorkflow, int>> StartAsync(RunningWorker worker) =>
        worker.Client.StartWorkflowAsync((UpdatableWorkflow w) => w.RunAsync(), worker.Options());

    private static Task<int> UpdateWithStartAsync(RunningWorker worker, string id, int amount, WorkflowIdConflictPolicy policy = WorkflowIdConflictPolicy.UseExisting)
    {
        var start = WithStartWorkflowOperation.Create((UpdatableWorkflow w) => w.RunAsync(), new WorkflowOptions(id, worker.Queue) { IdConflictPolicy = policy });
        return worker.Client.ExecuteUpdateWithStartWorkflowAsync((UpdatableWorkflow w) => w.AddAsync(amount), new WorkflowUpdateWithStartOptions(start));
    }

    private static async Task<RpcException?> RefusalOfAsync(TemporalClient client, string workflow, string update, CancellationToken ct)
    {
        var request = new Temporalio.Api.WorkflowService.V1.UpdateWorkflowExecutionRequest
        {
            Namespace = "default", WorkflowExecution = new() { WorkflowId = workflow },
            Request = new() { Meta = new() { UpdateId = update }, Input = new() { Name = "Add" } },
        };
        try
        {
            await client.WorkflowService.UpdateWorkflowExecutionAsync(request, new RpcOptions { CancellationToken = ct, Retry = false });
            return null;
        }
        catch (RpcException e)
        {
            return e;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
