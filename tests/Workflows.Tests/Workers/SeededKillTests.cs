using System.Collections.Concurrent;
using System.Globalization;
using Flagstone.Testing;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>The host is killed at any instant, again and again, while workflows start, run, and are told things.</summary>
public sealed class SeededSqliteKillTests
{
    [Fact]
    public async Task Nothing_that_was_acknowledged_is_lost_and_nothing_is_twice()
    {
        await using var host = await RunningHost.StartAsync(TestContext.Current.CancellationToken);
        await new SeededKills([host]).RunAsync();
    }
}

/// <summary>The same over PostgreSQL; a class of its own, so that both run at once.</summary>
public sealed class SeededPostgresKillTests
{
    [Fact]
    public async Task Nothing_that_was_acknowledged_is_lost_and_nothing_is_twice()
    {
        await using var postgres = await PrivatePostgres.StartAsync(TestContext.Current.CancellationToken);
        await using var host = await RunningHost.StartAsync(TestContext.Current.CancellationToken, await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        await new SeededKills([host]).RunAsync();
    }
}

/// <summary>The same on three processes, of which one is killed each time.</summary>
public sealed class SeededTeamKillTests
{
    [Fact]
    public async Task Nothing_that_was_acknowledged_is_lost_and_nothing_is_twice()
    {
        await using var team = await RunningTeam.StartAsync(TestContext.Current.CancellationToken);
        await new SeededKills(team.Hosts).RunAsync();
    }
}

/// <summary>Load, kills at times that a seed chooses, and a checker: <c>FLAGSTONE_KILLS</c> and <c>FLAGSTONE_SEED</c> repeat a run.</summary>
/// <param name="hosts">The processes of one installation.</param>
internal sealed class SeededKills(IReadOnlyList<RunningHost> hosts)
{
    private const int MaxLength = 5;

    /// <summary>A listener hears of so many rounds, so that its history stays short.</summary>
    private const int RoundsPerListener = 10;

    private const int MaxMilliseconds = 900;

    /// <summary>A host that answers nobody for so long after a kill has failed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("FLAGSTONE_KILLS") ?? "2", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("FLAGSTONE_SEED") ?? "20261127", CultureInfo.InvariantCulture);

    private readonly ConcurrentDictionary<string, byte> acknowledged = new(StringComparer.Ordinal);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async Task RunAsync()
    {
        var random = new Random(Seed);
        var clients = await Task.WhenAll(hosts.Select(h => HostFixture.ConnectAsync(h, hosts[0].Token)));
        var client = clients[^1];
        await using var worker = RunningWorker.Start(clients[0]);
        await using var second = hosts.Count > 1 ? RunningWorker.Start(client, worker.Queue, worker.Activities) : null;
        var (chains, listeners) = (new List<(string Id, int Length)>(), new List<string>());
        for (var kill = 0; kill < Kills; kill++)
        {
            if (kill % RoundsPerListener == 0)
            {
                listeners.Add($"listener-{kill}");
                await StartAsync(clients, worker, listeners[^1], nameof(ListeningWorkflow));
            }

            var (round, listener) = (kill, listeners[^1]);
            (string Id, int Length)[] next = [.. Enumerable.Range(0, random.Next(1, 4)).Select(i => ($"seeded-{round}-{i}", random.Next(1, MaxLength + 1)))];
            chains.AddRange(next);
            var load = Task.WhenAll(
            [
                .. next.Select(c => StartAsync(clients, worker, c.Id, nameof(ChainWorkflow), c.Id, c.Length)),
                .. Enumerable.Range(0, 4).Select(i => TellAsync(clients, listener, $"{listener}/{round}-{i}")),
            ]);
            using (var instant = new PeriodicTimer(TimeSpan.FromMilliseconds(random.Next(1, MaxMilliseconds))))
            {
                await instant.WaitForNextTickAsync(Ct);
            }

            var host = hosts[random.Next(hosts.Count)];
            await host.KillAsync();
            await host.StartAgainAsync(Ct);
            await load;
        }

        foreach (var (id, length) in chains)
        {
            await CheckChainAsync(client.GetWorkflowHandle<ChainWorkflow, string>(id), length);
        }

        foreach (var listener in listeners)
        {
            await CheckListenerAsync(client.GetWorkflowHandle<ListeningWorkflow, string>(listener));
        }
    }

    /// <summary>Each activity and timer is once in the history, its steps are in order, and the SDK replays it.</summary>
    private static async Task CheckChainAsync(WorkflowHandle<ChainWorkflow, string> chain, int length)
    {
        var said = (await chain.GetResultAsync()).Split(' ');
        Assert.Equal(Enumerable.Range(0, length).Select(i => $"{chain.Id}/{i}"), said.Select(s => s.Split(':')[0]));
        var events = (await chain.ReplayedAsync()).Events;
        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.EventId));
        Assert.All(
            (EventType[])[EventType.ActivityTaskScheduled, EventType.ActivityTaskCompleted, EventType.TimerStarted, EventType.TimerFired],
            type => Assert.Equal(length, events.Count(e => e.EventType == type)));
        Assert.Equal(1, events.Count(e => e.EventType == EventType.WorkflowExecutionStarted));
    }

    private async Task CheckListenerAsync(WorkflowHandle<ListeningWorkflow, string> listener)
    {
        await TryAsync([listener.Client], _ => listener.SignalAsync(w => w.EndAsync()));
        var heard = (await listener.GetResultAsync()).Split(',', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(acknowledged.Keys.Where(a => a.StartsWith($"{listener.Id}/", StringComparison.Ordinal)).Order(StringComparer.Ordinal), heard.Order(StringComparer.Ordinal));
        await listener.ReplayedAsync();
    }

    /// <summary>The same request until it is answered: an answer that was lost with the process does not make a second run.</summary>
    private static Task StartAsync(TemporalClient[] clients, RunningWorker worker, string id, string type, params object[] arguments)
    {
        var request = new StartWorkflowExecutionRequest
        {
            Namespace = "default", WorkflowId = id, WorkflowType = new() { Name = type }, TaskQueue = new() { Name = worker.Queue }, RequestId = id,
            WorkflowTaskTimeout = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(2)),
            Input = new() { Payloads_ = { arguments.Select(clients[0].Options.DataConverter.PayloadConverter.ToPayload) } },
        };
        return TryAsync(clients, client => client.WorkflowService.StartWorkflowExecutionAsync(request, Once));
    }

    private async Task TellAsync(TemporalClient[] clients, string workflow, string word)
    {
        var request = new SignalWorkflowExecutionRequest
        {
            Namespace = "default", WorkflowExecution = new() { WorkflowId = workflow }, SignalName = "Hear", RequestId = word,
            Input = new() { Payloads_ = { clients[0].Options.DataConverter.PayloadConverter.ToPayload(word) } },
        };
        await TryAsync(clients, client => client.WorkflowService.SignalWorkflowExecutionAsync(request, Once));
        acknowledged[word] = 0;
    }

    private static RpcOptions Once => new() { Retry = false, CancellationToken = Ct };

    /// <summary>Asks one process after another, until one answers.</summary>
    private static async Task TryAsync(ITemporalClient[] clients, Func<ITemporalClient, Task> call)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var i = 0; ; i++)
        {
            try
            {
                await call(clients[i % clients.Length]);
                return;
            }
            catch (RpcException e) when (e.Code is RpcException.StatusCode.Unavailable or RpcException.StatusCode.DeadlineExceeded or RpcException.StatusCode.Unknown
                or RpcException.StatusCode.Cancelled or RpcException.StatusCode.Internal)
            {
                // The host is down, or went down before it answered.
                await pace.WaitForNextTickAsync(patience.Token);
            }
        }
    }
}
