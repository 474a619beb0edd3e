using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.Visibility;

/// <summary>When a run ends, the digest of its history enters the ledger: what is stored later can be held against it.</summary>
public sealed class EvidenceTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_ledger_names_the_run_its_end_and_who_caused_it_and_its_digest_is_that_of_an_exported_history()
    {
        var name = $"ends-{Guid.NewGuid():N}";
        var client = await fixture.ConnectAsync(await FrontendTests.IssueAsync(fixture.Host, name, "developer"));
        var handle = await StartAsync(client);
        Assert.Equal("Open", (await CheckAsync(handle)).Verdict());
        await handle.TerminateAsync();

        var evidence = await CheckAsync(handle);
        Assert.Equal("Verified", evidence.Verdict());
        var digest = HistoryDigest.Empty;
        foreach (var exported in (await handle.FetchHistoryAsync()).Events)
        {
            digest = HistoryDigest.Next(digest, exported.ToByteArray());
        }

        Assert.Equal(Convert.ToHexStringLower(digest), evidence["ledgerDigest"]!.ToString());
        var row = await LedgerAsync(client, handle);
        Assert.Equal((name, "close", "temporal"), (row["actorName"]!.ToString(), row["verb"]!.ToString(), row["origin"]!.ToString()));
        Assert.Equal($"Terminated after 3 events; workflow {handle.Id}, type ListeningWorkflow", row["reason"]!.ToString());
        Assert.Equal(evidence["ledgerDigest"]!.ToString(), row["digest"]!.ToString());
        Assert.Equal(evidence["ledgerSequence"]!.GetValue<long>(), row["sequence"]!.GetValue<long>());
        Assert.NotNull(row["proof"]);
    }

    [Fact]
    public async Task Each_run_of_a_chain_and_one_that_times_out_are_evidence_too()
    {
        var client = await fixture.ConnectAsync();
        await using var worker = RunningWorker.Start(client);
        var first = await client.StartWorkflowAsync((CountdownWorkflow w) => w.RunAsync(1), worker.Options());
        await first.GetResultAsync();
        var late = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody") { RunTimeout = TimeSpan.FromMilliseconds(1) });
        await Assert.ThrowsAsync<Temporalio.Exceptions.WorkflowFailedException>(() => late.GetResultAsync());

        var runs = new List<string>();
        await foreach (var run in client.ListWorkflowsAsync($"WorkflowId = '{first.Id}'").WithCancellation(Ct))
        {
            runs.Add((await CheckAsync("default", run.RunId)).Verdict());
        }

        Assert.Equal(["Verified", "Verified"], runs);
        Assert.Equal("Verified", (await CheckAsync(late)).Verdict());
        Assert.Equal("system:workflows", (await LedgerAsync(client, late))["actor"]!.ToString());
    }

    [Theory]
    [InlineData("UPDATE workflow_event SET body = flipped(body) WHERE run = @run AND id = 1")]
    [InlineData("UPDATE workflow_event SET body = x'' WHERE run = @run AND id = 2")]
    [InlineData("DELETE FROM workflow_event WHERE run = @run AND id = 2")]
    [InlineData("UPDATE workflow_event SET id = 4 WHERE run = @run AND id = 1")]
    [InlineData("INSERT INTO workflow_event (run, id, body) VALUES (@run, 4, x'00')")]
    [InlineData("UPDATE workflow_run SET state = CAST(replace(CAST(state AS TEXT), '\"Type\":\"ListeningWorkflow\"', '\"Type\":\"OtherWorkflow\"') AS BLOB) WHERE run = @run")]
    public async Task A_history_that_was_changed_after_its_end_is_found_out(string change)
    {
        var client = await fixture.ConnectAsync();
        var handle = await StartAsync(client);
        await handle.TerminateAsync();
        Assert.Equal("Verified", (await CheckAsync(handle)).Verdict());

        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(fixture.Host.Data, "flagstone.db")};Pooling=False;Default Timeout=10"))
        {
            await connection.OpenAsync(Ct);
            // One bit of one byte.
            connection.CreateFunction("flipped", (byte[] body) => body.Select((b, i) => i == body.Length / 2 ? (byte)(b ^ 1) : b).ToArray());
            await using var command = connection.CreateCommand();
            command.CommandText = change;
            command.Parameters.AddWithValue("@run", handle.ResultRunId);
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Ct));
        }

        Assert.Equal("Altered", (await CheckAsync(handle)).Verdict());
    }

    [Fact]
    public async Task Only_what_is_there_is_checked_and_only_for_who_may_see_it()
    {
        var client = await fixture.ConnectAsync();
        var handle = await StartAsync(client);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("default", Guid.NewGuid().ToString()));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("nowhere", handle.ResultRunId!));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("default", handle.ResultRunId!, "none"));
        var elsewhere = await FrontendTests.IssueAsync(fixture.Host, $"evidence-{Guid.NewGuid():N}", "viewer", "elsewhere");
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("default", handle.ResultRunId!, elsewhere));
    }

    private static Task<WorkflowHandle<ListeningWorkflow, string>> StartAsync(TemporalClient client) =>
        client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"wf-{Guid.NewGuid():N}", "nobody"));

    private Task<JsonObject> CheckAsync(WorkflowHandle handle) => CheckAsync("default", handle.ResultRunId!);

    private async Task<JsonObject> CheckAsync(string ns, string run)
    {
        using var http = fixture.Host.Client();
        return (await http.GetFromJsonAsync<JsonObject>($"/api/v1/workflowruns/{ns}/{run}/evidence", Ct))!;
    }

    private async Task<HttpStatusCode> StatusAsync(string ns, string run, string? token = null)
    {
        using var http = fixture.Host.Client(token);
        using var answer = await http.GetAsync(new Uri($"/api/v1/workflowruns/{ns}/{run}/evidence", UriKind.Relative), Ct);
        return answer.StatusCode;
    }

    /// <summary>The one row that the ledger has of a run, with its proof.</summary>
    private async Task<JsonNode> LedgerAsync(TemporalClient client, WorkflowHandle handle)
    {
        var ns = await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" });
        using var http = fixture.Host.Client();
        var page = await http.GetFromJsonAsync<JsonObject>($"/api/v1/history/workflowexecutions.workflows.flagstone.dev/{ns.NamespaceInfo.Id}/{handle.ResultRunId}?proof=true", Ct);
        return Assert.Single(page!["items"]!.AsArray())!;
    }
}

internal static class EvidenceAnswers
{
    public static string Verdict(this JsonObject evidence) => evidence["verdict"]!.ToString();
}
