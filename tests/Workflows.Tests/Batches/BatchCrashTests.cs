using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.Batches;

/// <summary>The host is killed as by a crash while a job is carried out.</summary>
public sealed class BatchCrashTests
{
    private const int Workflows = 40;
    private const int Kills = 2;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_execution_is_signalled_once_whatever_process_dies()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var client = await HostFixture.ConnectAsync(host);
        var handles = await Task.WhenAll(Enumerable.Range(0, Workflows).Select(
            i => client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{i}", "nobody"))));
        var request = BatchTests.Named(new()
        {
            VisibilityQuery = "TaskQueue = 'nobody'", SignalOperation = new() { Signal = "hear" }, MaxOperationsPerSecond = Workflows / (Kills + 2),
        });
        await client.WorkflowService.StartBatchOperationAsync(request);

        for (var kill = 1; kill <= Kills; kill++)
        {
            // Something has been done since the last start.
            var least = kill * Workflows / (Kills + 2);
            await BatchTests.UntilAsync(client, request.JobId, d => d.CompleteOperationCount >= least);
            await host.KillAsync();
            await host.StartAgainAsync(Ct);
        }

        var done = await BatchTests.UntilAsync(client, request.JobId, d => d.State != BatchOperationState.Running);

        Assert.Equal((BatchOperationState.Completed, Workflows, 0), (done.State, (int)done.CompleteOperationCount, (int)done.FailureOperationCount));
        foreach (var handle in handles)
        {
            Assert.Equal(1, (await handle.FetchHistoryAsync()).Events.Count(e => e.EventType == EventType.WorkflowExecutionSignaled));
        }
    }
}
