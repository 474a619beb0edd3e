using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using WorkflowExecution = Temporalio.Api.Common.V1.WorkflowExecution;

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
    private const int Families = 3;
    private const int Children = 3;
    private const int ChildLength = 3;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task KillAndCheckAsync(RunningHost host)
    {
        var client = await HostFixture.ConnectAsync(host);
        await using var worker = RunningWorker.Start(client);
        var handles = new List<WorkflowHandle<ChainWorkflow, string>>();
        for (var i = 0; i < Workflows; i++)
        {
            var id = $"chain-{i}";
            var options = Quick(worker.Options(id));
            handles.Add(await client.StartWorkflowAsync((ChainWorkflow w) => w.RunAsync(id, Length), options));
        }

        var listener = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), Quick(worker.Options("listener")));
        var families = new List<WorkflowHandle<FamilyWorkflow, string>>();
        for (var i = 0; i < Families; i++)
        {
            var id = $"family-{i}";
            families.Add(await client.StartWorkflowAsync((FamilyWorkflow w) => w.RunAsync(id, Children, ChildLength, "listener"), Quick(worker.Options(id))));
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

        foreach (var family in families)
        {
            await CheckAsync(family, client);
        }

        await listener.SignalAsync(w => w.EndAsync());
        var heard = (await listener.GetResultAsync()).Split(',');
        var all = Enumerable.Range(0, Families).SelectMany(f => Enumerable.Range(0, Children).Select(c => $"family-{f}-{c}"));
        Assert.Equal(all, heard.Order(StringComparer.Ordinal));
        await listener.ReplayedAsync();
    }

    /// <summary>Each child ran once, and each of its events is once in the history of its parent.</summary>
    private static async Task CheckAsync(WorkflowHandle<FamilyWorkflow, string> family, TemporalClient client)
    {
        var results = (await family.GetResultAsync()).Split('|');
        var history = await family.ReplayedAsync();
        EventType[] once = [
            EventType.StartChildWorkflowExecutionInitiated, EventType.ChildWorkflowExecutionStarted, EventType.ChildWorkflowExecutionCompleted,
            EventType.SignalExternalWorkflowExecutionInitiated, EventType.ExternalWorkflowExecutionSignaled];
        Assert.All(once, type => Assert.Equal(Children, history.Events.Count(e => e.EventType == type)));
        var runs = history.Events.Select(e => e.ChildWorkflowExecutionStartedEventAttributes?.WorkflowExecution)
            .OfType<WorkflowExecution>().ToDictionary(e => e.WorkflowId, e => e.RunId);
        for (var i = 0; i < Children; i++)
        {
            var id = $"{family.Id}-{i}";
            Assert.Equal(Enumerable.Range(0, ChildLength).Select(n => $"{id}/{n}"), results[i].Split(' ').Select(s => s.Split(':')[0]));
            var child = client.GetWorkflowHandle(id);
            Assert.Equal(runs[id], (await child.DescribeAsync()).RunId);
            Assert.Equal(ChildLength, (await child.ReplayedAsync()).Events.Count(e => e.EventType == EventType.ActivityTaskCompleted));
        }
    }

    /// <summary>A task that was started and died with its process is given again after this time.</summary>
    private static WorkflowOptions Quick(WorkflowOptions options)
    {
        options.TaskTimeout = TimeSpan.FromSeconds(2);
        return options;
    }

    /// <summary>What lists show, and what the ledger keeps, is of the same commit as the run's end.</summary>
    private static async Task IsFoundAndProvedAsync(RunningHost host, TemporalClient client, WorkflowHandle handle, int events)
    {
        var listed = new List<Temporalio.Client.WorkflowExecution>();
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
