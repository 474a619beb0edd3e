using System.Net;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.People;

/// <summary>The host is killed as by a crash while somebody decides, again and again.</summary>
public sealed class SqliteHumanCrashTests
{
    [Fact]
    public async Task Each_decision_is_made_once_and_no_task_is_lost()
    {
        await using var host = await RunningHost.StartAsync(TestContext.Current.CancellationToken);
        await HumanCrashes.KillAndCheckAsync(host);
    }
}

/// <summary>The same over PostgreSQL; a class of its own, so that both run at once.</summary>
public sealed class PostgresHumanCrashTests
{
    [Fact]
    public async Task Each_decision_is_made_once_and_no_task_is_lost()
    {
        await using var postgres = await PrivatePostgres.StartAsync(TestContext.Current.CancellationToken);
        await using var host = await RunningHost.StartAsync(
            TestContext.Current.CancellationToken, await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        await HumanCrashes.KillAndCheckAsync(host);
    }
}

internal static class HumanCrashes
{
    private const int Decisions = 3;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task KillAndCheckAsync(RunningHost host)
    {
        var client = await HostFixture.ConnectAsync(host);
        await using var worker = RunningWorker.Start(client);
        var (name, ada) = await Inbox.OfAsync(host, "ada");
        var options = worker.Options();
        options.TaskTimeout = TimeSpan.FromSeconds(2);
        var requests = Enumerable.Repeat(HumanTaskTests.Request("role:approver"), Decisions).ToArray();
        var handle = await client.StartWorkflowAsync((ApprovalWorkflow w) => w.RunAsync(requests, 600_000), options);
        var ids = new List<string>();
        for (var i = 0; i < Decisions; i++)
        {
            var id = await Inbox.TaskOfAsync(handle, i + 1);
            ids.Add(id);
            // It may be stored and not answered, or neither: the same decision again tells.
            var asked = DecideAsync(ada, id);
            await host.KillAsync();
            await host.StartAgainAsync(Ct);
            await asked;
        }

        Assert.Equal(string.Join("; ", Enumerable.Repeat($"approve by {name}: fine", Decisions)), await handle.GetResultAsync());
        var history = await handle.ReplayedAsync();
        foreach (var type in (EventType[])[EventType.ActivityTaskScheduled, EventType.ActivityTaskStarted, EventType.ActivityTaskCompleted])
        {
            Assert.Equal(Decisions, history.Events.Count(e => e.EventType == type));
        }

        Assert.Empty(await ada.ListAsync("state=open"));
        Assert.Equal(ids.Order(), (await ada.ListAsync("state=closed&limit=1")).Order());
    }

    private static async Task DecideAsync(Inbox inbox, string id)
    {
        while (true)
        {
            try
            {
                var (status, body) = await inbox.DecideAsync(id);
                if (status != HttpStatusCode.ServiceUnavailable)
                {
                    Assert.True(status == HttpStatusCode.OK, body.ToJsonString());
                    return;
                }
            }
            catch (HttpRequestException)
            {
                Ct.ThrowIfCancellationRequested();
            }
        }
    }
}
