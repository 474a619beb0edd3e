using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Playwright;
using Temporalio.Api.Common.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>The pages of activities that clients start themselves, in a real browser. The test is their worker.</summary>
public sealed class ActivityPageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_activity_is_found_told_canceled_terminated_and_deleted_with_reasons_and_axe_finds_nothing()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);
        var violations = new List<string>();
        violations.AddRange(await browser.ViolationsAsync("/workflows/activities", "Activities"));
        await page.GetByRole(AriaRole.Heading, new() { Name = "No activity yet" }).WaitForAsync();

        var service = (await ConnectAsync(host)).WorkflowService;
        var charge = await StartAsync(service, "charge/1", "Charge");
        var task = await service.PollActivityTaskQueueAsync(new PollActivityTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = "orders" }, Identity = "till 3" });
        await service.RecordActivityTaskHeartbeatAsync(new RecordActivityTaskHeartbeatRequest { Namespace = "default", TaskToken = task.TaskToken, Details = Json("\"half\"") });
        await StartAsync(service, "stuck", "Wait");

        await browser.GoAsync("/workflows/activities");
        var rows = page.GetByLabel("Activities", new() { Exact = true }).Locator("tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(2);
        await page.GetByLabel("Query").FillAsync("Colour = 'red'");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Alert).GetByText("Colour").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByLabel("Query").FillAsync("ActivityType = 'Charge'");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(rows).ToHaveCountAsync(1);

        await rows.GetByRole(AriaRole.Link, new() { Name = "charge/1" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "charge/1", Level = 1 }).WaitForAsync();
        await page.GetByText("1 of 3, under way").WaitForAsync();
        await page.GetByText("till 3").WaitForAsync();
        await page.GetByText("\"half\"").WaitForAsync();
        await page.GetByText("an attempt 60 min").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await AskAsync(page, "Cancel", "the order was withdrawn");
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Group, new() { Name = "Cancel charge/1?" }).GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await page.GetByText("The activity was asked to cancel.").WaitForAsync();
        await page.GetByText("1 of 3, asked to cancel").WaitForAsync();
        await service.RespondActivityTaskCompletedAsync(new RespondActivityTaskCompletedRequest { Namespace = "default", TaskToken = task.TaskToken, Result = Json("\"paid already\"") });
        await page.GetByText("paid already").WaitForAsync();
        await AskAsync(page, "Delete", "a trial");
        await page.GetByRole(AriaRole.Group, new() { Name = "Delete charge/1?" }).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(1);

        await rows.GetByRole(AriaRole.Link, new() { Name = "stuck" }).ClickAsync();
        await AskAsync(page, "Pause", "the till is closed");
        await page.GetByRole(AriaRole.Group, new() { Name = "Pause stuck?" }).GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await page.GetByText("1 of 3, paused").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await AskAsync(page, "Unpause", "it is open again");
        await page.GetByRole(AriaRole.Group, new() { Name = "Unpause stuck?" }).GetByRole(AriaRole.Button, new() { Name = "Unpause" }).ClickAsync();
        await page.GetByText("1 of 3, waiting for a worker").WaitForAsync();
        await AskAsync(page, "Terminate", "nobody takes it");
        await page.GetByRole(AriaRole.Group, new() { Name = "Terminate stuck?" }).GetByRole(AriaRole.Button, new() { Name = "Terminate" }).ClickAsync();
        await page.GetByText("The activity was terminated.").WaitForAsync();
        await page.GetByText("nobody takes it").First.WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Terminate" })).ToHaveCountAsync(0);
        violations.AddRange(await browser.ViolationsAsync());

        var ns = (await service.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" })).NamespaceInfo.Id;
        using var http = host.Client();
        var ledger = JsonNode.Parse(await http.GetStringAsync(
            new Uri($"/api/v1/history/workflowactivities.workflows.flagstone.dev/{ns}/{charge}", UriKind.Relative), Ct))!["items"]!.AsArray();
        Assert.Equal(
            ["delete: a trial; activity charge/1", "cancel: the order was withdrawn; activity charge/1"], ledger.Select(r => $"{r!["verb"]}: {r["reason"]}"));
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Fact]
    public async Task Who_only_reads_changes_no_activity_and_a_token_of_another_namespace_sees_none()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await StartAsync((await ConnectAsync(host)).WorkflowService, "seen", "Wait");
        await using (var browser = await Browser.OpenAsync(host, ColorScheme.Light))
        {
            await browser.SignInAsync(await IssueAsync(host, """{ "name": "reader", "role": "viewer" }"""));
            await browser.GoAsync("/workflows/activities/default/seen");
            foreach (var action in (string[])["Pause", "Reset", "Cancel", "Terminate", "Delete"])
            {
                await Assertions.Expect(browser.Page.GetByRole(AriaRole.Button, new() { Name = action, Exact = true })).ToBeDisabledAsync();
            }
        }

        await using (var browser = await Browser.OpenAsync(host, ColorScheme.Light))
        {
            await browser.SignInAsync(await IssueAsync(host, """{ "name": "elsewhere", "role": "developer", "namespace": "elsewhere" }"""));
            foreach (var path in (string[])["/workflows/activities?namespace=default", "/workflows/activities/default/seen"])
            {
                await browser.GoAsync(path);
                await browser.Page.GetByText("the token is for namespace elsewhere alone").WaitForAsync();
            }
        }
    }

    private static async Task AskAsync(IPage page, string action, string reason)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).First.ClickAsync();
        await page.GetByLabel("Reason").FillAsync(reason);
    }

    /// <summary>Returns the run id.</summary>
    private static async Task<string> StartAsync(WorkflowService service, string id, string type) => (await service.StartActivityExecutionAsync(new StartActivityExecutionRequest
    {
        Namespace = "default", ActivityId = id, ActivityType = new() { Name = type }, TaskQueue = new() { Name = "orders" }, RequestId = Guid.NewGuid().ToString(),
        StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)), RetryPolicy = new() { MaximumAttempts = 3 }, Input = Json("{\"Amount\":3}"),
    })).RunId;

    private static Payloads Json(string text) => new()
    {
        Payloads_ = { new Payload { Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain") }, Data = ByteString.CopyFromUtf8(text) } },
    };

    private static Task<TemporalClient> ConnectAsync(RunningHost host) => TemporalClient.ConnectAsync(
        new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } });

    private static async Task<string> IssueAsync(RunningHost host, string request)
    {
        using var administrator = host.Client();
        using var content = new StringContent(request, Encoding.UTF8, "application/json");
        using var issued = await administrator.PostAsync(new Uri("/api/v1/tokens", UriKind.Relative), content, Ct);
        return JsonNode.Parse(await issued.Content.ReadAsStringAsync(Ct))!["token"]!.ToString();
    }
}
