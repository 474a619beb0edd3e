using Flagstone.Testing;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>The host is killed as a crash would, while workflows run, on both databases.</summary>
public sealed class CrashTests
{
    private const int Kills = 3;
    private const int Workflows = 6;
    private const int Length = 8;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Workflows_survive_kills_of_the_host()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await KillAndCheckAsync(host);
    }

    [Fact]
    public async Task Workflows_survive_kills_of_the_host_over_PostgreSQL()
    {
        await using var postgres = await PrivatePostgres.StartAsync(Ct);
        await using var host = await RunningHost.StartAsync(Ct, await postgres.CreateDatabaseAsync(Ct));
        await KillAndCheckAsync(host);
    }

    private static async Task KillAndCheckAsync(RunningHost host)
    {
        var client = await HostFixture.ConnectAsync(host);
        await using var worker = RunningWorker.Start(client);
        var handles = new List<WorkflowHandle<ChainWorkflow, string>>();
        for (var i = 0; i < Workflows; i++)
        {
            var id = $"chain-{i}";
            handles.Add(await client.StartWorkflowAsync((ChainWorkflow w) => w.RunAsync(id, Length), worker.Options(id)));
        }

        for (var kill = 0; kill < Kills; kill++)
        {
            // Something has happened since the last start, and much is still to come.
            await handles[0].UntilAsync(EventType.ActivityTaskCompleted, Ct);
            await host.KillAsync();
            await host.StartAgainAsync(Ct);
        }

        foreach (var handle in handles)
        {
            var said = (await handle.GetResultAsync()).Split(' ');
            Assert.Equal(Enumerable.Range(0, Length).Select(i => $"{handle.Id}/{i}"), said.Select(s => s.Split(':')[0]));
            var history = await handle.ReplayedAsync();
            Assert.Equal(Length, history.Events.Count(e => e.EventType == EventType.ActivityTaskCompleted));
            Assert.Equal(Length, history.Events.Count(e => e.EventType == EventType.TimerFired));
            Assert.Equal(Length, history.Events.Where(e => e.EventType == EventType.ActivityTaskScheduled).Select(e => e.ActivityTaskScheduledEventAttributes.ActivityId).Distinct().Count());
        }
    }
}
