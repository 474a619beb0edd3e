using Flagstone.Workflows.Tests.Workers;
using NexusRpc.Handlers;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Nexus;

/// <summary>Operations that a client starts itself.</summary>
public sealed class StandaloneTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_gets_the_result_of_an_operation_and_sees_what_it_was()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var client = bench.Client.CreateNexusClient<ISampleService>(bench.Endpoint.Spec.Name);
        var options = Options();
        options.Summary = "A greeting";

        var handle = await client.StartNexusOperationAsync(s => s.Greet("Ada"), options);

        Assert.Equal("Hello, Ada!", await handle.GetResultAsync());
        var described = await handle.DescribeAsync();
        Assert.Equal((NexusOperationExecutionStatus.Completed, "Greet", 1), (described.Status, described.Operation, described.Attempt));
        Assert.Equal("A greeting", await described.GetStaticSummaryAsync());
        Assert.NotNull(described.CloseTime);
        Assert.Equal("Hello, Ada!", await bench.Client.GetNexusOperationHandle<string>(handle.Id).GetResultAsync());
    }

    [Fact]
    public async Task An_operation_that_runs_a_workflow_ends_with_it()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var (handle, workflow) = await ListenAsync(bench);

        await workflow.SignalAsync(w => w.HearAsync("word"));
        await workflow.SignalAsync(w => w.EndAsync());

        Assert.Equal("word", await handle.GetResultAsync());
        Assert.NotEmpty((await handle.DescribeAsync()).OperationToken!);
    }

    [Fact]
    public async Task An_operation_that_fails_says_why()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var client = bench.Client.CreateNexusClient<ISampleService>(bench.Endpoint.Spec.Name);

        var refused = await Assert.ThrowsAsync<NexusOperationFailedException>(() => client.ExecuteNexusOperationAsync(s => s.Fail("BadRequest"), Options()));
        var failed = await Assert.ThrowsAsync<NexusOperationFailedException>(() => client.ExecuteNexusOperationAsync(s => s.Fail("operation"), Options()));

        Assert.Equal("BAD_REQUEST", Assert.IsType<HandlerException>(refused.InnerException).RawErrorType);
        Assert.Equal("It went wrong.", Assert.IsType<ApplicationFailureException>(failed.InnerException).Message);
    }

    [Fact]
    public async Task An_operation_is_cancelled_with_its_workflow()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var (handle, workflow) = await ListenAsync(bench);

        await handle.CancelAsync(new NexusOperationCancelOptions { Reason = "No more." });

        var failed = await Assert.ThrowsAsync<NexusOperationFailedException>(() => handle.GetResultAsync());
        Assert.IsType<CanceledFailureException>(failed.InnerException);
        Assert.Equal(NexusOperationExecutionStatus.Canceled, (await handle.DescribeAsync()).Status);
        await Assert.ThrowsAsync<WorkflowFailedException>(() => workflow.GetResultAsync());
    }

    [Fact]
    public async Task An_operation_is_terminated_and_its_workflow_goes_on()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var (handle, workflow) = await ListenAsync(bench);

        await handle.TerminateAsync(new NexusOperationTerminateOptions { Reason = "Enough." });

        var failed = await Assert.ThrowsAsync<NexusOperationFailedException>(() => handle.GetResultAsync());
        Assert.Equal("Enough.", Assert.IsType<TerminatedFailureException>(failed.InnerException).Message);
        await workflow.SignalAsync(w => w.EndAsync());
        Assert.Equal("", await workflow.GetResultAsync());
    }

    [Fact]
    public async Task An_operation_whose_time_is_over_ends()
    {
        var client = await fixture.ConnectAsync();
        var nobody = await NexusBench.CreateAsync(client, $"nobody-{Guid.NewGuid():N}");
        var options = Options();
        options.ScheduleToCloseTimeout = TimeSpan.FromMilliseconds(200);

        var failed = await Assert.ThrowsAsync<NexusOperationFailedException>(
            () => client.CreateNexusClient<ISampleService>(nobody.Spec.Name).ExecuteNexusOperationAsync(s => s.Greet("Ada"), options));

        Assert.Equal(TimeoutType.ScheduleToClose, Assert.IsType<TimeoutFailureException>(failed.InnerException).TimeoutType);
    }

    [Fact]
    public async Task An_id_is_in_use_until_its_operation_is_over_and_its_policies_say_what_then()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var client = bench.Client.CreateNexusClient<ISampleService>(bench.Endpoint.Spec.Name);
        var (handle, workflow) = await ListenAsync(bench);
        var again = new NexusOperationOptions(handle.Id) { ScheduleToCloseTimeout = TimeSpan.FromMinutes(1) };

        var taken = await Assert.ThrowsAsync<NexusOperationAlreadyStartedException>(() => client.StartNexusOperationAsync(s => s.Greet("Ada"), again));
        Assert.Equal((handle.Id, handle.RunId), (taken.OperationId, taken.RunId));
        again.IdConflictPolicy = NexusOperationIdConflictPolicy.UseExisting;
        Assert.Equal(handle.RunId, (await client.StartNexusOperationAsync(s => s.Greet("Ada"), again)).RunId);
        await workflow.SignalAsync(w => w.EndAsync());
        await handle.GetResultAsync();

        again.IdConflictPolicy = NexusOperationIdConflictPolicy.Fail;
        again.IdReusePolicy = NexusOperationIdReusePolicy.RejectDuplicate;
        await Assert.ThrowsAsync<NexusOperationAlreadyStartedException>(() => client.StartNexusOperationAsync(s => s.Greet("Ada"), again));
        again.IdReusePolicy = NexusOperationIdReusePolicy.AllowDuplicate;
        Assert.Equal("Hello, Ada!", await client.ExecuteNexusOperationAsync(s => s.Greet("Ada"), again));
    }

    [Fact]
    public async Task Operations_are_listed_and_counted_and_a_deleted_one_is_gone()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        var name = bench.Endpoint.Spec.Name;
        var client = bench.Client.CreateNexusClient<ISampleService>(name);
        var (open, _) = await ListenAsync(bench);
        await client.ExecuteNexusOperationAsync(s => s.Greet("Ada"), Options());

        var listed = new List<NexusOperationExecution>();
        await foreach (var one in bench.Client.ListNexusOperationsAsync($"Endpoint = '{name}'").WithCancellation(Ct))
        {
            listed.Add(one);
        }

        Assert.Equal(
            [NexusOperationExecutionStatus.Running, NexusOperationExecutionStatus.Completed], listed.Select(o => o.Status));
        Assert.Equal(1, (await bench.Client.CountNexusOperationsAsync($"Endpoint = '{name}' AND ExecutionStatus = 'Completed'")).Count);
        Assert.Equal(open.Id, listed[0].OperationId);
        var deletion = new DeleteNexusOperationExecutionRequest { Namespace = "default", OperationId = open.Id };
        await bench.Client.WorkflowService.DeleteNexusOperationExecutionAsync(deletion);
        var gone = await Assert.ThrowsAsync<RpcException>(() => open.DescribeAsync());
        Assert.Equal(RpcException.StatusCode.NotFound, gone.Code);
        Assert.Equal(1, (await bench.Client.CountNexusOperationsAsync($"Endpoint = '{name}'")).Count);
    }

    private static NexusOperationOptions Options() => new($"operation-{Guid.NewGuid():N}") { ScheduleToCloseTimeout = TimeSpan.FromMinutes(1) };

    /// <summary>An operation that has begun, and the workflow that it runs.</summary>
    private static async Task<(NexusOperationHandle<string> Operation, WorkflowHandle<ListeningWorkflow, string> Workflow)> ListenAsync(NexusBench bench)
    {
        var id = $"handler-{Guid.NewGuid():N}";
        var client = bench.Client.CreateNexusClient<ISampleService>(bench.Endpoint.Spec.Name);
        var handle = await client.StartNexusOperationAsync(s => s.Listen(id), Options());
        await bench.Client.WorkflowService.PollNexusOperationExecutionAsync(new PollNexusOperationExecutionRequest
        {
            Namespace = "default", OperationId = handle.Id, WaitStage = NexusOperationWaitStage.Started,
        });
        return (handle, bench.Client.GetWorkflowHandle<ListeningWorkflow, string>(id));
    }
}
