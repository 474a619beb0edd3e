using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Playwright;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;
using Temporalio.Worker;
using Temporalio.Workflows;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>Updates from a run's page, in a real browser, with a real worker.</summary>
public sealed class UpdateFormTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_update_is_sent_with_a_reason_and_its_answer_or_failure_is_shown_and_axe_finds_nothing()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var client = await TemporalClient.ConnectAsync(
            new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } });
        using var stop = new CancellationTokenSource();
        using var worker = new TemporalWorker(client, new TemporalWorkerOptions("baskets").AddWorkflow<BasketWorkflow>());
        var working = worker.ExecuteAsync(stop.Token);
        try
        {
            var run = await client.StartWorkflowAsync((BasketWorkflow w) => w.RunAsync(), new WorkflowOptions("basket", "baskets"));
            await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
            var page = browser.Page;
            await browser.SignInAsync(host.Token);
            await browser.GoAsync($"/workflows/default/{run.ResultRunId}");
            // The page moves what is on it until the first workflow task is done.
            await page.GetByText("Nothing is under way").WaitForAsync();
            var violations = new List<string>();

            await page.GetByRole(AriaRole.Button, new() { Name = "Update", Exact = true }).ClickAsync();
            var form = page.GetByRole(AriaRole.Group, new() { Name = "Update basket?" });
            await form.GetByLabel("Update name").FillAsync("Add");
            await form.GetByLabel("Input").FillAsync("a lamp");
            await form.GetByLabel("Reason").FillAsync("a customer called");
            violations.AddRange(await browser.ViolationsAsync());
            await form.GetByRole(AriaRole.Button, new() { Name = "Update", Exact = true }).ClickAsync();
            await form.GetByText("The input is no JSON").WaitForAsync();
            await form.GetByLabel("Input").FillAsync("\"lamp\"");
            await form.GetByRole(AriaRole.Button, new() { Name = "Update", Exact = true }).ClickAsync();
            await page.GetByText("Update Add is done.").WaitForAsync();
            await page.GetByText("lamp is in the basket").First.WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());
            await page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();

            await page.GetByRole(AriaRole.Button, new() { Name = "Update", Exact = true }).ClickAsync();
            await form.GetByLabel("Update name").FillAsync("Add");
            await form.GetByLabel("Input").FillAsync("\"\"");
            await form.GetByLabel("Reason").FillAsync("a slip");
            await form.GetByRole(AriaRole.Button, new() { Name = "Update", Exact = true }).ClickAsync();
            await page.GetByText("Update Add failed.").WaitForAsync();
            await page.GetByText("Nothing has no place in a basket").First.WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());

            var ns = (await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" })).NamespaceInfo.Id;
            using var http = host.Client();
            var rows = JsonNode.Parse(await http.GetStringAsync(
                new Uri($"/api/v1/history/workflowexecutions.workflows.flagstone.dev/{ns}/{run.ResultRunId}", UriKind.Relative), Ct))!["items"]!.AsArray();
            Assert.Equal(["update: a slip", "update: a customer called"], rows.Select(r => $"{r!["verb"]}: {r["reason"]}"));
            Assert.True(violations.Count == 0, string.Join('\n', violations));
        }
        finally
        {
            await stop.CancelAsync();
            await Patience.StoppedAsync(working);
        }
    }
}

/// <summary>Takes things by updates until there are many.</summary>
[Workflow]
public sealed class BasketWorkflow
{
    private readonly List<string> things = [];

    [WorkflowRun]
    public Task RunAsync() => Workflow.WaitConditionAsync(() => things.Count == 100);

    [WorkflowUpdate]
    public Task<string> AddAsync(string thing)
    {
        if (thing.Length == 0)
        {
            throw new ApplicationFailureException("Nothing has no place in a basket");
        }

        things.Add(thing);
        return Task.FromResult($"{thing} is in the basket");
    }
}
