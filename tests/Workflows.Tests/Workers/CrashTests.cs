using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>The host is killed as by a crash while workflows run.</summary>
public sealed class SqliteCrashTests
{
    [Fact]
    public async Task Workflows_survive_kills_of_the_host()
    {
        await using var host = await RunningHost.StartAsync(TestContext.Current.CancellationToken);
        await Crashes.KillAndCheckAsync(host);
    }
}

/// <summary>The same over PostgreSQL; a class of its own, so that both run at once.</summary>
public sealed class PostgresCrashTests
{
    [Fact]
    public async Task Workflows_survive_kills_of_the_host()
    {
        await using var postgres = await PrivatePostgres.StartAsync(TestContext.Current.CancellationToken);
        await using var host = await RunningHost.StartAsync(TestContext.Current.CancellationToken, await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        await Crashes.KillAndCheckAsync(host);
    }
}

internal static class Crashes
{
    private const int Kills = 3;
    private const int Workflows = 6;
    private const int Length = 8;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task KillAndCheckAsync(RunningHost host)
    {
        var client = await HostFixture.ConnectAsync(host);
        await using var worker = RunningWorker.Start(client);
        var handles = new List<WorkflowHandle<ChainWorkflow, string>>();
        for (var i = 0; i < Workflows; i++)
        {
            var id = $"chain-{i}";
            var options = worker.Options(id);
            // A task that was started and died with its process is given again after this time.
            options.TaskTimeout = TimeSpan.FromSeconds(2);
            handles.Add(await client.StartWorkflowAsync((ChainWorkflow w) => w.RunAsync(id, Length), options));
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
            await IsFoundAndProvedAsync(host, client, handle, history.Events.Count);
            Assert.Equal(Length, history.Events.Count(e => e.EventType == EventType.ActivityTaskCompleted));
            Assert.Equal(Length, history.Events.Count(e => e.EventType == EventType.TimerFired));
            Assert.Equal(Length, history.Events.Where(e => e.EventType == EventType.ActivityTaskScheduled).Select(e => e.ActivityTaskScheduledEventAttributes.ActivityId).Distinct().Count());
        }
    }

    /// <summary>What lists show, and what the ledger keeps, is of the same commit as the run's end.</summary>
    private static async Task IsFoundAndProvedAsync(RunningHost host, TemporalClient client, WorkflowHandle handle, int events)
    {
        var listed = new List<WorkflowExecution>();
        await foreach (var run in client.ListWorkflowsAsync($"WorkflowId = '{handle.Id}' AND ExecutionStatus = 'Completed'").WithCancellation(Ct))
        {
            listed.Add(run);
        }

        Assert.Equal(events, Assert.Single(listed).HistoryLength);
        using var http = host.Client();
        var evidence = await http.GetFromJsonAsync<JsonObject>($"/api/v1/workflowruns/default/{listed[0].RunId}/evidence", Ct);
        Assert.Equal("Verified", evidence!["verdict"]!.ToString());
    }
}
