using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.Nexus;

/// <summary>The host is killed as by a crash while operations are under way.</summary>
public sealed class NexusCrashTests
{
    private const string Scheduled = "WorkflowExecutionStarted NexusOperationScheduled";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_operation_is_asked_again_with_the_same_id_and_ends_once_whatever_process_dies()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var bench = await NexusBench.StartAsync(await HostFixture.ConnectAsync(host));
        var gate = new TaskCompletionSource();
        bench.Service.Gate = gate.Task;
        var quick = await CallAsync(bench, "Greet", "Ada");
        var listening = await CallAsync(bench, "Listen", "handler");
        var alone = await bench.Client.CreateNexusClient<ISampleService>(bench.Endpoint.Spec.Name).StartNexusOperationAsync(
            s => s.Greet("Eve"), new NexusOperationOptions("alone") { ScheduleToCloseTimeout = TimeSpan.FromMinutes(5) });

        // They are being asked, and their answers will find nobody.
        await bench.Service.Begun(3).WaitAsync(Ct);
        await listening.UntilAsync(EventType.NexusOperationStarted, Ct);
        await host.KillAsync();
        await host.StartAgainAsync(Ct);
        gate.SetResult();

        Assert.Equal(("Hello, Ada!", "Hello, Eve!"), (await quick.GetResultAsync(), await alone.GetResultAsync()));
        Assert.Equal($"{Scheduled} NexusOperationCompleted WorkflowExecutionCompleted", (await quick.ReplayedAsync()).Steps());
        var ids = bench.Service.Asked.Where(a => a.Operation == "Greet").Select(a => a.RequestId).ToList();
        Assert.Equal(2, ids.Distinct().Count());
        Assert.All(ids.Distinct(), id => Assert.True(ids.Count(i => i == id) > 1, "A request that died with the host was not made again."));

        // The end of the handler's workflow is to be told, and the host dies.
        var handler = bench.Client.GetWorkflowHandle<ListeningWorkflow, string>("handler");
        await handler.SignalAsync(w => w.EndAsync());
        await handler.UntilAsync(EventType.WorkflowExecutionCompleted, Ct);
        await host.KillAsync();
        await host.StartAgainAsync(Ct);

        Assert.Equal("", await listening.GetResultAsync());
        Assert.Equal($"{Scheduled} NexusOperationStarted NexusOperationCompleted WorkflowExecutionCompleted", (await listening.ReplayedAsync()).Steps());
    }

    /// <summary>A task that was started and died with its process is given again after its timeout.</summary>
    private static Task<WorkflowHandle<NexusCallingWorkflow, string>> CallAsync(NexusBench bench, string operation, string input)
    {
        var options = bench.Worker.Options();
        options.TaskTimeout = TimeSpan.FromSeconds(2);
        return bench.Client.StartWorkflowAsync((NexusCallingWorkflow w) => w.RunAsync(bench.Plan(operation, input)), options);
    }
}
