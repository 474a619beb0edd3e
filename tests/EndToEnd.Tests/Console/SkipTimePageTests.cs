using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Playwright;
using Temporalio.Client;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>Time skipping on a run's page, in a real browser: where its namespace allows it, and nowhere else.</summary>
public sealed class SkipTimePageTests
{
    private const string Namespace = "rehearsal";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_clock_of_a_run_jumps_with_a_reason_and_the_page_tells_how_far_it_is_ahead()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var ns = await MakeNamespaceAsync(host);
        // Its first workflow task waits, for which no worker is needed.
        var run = await StartAsync(host, Namespace, "patient");
        var elsewhere = await StartAsync(host, "default", "elsewhere");
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);
        var violations = new List<string>();

        violations.AddRange(await browser.ViolationsAsync($"/workflows/{Namespace}/{run}", "patient"));
        await Assertions.Expect(page.GetByText("Its clock", new() { Exact = true })).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Skip time" }).ClickAsync();
        await page.GetByLabel("How far").SelectOptionAsync("By a duration");
        await page.GetByLabel("Duration").FillAsync("0");
        await page.GetByLabel("Reason").FillAsync("the week's reminder");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Skip time" }).Last).ToBeDisabledAsync();
        await page.GetByLabel("Duration").FillAsync("7");
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Skip time" }).Last.ClickAsync();
        await page.GetByText("The clock jumps by 7 days").WaitForAsync();
        await page.GetByText("ahead by 7 days").WaitForAsync();
        await page.GetByText("off after 1 of 100 jumps").WaitForAsync();
        await page.GetByText("where the fast-forward ends").WaitForAsync();
        await page.GetByText("in 23 days").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        await page.GetByRole(AriaRole.Button, new() { Name = "Skip time" }).ClickAsync();
        await page.GetByLabel("Reason").FillAsync("and the rest");
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Skip time" }).Last.ClickAsync();
        await page.GetByText("ahead by 30 days").WaitForAsync();
        await page.GetByText("off after 1 of 1 jumps").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        using var http = host.Client();
        var rows = await http.GetFromJsonAsync<JsonObject>($"/api/v1/history/workflowexecutions.workflows.flagstone.dev/{ns}/{run}", Ct);
        Assert.Equal(
            ["skip-time: and the rest", "skip-time: the week's reminder"], rows!["items"]!.AsArray().Select(r => $"{r!["verb"]}: {r["reason"]}"));

        violations.AddRange(await browser.ViolationsAsync("/workflows/namespaces", "Namespaces"));
        await page.GetByText("clocks may jump").WaitForAsync();
        await browser.GoAsync($"/workflows/default/{elsewhere}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Signal" }).WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Skip time" })).ToHaveCountAsync(0);
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Fact]
    public async Task Who_only_reads_skips_no_time()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await MakeNamespaceAsync(host);
        var run = await StartAsync(host, Namespace, "patient");
        using var administrator = host.Client();
        using var content = new StringContent("""{ "name": "reader", "role": "viewer" }""", Encoding.UTF8, "application/json");
        using var issued = await administrator.PostAsync(new Uri("/api/v1/tokens", UriKind.Relative), content, Ct);
        var token = JsonNode.Parse(await issued.Content.ReadAsStringAsync(Ct))!["token"]!.ToString();
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);

        await browser.SignInAsync(token);
        await browser.GoAsync($"/workflows/{Namespace}/{run}");

        await Assertions.Expect(browser.Page.GetByRole(AriaRole.Button, new() { Name = "Skip time" })).ToBeDisabledAsync();
    }

    /// <summary>Returns the namespace's uid.</summary>
    private static async Task<string> MakeNamespaceAsync(RunningHost host)
    {
        using var kubernetes = host.KubernetesClient();
        using var made = await kubernetes.PostAsJsonAsync("/apis/workflows.flagstone.dev/v1alpha1/workflownamespaces", new JsonObject
        {
            ["apiVersion"] = "workflows.flagstone.dev/v1alpha1", ["kind"] = "WorkflowNamespace",
            ["metadata"] = new JsonObject { ["name"] = Namespace }, ["spec"] = new JsonObject { ["timeSkipping"] = true },
        }, Ct);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Ct));
        return (await made.Content.ReadFromJsonAsync<JsonObject>(Ct))!["metadata"]!["uid"]!.ToString();
    }

    /// <summary>Starts a workflow that begins in thirty days; returns the run id.</summary>
    private static async Task<string> StartAsync(RunningHost host, string ns, string id)
    {
        var client = await TemporalClient.ConnectAsync(new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}")
        {
            ApiKey = host.Token, Namespace = ns, Tls = new TlsOptions { Disabled = true },
        });
        return (await client.StartWorkflowAsync("Unknown", [], new WorkflowOptions(id, "nobody") { StartDelay = TimeSpan.FromDays(30) })).ResultRunId!;
    }
}
