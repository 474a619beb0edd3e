using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Playwright;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>The page of worker deployments, in a real browser.</summary>
public sealed class DeploymentPageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_work_is_sent_to_a_version_with_a_reason_and_axe_finds_nothing()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);
        var violations = new List<string>();
        violations.AddRange(await browser.ViolationsAsync("/workflows/deployments", "Deployments"));
        await page.GetByRole(AriaRole.Heading, new() { Name = "No deployment yet" }).WaitForAsync();

        var client = await TemporalClient.ConnectAsync(
            new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } });
        await RegisterAsync(client, "1.0");
        await RegisterAsync(client, "2.0");
        await browser.GoAsync("/workflows/deployments");
        var rows = page.GetByLabel("Versions of claims").Locator("tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(2);

        // One is made current, and a part goes to the other.
        await page.GetByRole(AriaRole.Button, new() { Name = "Make current: 1.0" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Make current", Exact = true })).ToBeDisabledAsync();
        await page.GetByLabel("Reason").FillAsync("the first one");
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Make current", Exact = true }).ClickAsync();
        await page.GetByText("1.0 is current.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Ramp: 2.0" }).ClickAsync();
        await page.GetByLabel("Percentage").FillAsync("25");
        await page.GetByLabel("Reason").FillAsync("a try");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ramp", Exact = true }).ClickAsync();
        await page.GetByText("25 % of new work goes to 2.0.").WaitForAsync();
        await page.GetByRole(AriaRole.Row, new() { Name = "2.0 Ramping 25 %" }).WaitForAsync();
        await page.GetByRole(AriaRole.Row, new() { Name = "1.0 Current 75 %" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        var routing = (await client.WorkflowService.DescribeWorkerDeploymentAsync(new DescribeWorkerDeploymentRequest { Namespace = "default", DeploymentName = "claims" }))
            .WorkerDeploymentInfo.RoutingConfig;
        Assert.Equal(("1.0", "2.0", 25f), (routing.CurrentDeploymentVersion.BuildId, routing.RampingDeploymentVersion.BuildId, routing.RampingVersionPercentage));
        Assert.Empty(violations);
    }

    [Fact]
    public async Task Who_may_only_look_sends_nothing_anywhere()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var client = await TemporalClient.ConnectAsync(
            new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } });
        await RegisterAsync(client, "1.0");
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        using var administrator = host.Client();
        using var content = new StringContent("""{"name":"looker","role":"viewer"}""", Encoding.UTF8, "application/json");
        using var issued = await administrator.PostAsync(new Uri("/api/v1/tokens", UriKind.Relative), content, Ct);
        await browser.SignInAsync(JsonNode.Parse(await issued.Content.ReadAsStringAsync(Ct))!["token"]!.ToString());

        await browser.GoAsync("/workflows/deployments");

        await Assertions.Expect(browser.Page.GetByRole(AriaRole.Button, new() { Name = "Make current: 1.0" })).ToBeDisabledAsync();
        await Assertions.Expect(browser.Page.GetByRole(AriaRole.Button, new() { Name = "Ramp: 1.0" })).ToBeDisabledAsync();
    }

    /// <summary>A poll that no task comes for.</summary>
    private static async Task RegisterAsync(TemporalClient client, string build)
    {
        using var stop = new CancellationTokenSource();
        var polling = client.WorkflowService.PollWorkflowTaskQueueAsync(
            new PollWorkflowTaskQueueRequest
            {
                Namespace = "default", TaskQueue = new() { Name = "claims" }, Identity = "poller",
                DeploymentOptions = new() { DeploymentName = "claims", BuildId = build, WorkerVersioningMode = WorkerVersioningMode.Versioned },
            },
            new RpcOptions { CancellationToken = stop.Token });
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await IsThereAsync(client, build))
        {
            // It waits for the version only as long as the poll that announces it does.
            Assert.False(polling.IsCompleted, $"The poll of build {build} ended: {polling.Exception}");
            await pace.WaitForNextTickAsync(Ct);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => polling);
    }

    private static async Task<bool> IsThereAsync(TemporalClient client, string build) =>
        (await client.WorkflowService.ListWorkerDeploymentsAsync(new ListWorkerDeploymentsRequest { Namespace = "default" }))
            .WorkerDeployments.Any(d => d.LatestVersionSummary?.DeploymentVersion.BuildId == build);
}
