using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Playwright;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>The page of batch jobs, in a real browser.</summary>
public sealed class JobPageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_tell_how_far_they_are_and_one_is_stopped_with_a_reason_and_axe_finds_nothing()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Dark);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);
        var violations = new List<string>();
        violations.AddRange(await browser.ViolationsAsync("/workflows/jobs", "Jobs"));
        await page.GetByRole(AriaRole.Heading, new() { Name = "No job yet" }).WaitForAsync();

        var client = await ConnectAsync(host);
        await client.StartWorkflowAsync("Unknown", [], new WorkflowOptions("many-1", "nobody"));
        await client.StartWorkflowAsync("Unknown", [], new WorkflowOptions("many-2", "nobody"));
        await StartSlowAsync(client);
        await browser.GoAsync("/workflows?id=many-1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Act on all 1" }).ClickAsync();
        await page.GetByLabel("What").SelectOptionAsync("terminate");
        await page.GetByLabel("Reason").FillAsync("one too many");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start the job" }).ClickAsync();
        await page.GetByText("The job is done.").WaitForAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Jobs", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Jobs", Level = 1 }).WaitForAsync();
        var rows = page.GetByLabel("Jobs", new() { Exact = true }).Locator("tbody tr");
        var done = rows.Filter(new() { HasText = "one too many" });
        await done.GetByText("1 of 1").WaitForAsync();
        await done.GetByText("admin by flagstone-console").WaitForAsync();
        await Assertions.Expect(done.GetByRole(AriaRole.Button, new() { Name = "Stop" })).ToBeDisabledAsync();
        var slow = rows.Filter(new() { HasText = "a long clean-up" });
        await slow.GetByText("Running", new() { Exact = true }).WaitForAsync();
        await slow.GetByText("1 of 1,000").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        await slow.GetByRole(AriaRole.Button, new() { Name = "Stop slow" }).ClickAsync();
        var form = page.GetByRole(AriaRole.Group, new() { Name = "Stop job slow?" });
        await form.GetByLabel("Reason").FillAsync("the wrong ones");
        violations.AddRange(await browser.ViolationsAsync());
        await form.GetByRole(AriaRole.Button, new() { Name = "Stop", Exact = true }).ClickAsync();
        await page.GetByText("The job was stopped.").WaitForAsync();
        await slow.GetByText("Stopped", new() { Exact = true }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        await done.GetByRole(AriaRole.Link).ClickAsync();
        await page.GetByLabel("Workflow runs").GetByRole(AriaRole.Link, new() { Name = "many-1" }).WaitForAsync();
        await Assertions.Expect(page.GetByLabel("Workflow runs").Locator("tbody tr")).ToHaveCountAsync(1);
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Fact]
    public async Task Who_only_reads_stops_no_job_and_a_token_of_another_namespace_sees_none()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await StartSlowAsync(await ConnectAsync(host));
        await using (var browser = await Browser.OpenAsync(host, ColorScheme.Light))
        {
            await browser.SignInAsync(await IssueAsync(host, """{ "name": "reader", "role": "viewer" }"""));
            await browser.GoAsync("/workflows/jobs");
            await browser.Page.GetByText("a long clean-up").WaitForAsync();
            await Assertions.Expect(browser.Page.GetByRole(AriaRole.Button, new() { Name = "Stop slow" })).ToBeDisabledAsync();
        }

        await using (var browser = await Browser.OpenAsync(host, ColorScheme.Light))
        {
            await browser.SignInAsync(await IssueAsync(host, """{ "name": "elsewhere", "role": "developer", "namespace": "elsewhere" }"""));
            await browser.GoAsync("/workflows/jobs?namespace=default");
            await browser.Page.GetByText("the token is for namespace elsewhere alone").WaitForAsync();
        }
    }

    /// <summary>A job that takes longer than any test: it comes to one of a thousand runs in a hundred seconds.</summary>
    private static Task<StartBatchOperationResponse> StartSlowAsync(TemporalClient client) => client.WorkflowService.StartBatchOperationAsync(new StartBatchOperationRequest
    {
        Namespace = "default", JobId = "slow", Reason = "a long clean-up", MaxOperationsPerSecond = 0.01f, CancellationOperation = new() { Identity = "night shift" },
        TargetExecutions = { Enumerable.Range(0, 1000).Select(i => new Execution { Type = ExecutionType.Workflow, BusinessId = $"none-{i}" }) },
    });

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
