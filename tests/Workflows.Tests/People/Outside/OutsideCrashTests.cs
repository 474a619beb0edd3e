using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Tests.People.Outside;

/// <summary>The installation where people decide is killed as by a crash, and so is the server.</summary>
public sealed class SqliteOutsideCrashTests
{
    [Fact]
    public async Task Each_decision_is_made_once_and_no_task_is_lost() => await OutsideCrashes.KillAndCheckAsync("sqlite", 71, OutsideCrashes.Moment.ServerWhileTold);
}

/// <summary>The same over PostgreSQL; a class of its own, so that both run at once.</summary>
public sealed class PostgresOutsideCrashTests
{
    [Fact]
    public async Task Each_decision_is_made_once_and_no_task_is_lost()
    {
        await using var postgres = await PrivatePostgres.StartAsync(TestContext.Current.CancellationToken);
        await OutsideCrashes.KillAndCheckAsync(await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken), 72);
    }
}

internal static class OutsideCrashes
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>When it is killed.</summary>
    public enum Moment
    {
        /// <summary>The server has the activity; whether it was given out, and stored here, nobody knows.</summary>
        WhileAsked,

        /// <summary>While somebody decides: it may be stored or not, told or not.</summary>
        WhileDecided,

        /// <summary>Just after the decision was answered.</summary>
        OnceDecided,

        /// <summary>The server is, while it is to be told.</summary>
        ServerWhileTold,
    }

    /// <param name="also">Moments beside those at which the installation is killed where people decide.</param>
    public static async Task KillAndCheckAsync(string database, int seed, params Moment[] also)
    {
        await using var hosts = await OutsideHosts.StartedAsync(database);
        var client = await HostFixture.ConnectAsync(hosts.Server);
        await using var worker = RunningWorker.Start(client);
        var (name, ada) = await Inbox.OfAsync(hosts.Here, "ada");
        Moment[] moments = [Moment.WhileAsked, Moment.WhileDecided, Moment.OnceDecided, .. also];
#pragma warning disable CA5394 // The seed makes the order of the kills the same each time.
        new Random(seed).Shuffle(moments);
#pragma warning restore CA5394
        var requests = Enumerable.Repeat(HumanTaskTests.Request("role:approver"), moments.Length).ToArray();
        var options = worker.Options();
        options.TaskTimeout = TimeSpan.FromSeconds(2);
        var handle = await client.StartWorkflowAsync((OutsideApprovalWorkflow w) => w.RunAsync(requests, 0, 0), options);
        var ids = new List<string>();
        foreach (var moment in moments)
        {
            var id = await Inbox.TaskOfAsync(handle, ids.Count + 1);
            ids.Add(id);
            await DecideAsync(hosts, ada, id, moment);
        }

        Assert.Equal(string.Join("; ", Enumerable.Repeat($"approve by {name}: fine", moments.Length)), await handle.GetResultAsync());
        var history = await handle.ReplayedAsync();
        foreach (var type in (EventType[])[EventType.ActivityTaskScheduled, EventType.ActivityTaskStarted, EventType.ActivityTaskCompleted])
        {
            Assert.Equal(moments.Length, history.Events.Count(e => e.EventType == type));
        }

        Assert.Empty(await ada.ListAsync("state=open"));
        Assert.Equal(ids.Order(), (await ada.ListAsync("state=closed")).Order());
        Assert.Equal(Enumerable.Repeat("decide approve: fine", moments.Length), await LedgerAsync(hosts.Here, handle.ResultRunId!));
    }

    private static async Task DecideAsync(OutsideHosts hosts, Inbox ada, string id, Moment moment)
    {
        if (moment == Moment.WhileAsked)
        {
            await RestartAsync(hosts.Here);
        }

        await OutsideHosts.UntilAsync(ada, id);
        if (moment == Moment.ServerWhileTold)
        {
            await hosts.Server.KillAsync();
        }

        var asked = UntilDecidedAsync(ada, id);
        if (moment == Moment.WhileDecided)
        {
            await RestartAsync(hosts.Here);
        }

        // It may be stored and not answered, or neither: the same decision again tells.
        await asked;
        if (moment == Moment.OnceDecided)
        {
            await RestartAsync(hosts.Here);
        }
        else if (moment == Moment.ServerWhileTold)
        {
            Assert.Equal("decided", (await ada.GetAsync(id)).Body["state"]!.ToString());
            await hosts.Server.StartAgainAsync(Ct);
        }
    }

    private static async Task RestartAsync(RunningHost host)
    {
        await host.KillAsync();
        await host.StartAgainAsync(Ct);
    }

    private static async Task UntilDecidedAsync(Inbox inbox, string id)
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

    private static async Task<IEnumerable<string>> LedgerAsync(RunningHost host, string run)
    {
        using var http = host.Client();
        var rows = await http.GetFromJsonAsync<JsonObject>($"/api/v1/history/workflowexecutions.workflows.flagstone.dev/default/{run}", Ct);
        return rows!["items"]!.AsArray().Select(r => $"{r!["verb"]} {r["reason"]}");
    }
}
