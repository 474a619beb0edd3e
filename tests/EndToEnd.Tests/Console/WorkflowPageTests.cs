using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Playwright;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Worker;
using Temporalio.Workflows;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>The pages of workflows, in a real browser, with runs of a real worker.</summary>
public sealed class WorkflowPageTests
{
    private const string Queue = "orders";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_are_found_told_and_acted_upon_and_axe_finds_nothing()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await LookAsync(host, host);
    }

    [Fact]
    public async Task The_same_pages_show_and_change_what_runs_at_a_server_elsewhere()
    {
        await using var server = await RunningHost.StartAsync(Ct);
        var key = Path.Combine(server.Data, "platform.key");
        await File.WriteAllTextAsync(key, server.Token, Ct);
        await using var host = await RunningHost.StartAsync(Ct, settings: [
            $"--Flagstone:Workflows:Server:Address=127.0.0.1:{server.TemporalPort}", $"--Flagstone:Workflows:Server:ApiKeyFile={key}", "--Flagstone:Workflows:Server:Tls=false",
        ]);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => ConnectAsync(host));
        Assert.Contains($"This installation uses the Temporal server at 127.0.0.1:{server.TemporalPort}", refused.Message, StringComparison.Ordinal);
        await LookAsync(host, server);

        await server.KillAsync();
        using var http = host.Client();
        using var export = await http.GetAsync(new Uri($"/api/v1/workflowruns/default/{Guid.NewGuid()}/history", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, export.StatusCode);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Dark);
        await browser.SignInAsync(host.Token);
        await browser.GoAsync("/workflows");
        await browser.Page.GetByText($"The Temporal server at 127.0.0.1:{server.TemporalPort} does not answer now").WaitForAsync();
        Assert.Empty(await browser.ViolationsAsync());
        await server.StartAgainAsync(Ct);
        await browser.Page.GetByRole(AriaRole.Link, new() { Name = "broken" }).WaitForAsync();
    }

    /// <param name="host">Whose console it is.</param>
    /// <param name="server">Where the workers and runs are.</param>
    private static async Task LookAsync(RunningHost host, RunningHost server)
    {
        var isEmbedded = host == server;
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);
        var violations = new List<string>();

        // Nothing runs yet: how a worker is connected.
        violations.AddRange(await browser.ViolationsAsync("/workflows", "Workflows"));
        await page.GetByRole(AriaRole.Heading, new() { Name = "No workflows yet" }).WaitForAsync();
        await page.GetByText($"127.0.0.1:{server.TemporalPort}", new() { Exact = true }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync("/workflows/queues", "Task queues"));

        var client = await ConnectAsync(server);
        // Of a server elsewhere the ledger knows the name.
        var ns = isEmbedded
            ? (await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" })).NamespaceInfo.Id : "default";
        await client.StartWorkflowAsync("Unknown", ["x"], new WorkflowOptions("lonely", "nobody"));
        using var stop = new CancellationTokenSource();
        using var worker = Worker(client);
        var working = worker.ExecuteAsync(stop.Token);
        try
        {
            var failing = await client.StartWorkflowAsync((BrokenWorkflow w) => w.RunAsync(), new WorkflowOptions("broken", Queue));
            var retrying = await client.StartWorkflowAsync((RetryingWorkflow w) => w.RunAsync(), new WorkflowOptions("retrying", Queue));

            // A start by hand.
            violations.AddRange(await browser.ViolationsAsync("/workflows/start", "Start a workflow"));
            await page.GetByLabel("Workflow id").FillAsync("order-1");
            await page.GetByLabel("Workflow type").FillAsync(nameof(OrderWorkflow));
            await page.GetByLabel("Task queue").FillAsync(Queue);
            await page.GetByLabel("Input").FillAsync("{ \"Item\": ");
            await page.GetByLabel("Reason").FillAsync("a customer called");
            await page.GetByRole(AriaRole.Button, new() { Name = "Start", Exact = true }).ClickAsync();
            await page.GetByText("The input is no JSON").WaitForAsync();
            await page.GetByLabel("Input").FillAsync("{ \"Item\": \"lamp\", \"Count\": 2 }");
            await page.GetByRole(AriaRole.Button, new() { Name = "Start", Exact = true }).ClickAsync();
            await page.GetByRole(AriaRole.Heading, new() { Name = "order-1", Level = 1 }).WaitForAsync();

            // That the ledger has a row of the start does not make the run's end.
            if (isEmbedded)
            {
                using var http = host.Client();
                var evidence = await http.GetStringAsync(new Uri($"/api/v1/workflowruns/default/{page.Url.Split('/')[^1]}/evidence", UriKind.Relative), Ct);
                Assert.Equal("Open", JsonNode.Parse(evidence)!["verdict"]!.ToString());
            }

            // Its line of the activity and of the child, and a query.
            var timeline = page.GetByLabel("Timeline", new() { Exact = true });
            await timeline.GetByText("Price").WaitForAsync();
            await timeline.GetByRole(AriaRole.Link, new() { Name = "order-1-pack" }).WaitForAsync();
            await page.GetByText("Nothing is under way").WaitForAsync();
            await page.GetByLabel("Query name").FillAsync("Approved");
            await page.GetByRole(AriaRole.Button, new() { Name = "Query", Exact = true }).ClickAsync();
            await page.GetByText("nobody yet").WaitForAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Stack trace" }).ClickAsync();
            await page.GetByLabel("Stack trace").GetByText(nameof(OrderWorkflow)).WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());

            // A signal with a reason ends it; the page follows by itself.
            await page.GetByRole(AriaRole.Button, new() { Name = "Signal" }).ClickAsync();
            await page.GetByLabel("Signal name").FillAsync("Approve");
            await page.GetByRole(AriaRole.Textbox, new() { Name = "Input", Exact = true }).FillAsync("\"Ada\"");
            await page.GetByLabel("Reason").FillAsync("she said so");
            violations.AddRange(await browser.ViolationsAsync());
            await page.GetByRole(AriaRole.Button, new() { Name = "Signal", Exact = true }).Last.ClickAsync();
            await page.GetByText("Signal Approve was sent").WaitForAsync();
            await page.GetByText("lamp for 24, approved by Ada").First.WaitForAsync();
            // Who did what, and why, is in the ledger; of a run that is here, with the run's end.
            if (isEmbedded)
            {
                await page.GetByText("Verified", new() { Exact = true }).WaitForAsync();
            }

            Assert.Equal(
                isEmbedded ? ["close: Completed", "signal: she said so", "start: a customer called"] : ["SignalWorkflowExecution: she said so"],
                await LedgerAsync(host, ns, page.Url.Split('/')[^1]));

            violations.AddRange(await browser.ViolationsAsync());

            // The whole history, and the download of it, which the SDK replays.
            var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "History as JSON" }).ClickAsync());
            var json = await File.ReadAllTextAsync(await download.PathAsync().InTimeAsync(), Ct);
            var replayer = new WorkflowReplayer(new WorkflowReplayerOptions().AddWorkflow<OrderWorkflow>());
            await replayer.ReplayWorkflowAsync(WorkflowHistory.FromJson("order-1", json), true, Ct);
            await CallPage.LookAsync(browser, violations);
            await page.GetByRole(AriaRole.Link, new() { Name = "All events" }).ClickAsync();
            await page.GetByRole(AriaRole.Rowheader, new() { Name = "WorkflowExecutionStarted", Exact = true }).WaitForAsync();
            await page.Locator("summary", new() { HasText = "JSON" }).First.ClickAsync();
            violations.AddRange(await browser.ViolationsAsync());

            // An activity that fails: its attempt, its failure and its next try.
            violations.AddRange(await browser.ViolationsAsync($"/workflows/default/{retrying.ResultRunId}", "retrying"));
            await page.GetByLabel("Pending activities").GetByText("The card was declined.").WaitForAsync();
            await page.GetByLabel("Pending timers").WaitForAsync();
            await page.GetByText("Retrying", new() { Exact = true }).WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());
            await CallPage.LookAtRetryAsync(browser, violations);

            if (isEmbedded)
            {
                await CallPage.LookAtTripAsync(browser, client, Queue, violations);
            }

            // Code that fails, and a queue without a worker.
            violations.AddRange(await browser.ViolationsAsync($"/workflows/default/{failing.ResultRunId}", "broken"));
            await page.GetByRole(AriaRole.Heading, new() { Name = "Its workflow task keeps failing" }).WaitForAsync();
            await page.GetByText("This code never works.").First.WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());
            await browser.GoAsync("/workflows?id=lonely");
            await page.GetByRole(AriaRole.Link, new() { Name = "lonely" }).ClickAsync();
            await page.GetByRole(AriaRole.Heading, new() { Name = "No worker polls task queue nobody" }).WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());

            await CallPage.LookAtNothingAsync(browser, violations);

            // Terminated by hand: the reason and who are in the history.
            await page.GetByRole(AriaRole.Button, new() { Name = "Terminate" }).ClickAsync();
            await page.GetByLabel("Reason").FillAsync("nobody works on it");
            await page.GetByRole(AriaRole.Button, new() { Name = "Terminate" }).Last.ClickAsync();
            await page.GetByText("nobody works on it, by").First.WaitForAsync();

            // Deleted by hand: the list does not have it any more, and the ledger does.
            var lonely = page.Url.Split('/')[^1];
            await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
            await page.GetByLabel("Reason").FillAsync("a mistake");
            await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).Last.ClickAsync();
            await page.GetByRole(AriaRole.Heading, new() { Name = "Workflows", Level = 1 }).WaitForAsync();
            await page.GetByRole(AriaRole.Link, new() { Name = "retrying" }).WaitForAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "lonely" })).ToHaveCountAsync(0);
            Assert.Equal(
                isEmbedded ? ["delete: a mistake", "close: Terminated"]
                    : ["DeleteWorkflowExecution: a mistake", "TerminateWorkflowExecution: nobody works on it"],
                await LedgerAsync(host, ns, lonely));

            // The list: all, by status, by a query, and by a query that is wrong.
            violations.AddRange(await browser.ViolationsAsync("/workflows", "Workflows"));
            await page.GetByLabel("Status", new() { Exact = true }).SelectOptionAsync("Completed");
            await page.WaitForURLAsync("**/workflows?*status=Completed*");
            await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "broken" })).ToHaveCountAsync(0);
            await page.GetByRole(AriaRole.Link, new() { Name = "order-1", Exact = true }).WaitForAsync();
            await page.GetByRole(AriaRole.Link, new() { Name = "Running", Exact = true }).ClickAsync();
            await page.GetByRole(AriaRole.Link, new() { Name = "broken" }).WaitForAsync();
            await Assertions.Expect(page.GetByLabel("Query", new() { Exact = true })).ToHaveValueAsync("ExecutionStatus = 'Running'");
            await page.GetByLabel("Query", new() { Exact = true }).FillAsync("WorkflowType = 'OrderWorkflow' AND Colour = 'red'");
            await page.Keyboard.PressAsync("Enter");
            await page.GetByText("Invalid query at position 36").WaitForAsync();
            await Assertions.Expect(page.GetByLabel("Query", new() { Exact = true })).ToHaveValueAsync("WorkflowType = 'OrderWorkflow' AND Colour = 'red'");
            violations.AddRange(await browser.ViolationsAsync());

            // A run goes back to a workflow task, and another one goes on from there.
            await browser.GoAsync("/workflows?id=order-1&status=Completed");
            await page.GetByRole(AriaRole.Link, new() { Name = "order-1", Exact = true }).ClickAsync();
            await page.GetByRole(AriaRole.Heading, new() { Name = "order-1", Level = 1 }).WaitForAsync();
            var wrongRun = page.Url;
            await page.GetByRole(AriaRole.Button, new() { Name = "Reset" }).ClickAsync();
            await page.GetByLabel("Workflow task").WaitForAsync();
            await page.GetByLabel("Reason").FillAsync("the wrong price");
            violations.AddRange(await browser.ViolationsAsync());
            await page.GetByRole(AriaRole.Button, new() { Name = "Reset" }).Last.ClickAsync();
            await page.WaitForURLAsync(url => url != wrongRun);
            await page.GetByText("Reset of", new() { Exact = true }).WaitForAsync();
            await page.GetByText("lamp for 24, approved by Ada").First.WaitForAsync();
            await CallPage.LookAtResetAsync(browser, new Uri(wrongRun).AbsolutePath);

            // All runs of a query at once, with a reason and the job's progress.
            await client.StartWorkflowAsync("Unknown", [], new WorkflowOptions("many-1", "nobody"));
            await client.StartWorkflowAsync("Unknown", [], new WorkflowOptions("many-2", "nobody"));
            await browser.GoAsync("/workflows?id=many-");
            await page.GetByRole(AriaRole.Button, new() { Name = "Act on all 2" }).ClickAsync();
            await page.GetByLabel("What").SelectOptionAsync("terminate");
            await page.GetByLabel("Reason").FillAsync("too many");
            violations.AddRange(await browser.ViolationsAsync());
            await page.GetByRole(AriaRole.Button, new() { Name = "Start the job" }).ClickAsync();
            await page.GetByText("The job is done.").WaitForAsync();
            await page.GetByText("2 of 2 runs are done").WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());

            // Queues and namespaces, by keys and by tabs.
            await browser.GoAsync("/workflows");
            await page.Locator("h1").ClickAsync();
            await page.Keyboard.PressAsync("g");
            await page.Keyboard.PressAsync("q");
            await page.GetByRole(AriaRole.Heading, new() { Name = "Task queues", Level = 1 }).WaitForAsync();
            await page.GetByText("1 worker").First.WaitForAsync();
            await page.GetByLabel("Workers", new() { Exact = true }).GetByText("Running", new() { Exact = true }).First.WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());
            await page.GetByRole(AriaRole.Link, new() { Name = "Namespaces" }).ClickAsync();
            await page.GetByText("3 days", new() { Exact = true }).WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());
            Assert.True(violations.Count == 0, string.Join('\n', violations));
        }
        finally
        {
            await stop.CancelAsync();
            await Patience.StoppedAsync(working);
        }
    }

    [Fact]
    public async Task Who_only_reads_sees_runs_and_may_do_nothing_to_them_and_a_token_of_another_namespace_sees_none()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var client = await ConnectAsync(host);
        var run = await client.StartWorkflowAsync("Unknown", [], new WorkflowOptions("seen", "nobody"));
        await using (var browser = await Browser.OpenAsync(host, ColorScheme.Light))
        {
            await browser.SignInAsync(await IssueAsync(host, """{ "name": "reader", "role": "viewer" }"""));
            Assert.Empty(await browser.ViolationsAsync($"/workflows/default/{run.ResultRunId}", "seen"));
            foreach (var action in (string[])["Signal", "Cancel", "Terminate", "Reset", "Delete"])
            {
                await Assertions.Expect(browser.Page.GetByRole(AriaRole.Button, new() { Name = action, Exact = true })).ToBeDisabledAsync();
            }

            await browser.GoAsync("/workflows/start");
            await browser.Page.GetByText("role viewer only reads").WaitForAsync();
        }

        await using (var browser = await Browser.OpenAsync(host, ColorScheme.Light))
        {
            await browser.SignInAsync(await IssueAsync(host, """{ "name": "elsewhere", "role": "developer", "namespace": "elsewhere" }"""));
            Assert.Empty(await browser.ViolationsAsync("/workflows?namespace=default", "Workflows"));
            await browser.Page.GetByText("the token is for namespace elsewhere alone").WaitForAsync();
            await browser.GoAsync($"/workflows/default/{run.ResultRunId}");
            await browser.Page.GetByText("the token is for namespace elsewhere alone").WaitForAsync();
            var download = await browser.Page.Context.APIRequest.GetAsync($"/workflows/default/{run.ResultRunId}/history.json");
            Assert.Equal(403, download.Status);
        }
    }

    [Fact]
    public async Task Long_lists_and_long_histories_are_paged()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var client = await ConnectAsync(host);
        var run = await client.StartWorkflowAsync("Unknown", [], new WorkflowOptions("long", "nobody"));
        await Parallel.ForEachAsync(Enumerable.Range(0, 510), Ct, async (i, _) =>
        {
            await run.SignalAsync("word", [i]);
            if (i < 55)
            {
                await client.StartWorkflowAsync("Unknown", [], new WorkflowOptions($"bulk-{i}", "nobody"));
            }
        });
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);

        await browser.GoAsync("/workflows?id=bulk-");
        var rows = page.GetByLabel("Workflow runs").Locator("tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(50);
        await page.GetByRole(AriaRole.Link, new() { Name = "Next" }).ClickAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(5);
        await page.GetByRole(AriaRole.Link, new() { Name = "First page" }).ClickAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(50);

        await browser.GoAsync($"/workflows/default/{run.ResultRunId}");
        await page.GetByText("Events 1 to 500 of 512").WaitForAsync();

        // The other view has pages of another length, and none of it stays.
        await page.GetByRole(AriaRole.Link, new() { Name = "All events" }).ClickAsync();
        await page.GetByText("Events 1 to 100 of 512").First.WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Overview" }).ClickAsync();
        await page.GetByText("Events 1 to 500 of 512").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Later" }).ClickAsync();
        await page.GetByText("Events 501 to 512 of 512").WaitForAsync();
        await Assertions.Expect(page.GetByLabel("Timeline", new() { Exact = true }).Locator("tbody tr")).ToHaveCountAsync(12);
        await page.GetByRole(AriaRole.Link, new() { Name = "All events" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Last events" }).ClickAsync();
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Pages of the history" }).GetByText("Events 413 to 512 of 512").WaitForAsync();
        Assert.Empty(await browser.ViolationsAsync());
    }

    private static TemporalWorker Worker(TemporalClient client) => new(client, new TemporalWorkerOptions(Queue) { WorkflowStackTrace = WorkflowStackTrace.Normal }
        .AddWorkflow<OrderWorkflow>().AddWorkflow<StepWorkflow>().AddWorkflow<RetryingWorkflow>().AddWorkflow<BrokenWorkflow>()
        .AddWorkflow<TripWorkflow>().AddWorkflow<FailingWorkflow>()
        .AddActivity(OrderActivities.Price).AddActivity(OrderActivities.Charge));

    private static Task<TemporalClient> ConnectAsync(RunningHost host) => TemporalClient.ConnectAsync(
        new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } });

    private static async Task<string> IssueAsync(RunningHost host, string request)
    {
        using var administrator = host.Client();
        using var content = new StringContent(request, Encoding.UTF8, "application/json");
        using var issued = await administrator.PostAsync(new Uri("/api/v1/tokens", UriKind.Relative), content, Ct);
        return JsonNode.Parse(await issued.Content.ReadAsStringAsync(Ct))!["token"]!.ToString();
    }

    /// <summary>The rows of a run, newest first.</summary>
    private static async Task<IEnumerable<string>> LedgerAsync(RunningHost host, string ns, string run)
    {
        using var http = host.Client();
        var rows = JsonNode.Parse(await http.GetStringAsync(
            new Uri($"/api/v1/history/workflowexecutions.workflows.flagstone.dev/{ns}/{run}", UriKind.Relative), Ct))!["items"]!.AsArray();
        return rows.Select(r => $"{r!["verb"]}: {r["reason"]!.ToString().Split(" after ")[0]}");
    }
}
