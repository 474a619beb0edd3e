using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Playwright;
using Temporalio.Client;
using Temporalio.Worker;
using Temporalio.Workflows;

#pragma warning disable CA1822 // The SDK calls a workflow on an instance.

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>The inbox of people, in a real browser, with tasks of a real worker.</summary>
public sealed class InboxPageTests
{
    private const string Queue = "asking";

    /// <summary>Where pictures of the pages go; null for none.</summary>
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("FLAGSTONE_PICTURES");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_task_is_found_told_delegated_and_decided_and_axe_finds_nothing()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var token = await IssueAsync(host, """{ "name": "ada", "role": "approver" }""");
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Dark);
        var page = browser.Page;
        await browser.SignInAsync(token);
        var violations = new List<string>(await browser.ViolationsAsync("/inbox", "Inbox"));
        await page.GetByRole(AriaRole.Heading, new() { Name = "Nothing waits for you" }).WaitForAsync();
        await PictureAsync(browser, "empty");

        var client = await TemporalClient.ConnectAsync(
            new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } });
        using var stop = new CancellationTokenSource();
        using var worker = new TemporalWorker(client, new TemporalWorkerOptions(Queue).AddWorkflow<AskingWorkflow>());
        var working = worker.ExecuteAsync(stop.Token);
        try
        {
            var refund = await client.StartWorkflowAsync((AskingWorkflow w) => w.RunAsync("Refund order 17?", "role:approver"), new WorkflowOptions("refund-17", Queue));
            await client.StartWorkflowAsync((AskingWorkflow w) => w.RunAsync("Delete the old bucket?", "role:administrator"), new WorkflowOptions("bucket", Queue));

            // What waits is found by the number in the navigation.
            await page.GetByRole(AriaRole.Navigation, new() { Name = "Main" }).GetByText("waiting for you:").WaitForAsync(new() { State = WaitForSelectorState.Attached });
            await browser.GoAsync("/");
            await page.GetByRole(AriaRole.Navigation, new() { Name = "Main" }).GetByRole(AriaRole.Link, new() { Name = "Inbox" }).ClickAsync();
            await page.GetByRole(AriaRole.Link, new() { Name = "Refund order 17?" }).WaitForAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Delete the old bucket?" })).ToHaveCountAsync(0);
            violations.AddRange(await browser.ViolationsAsync());
            await PictureAsync(browser, "mine");
            await page.GetByRole(AriaRole.Link, new() { Name = "All open" }).ClickAsync();

            // Not hers: she is told why before she tries.
            await page.GetByRole(AriaRole.Link, new() { Name = "Delete the old bucket?" }).ClickAsync();
            await page.GetByRole(AriaRole.Heading, new() { Name = "Not yours to decide" }).WaitForAsync();
            await page.GetByText("You are none of those who may decide: role:administrator.").WaitForAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Approve" })).ToHaveCountAsync(0);
            violations.AddRange(await browser.ViolationsAsync());
            await PictureAsync(browser, "refused");

            // Hers: from the run's page, delegated, then decided with a reason.
            await browser.GoAsync($"/workflows/default/{refund.ResultRunId}");
            await page.GetByText("Waits for people").WaitForAsync();
            await Assertions.Expect(page.GetByText("No worker polls task queue flagstone-people")).ToHaveCountAsync(0);
            violations.AddRange(await browser.ViolationsAsync());
            await PictureAsync(browser, "run");
            await page.GetByRole(AriaRole.Link, new() { Name = "Refund order 17?" }).ClickAsync();
            await page.GetByRole(AriaRole.Heading, new() { Name = "Refund order 17?", Level = 1 }).WaitForAsync();
            await page.GetByRole(AriaRole.Link, new() { Name = "The order" }).WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());
            await PictureAsync(browser, "task");
            await page.GetByRole(AriaRole.Button, new() { Name = "Delegate" }).ClickAsync();
            await page.GetByLabel("To", new() { Exact = false }).FillAsync("user:admin");
            await page.GetByLabel("Reason").FillAsync("on holiday");
            await page.GetByRole(AriaRole.Button, new() { Name = "Delegate" }).ClickAsync();
            await page.GetByText("'admin' started this run").WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());
            await PictureAsync(browser, "failing");
            await page.GetByLabel("To", new() { Exact = false }).FillAsync("user:bob");
            await page.GetByRole(AriaRole.Button, new() { Name = "Delegate" }).ClickAsync();
            await page.GetByText("user:bob may decide too.").WaitForAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
            await page.GetByLabel("Reason").FillAsync("the customer is right");
            violations.AddRange(await browser.ViolationsAsync());
            await PictureAsync(browser, "asking");
            await page.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
            await page.GetByText("You decided “approve”.").WaitForAsync();
            violations.AddRange(await browser.ViolationsAsync());
            await PictureAsync(browser, "decided-task");
            Assert.Equal("approve by ada: the customer is right", await refund.GetResultAsync().InTimeAsync());
            violations.AddRange(await browser.ViolationsAsync("/inbox?view=decided", "Inbox"));
            await page.GetByText("the customer is right").WaitForAsync();
            await PictureAsync(browser, "decided");
            Assert.True(violations.Count == 0, string.Join('\n', violations));
        }
        finally
        {
            await stop.CancelAsync();
            await Patience.StoppedAsync(working);
        }
    }

    private static async Task PictureAsync(Browser browser, string name)
    {
        if (Pictures is not null)
        {
            await browser.InEachThemeAsync(theme => browser.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, $"{name}-{theme}.png"), FullPage = true }));
        }
    }

    private static async Task<string> IssueAsync(RunningHost host, string request)
    {
        using var administrator = host.Client();
        using var content = new StringContent(request, Encoding.UTF8, "application/json");
        using var issued = await administrator.PostAsync(new Uri("/api/v1/tokens", UriKind.Relative), content, Ct);
        return JsonNode.Parse(await issued.Content.ReadAsStringAsync(Ct))!["token"]!.ToString();
    }
}

/// <summary>Asks people one thing.</summary>
[Workflow]
public sealed class AskingWorkflow
{
    [WorkflowRun]
    public async Task<string> RunAsync(string title, string assignee)
    {
        var made = await Workflow.ExecuteActivityAsync<Dictionary<string, string>>(
            "approval",
            [new Dictionary<string, object>
            {
                ["title"] = title, ["assignees"] = new[] { assignee }, ["description"] = "The parcel was lost.\nThe customer wrote twice.",
                ["context"] = new Dictionary<string, object>
                {
                    ["amount"] = 120.5, ["new customer"] = false, ["order"] = new Dictionary<string, string> { ["url"] = "https://shop.example.com/17", ["text"] = "The order" },
                },
                ["escalateAfter"] = "24h", ["escalateTo"] = new[] { "role:developer" },
            }],
            new() { TaskQueue = "flagstone-people", ScheduleToCloseTimeout = TimeSpan.FromDays(3) });
        return $"{made["decision"]} by {made["by"]}: {made["reason"]}";
    }
}
