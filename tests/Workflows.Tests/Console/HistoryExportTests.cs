using System.Net;
using System.Text.Json.Nodes;
using Flagstone.Platform.Data;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Worker;

namespace Flagstone.Workflows.Tests.Console;

/// <summary>The history of a run as JSON.</summary>
public sealed class HistoryExportTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_history_of_many_pages_is_exported_whole_and_in_order_and_the_SDK_replays_it()
    {
        const int Signals = 1_200;
        var client = await fixture.ConnectAsync();
        await using var worker = RunningWorker.Start(client);
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), worker.Options());
        await Parallel.ForEachAsync(Enumerable.Range(0, Signals), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Ct },
            async (i, _) => await handle.SignalAsync(w => w.HearAsync($"{i}")));
        await handle.SignalAsync(w => w.EndAsync());
        await handle.GetResultAsync();

        var json = await (await GetAsync("default", handle.ResultRunId!)).Content.ReadAsStringAsync(Ct);

        var history = WorkflowHistory.FromJson(handle.Id, json);
        Assert.Equal(await handle.FetchHistoryAsync(), history, (a, b) => a.Events.SequenceEqual(b.Events));
        Assert.True(history.Events.Count > Signals);
        await new WorkflowReplayer(new WorkflowReplayerOptions().AddWorkflow<ListeningWorkflow>()).ReplayWorkflowAsync(history, true, Ct);
    }

    [Fact]
    public async Task Only_a_history_that_is_there_is_exported_and_only_to_who_may_see_it()
    {
        var client = await fixture.ConnectAsync();
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody"));

        Assert.Equal(HttpStatusCode.OK, (await GetAsync("default", handle.ResultRunId!)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("default", Guid.NewGuid().ToString())).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("nowhere", handle.ResultRunId!)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("default", handle.ResultRunId!, "none")).StatusCode);
        var elsewhere = await FrontendTests.IssueAsync(fixture.Host, $"export-{Guid.NewGuid():N}", "viewer", "elsewhere");
        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync("default", handle.ResultRunId!, elsewhere)).StatusCode);
    }

    [Fact]
    public async Task Where_the_server_is_elsewhere_and_does_not_answer_the_export_says_so()
    {
        var nobody = $"127.0.0.1:{LoopbackPorts.Free()}";
        await using var host = await RunningHost.StartAsync(Ct, settings: [$"--Flagstone:Workflows:Server:Address={nobody}", "--Flagstone:Workflows:Server:Tls=false"]);
        using var http = host.Client();

        using var answer = await http.GetAsync(new Uri($"/api/v1/workflowruns/default/{Guid.NewGuid()}/history", UriKind.Relative), Ct);

        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct))!;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 503), (answer.StatusCode, problem["status"]!.GetValue<int>()));
        Assert.EndsWith("/temporal-server-unavailable", problem["type"]!.ToString(), StringComparison.Ordinal);
        Assert.StartsWith($"The Temporal server at {nobody} does not answer now: ", problem["detail"]!.ToString(), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> GetAsync(string ns, string run, string? token = null)
    {
        using var http = fixture.Host.Client(token);
        return await http.GetAsync(new Uri($"/api/v1/workflowruns/{ns}/{run}/history", UriKind.Relative), Ct);
    }
}
