using System.Collections.Concurrent;
using System.Globalization;
using Flagstone.Testing;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>Workflows on three processes over one PostgreSQL, of which one fails.</summary>
public sealed class TeamTests : IAsyncLifetime
{
    private const int Workflows = 6;

    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("FLAGSTONE_KILLS") ?? "1", CultureInfo.InvariantCulture);

    private RunningTeam? team;

    private IReadOnlyList<RunningHost> Hosts => team!.Hosts;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => team = await RunningTeam.StartAsync(Ct);

    public ValueTask DisposeAsync() => team!.DisposeAsync();

    [Fact]
    public async Task Workflows_go_on_when_one_of_three_processes_is_killed()
    {
        const int length = 12;
        var clients = await Task.WhenAll(Hosts.Select(h => HostFixture.ConnectAsync(h, team!.Token)));
        await using var first = RunningWorker.Start(clients[0]);
        await using var second = RunningWorker.Start(clients[1], first.Queue, first.Activities);
        var handles = await Task.WhenAll(Enumerable.Range(0, Workflows).Select(i => clients[2].StartWorkflowAsync(
            (ChainWorkflow w) => w.RunAsync($"team-{i}", length), new WorkflowOptions($"team-{i}", first.Queue) { TaskTimeout = TimeSpan.FromSeconds(2) })));

        for (var kill = 0; kill < Kills; kill++)
        {
            await handles[kill % Workflows].UntilAsync(EventType.ActivityTaskCompleted, Ct);
            await Hosts[kill % 2].KillAsync();
            await Hosts[kill % 2].StartAgainAsync(Ct);
        }

        foreach (var handle in handles)
        {
            Assert.Equal(Enumerable.Range(0, length).Select(i => $"{handle.Id}/{i}"), (await handle.GetResultAsync()).Split(' ').Select(s => s.Split(':')[0]));
            var history = await handle.ReplayedAsync();
            Assert.Equal(length, history.Events.Count(e => e.EventType == EventType.ActivityTaskCompleted));
            Assert.Equal(length, history.Events.Count(e => e.EventType == EventType.TimerFired));
        }
    }

    [Fact]
    public async Task A_process_that_the_others_gave_up_and_that_comes_back_forks_no_history()
    {
        var clients = await Task.WhenAll(Hosts.Select(h => HostFixture.ConnectAsync(h, team!.Token)));
        await using var worker = RunningWorker.Start(clients[1]);
        var handles = await Task.WhenAll(Enumerable.Range(0, Workflows).Select(i => clients[2].StartWorkflowAsync(
            (ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"listening-{i}", worker.Queue) { TaskTimeout = TimeSpan.FromSeconds(2) })));
        var acknowledged = new ConcurrentDictionary<string, byte>();
        await TellAllAsync(clients[2], "before");

        await Hosts[0].FreezeAsync();
        await TellAllAsync(clients[2], "meanwhile");
        // Now others hold what the frozen process held; it does not know, and is asked at once.
        await Hosts[0].ThawAsync();
        await Task.WhenAll(TellAllAsync(clients[0], "stale"), TellAllAsync(clients[2], "after"));

        foreach (var handle in handles)
        {
            await handle.SignalAsync(w => w.EndAsync());
            var heard = (await handle.GetResultAsync()).Split(',');
            Assert.Equal(heard.Length, heard.Distinct().Count());
            Assert.Equal(acknowledged.Keys.Where(a => a.StartsWith(handle.Id, StringComparison.Ordinal)).Order(), heard.Order());
            await handle.ReplayedAsync();
        }

        async Task TellAllAsync(TemporalClient client, string when) => await Task.WhenAll(handles.SelectMany(h => Enumerable.Range(0, 5).Select(async i =>
        {
            var word = $"{h.Id}-{when}-{i}";
            await TellAsync(client, clients[2], h.Id, word);
            acknowledged[word] = 0;
        })));
    }

    /// <summary>Signals by one process, and where it fails by another one, until one has taken it. It is the same request each time.</summary>
    private static async Task TellAsync(TemporalClient client, TemporalClient other, string workflow, string word)
    {
        var request = new SignalWorkflowExecutionRequest
        {
            Namespace = "default", WorkflowExecution = new() { WorkflowId = workflow }, SignalName = "Hear", RequestId = word,
            Input = new() { Payloads_ = { client.Options.DataConverter.PayloadConverter.ToPayload(word) } },
        };
        while (true)
        {
            try
            {
                await client.WorkflowService.SignalWorkflowExecutionAsync(request, new RpcOptions { Retry = false, CancellationToken = Ct });
                return;
            }
            catch (RpcException e) when (e.Code != RpcException.StatusCode.InvalidArgument)
            {
                client = other;
            }
        }
    }
}
