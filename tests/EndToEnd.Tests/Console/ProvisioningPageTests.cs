using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Playwright;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>The pages of what claims become, in a real browser.</summary>
public sealed class ProvisioningPageTests
{
    private const string Platform = "apis/platform.example.com/v1alpha1/namespaces/default";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Compositions_claims_drift_costs_and_providers_are_told_and_axe_finds_nothing()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);
        var violations = new List<string>();
        foreach (var (path, heading) in new[] { ("/drift", "Drift"), ("/costs", "Costs"), ("/providers", "Providers"), ("/compositions/none", "none") })
        {
            violations.AddRange(await browser.ViolationsAsync(path, heading));
        }

        using var client = host.KubernetesClient();
        await MakeAsync(client, "s3buckets", """{ "kind": "S3Bucket", "metadata": { "name": "files" }, "spec": { "compositionRef": { "name": "s3bucket-aws-standard" } } }""");
        await MakeAsync(client, "sqsqueues", """{ "kind": "SQSQueue", "metadata": { "name": "mails" }, "spec": { "compositionRef": { "name": "not-there" } } }""");
        violations.AddRange(await browser.ViolationsAsync("/claims", "Claims"));
        await page.GetByLabel("State").SelectOptionAsync("Failing");
        await page.WaitForURLAsync("**/claims?state=Failing");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "files" })).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Link, new() { Name = "mails" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Why it is not ready" }).WaitForAsync();
        await page.GetByText("Name a composition that is there").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        await ReadyAsync(client, "s3buckets/files");
        await DriftAsync(client);
        violations.AddRange(await browser.ViolationsAsync("/claims/s3buckets.platform.example.com/default/files", "files"));
        await browser.DrawnAsync();
        await page.GetByLabel("What of the claim drifted").GetByText("forProvider.forced").WaitForAsync();
        await page.GetByText("Change what becomes of drift").ClickAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "Report" }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Change", Exact = true }).ClickAsync();
        await page.GetByText("Reported", new() { Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Except drift of key" }).ClickAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByLabel("Reason").FillAsync("the key is turned by hand");
        await page.GetByRole(AriaRole.Button, new() { Name = "Except", Exact = true }).ClickAsync();
        await page.GetByText("Excepted, and may be whatever it is").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync("/claims", "Claims"));

        // Pages that the navigation does not show are reached by their keys.
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("d");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Drift", Level = 1 }).WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "default/files" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Revert drift of key" }).ClickAsync();
        await page.GetByLabel("Reason").FillAsync("the exception is over");
        await page.GetByRole(AriaRole.Button, new() { Name = "Revert", Exact = true }).ClickAsync();
        await page.GetByText("Reverted of key").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync("/costs?by=claim", "Costs"));
        await page.GetByRole(AriaRole.Link, new() { Name = "default/files" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync("/providers", "Providers"));
        await page.GetByRole(AriaRole.Heading, new() { Name = "simulated" }).WaitForAsync();

        violations.AddRange(await browser.ViolationsAsync("/compositions", "Compositions"));
        await page.GetByRole(AriaRole.Link, new() { Name = "s3bucket-aws-standard" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "files" }).WaitForAsync();
        await browser.DrawnAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Link, new() { Name = "Plan a roll-out" }).ClickAsync();
        var editor = page.GetByLabel("YAML of the composition");
        await editor.FillAsync((await editor.InputValueAsync()).Replace("blockPublicAcls: true", "blockPublicAcls: false", StringComparison.Ordinal));
        await page.GetByRole(AriaRole.Button, new() { Name = "Plan", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Its tests fail" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Fact]
    public async Task A_planned_composition_is_applied_and_one_that_another_changed_is_not()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Dark);
        await browser.SignInAsync(host.Token);
        var page = browser.Page;
        var violations = (await browser.ViolationsAsync("/compositions/s3bucket-local?view=plan", "s3bucket-local")).ToList();
        var editor = page.GetByLabel("YAML of the composition");
        var (plan, apply) = (page.GetByRole(AriaRole.Button, new() { Name = "Plan", Exact = true }), page.GetByRole(AriaRole.Button, new() { Name = "Apply", Exact = true }));
        await Assertions.Expect(apply).ToBeDisabledAsync();

        // Another changes it between the plan and the apply.
        await editor.FillAsync((await editor.InputValueAsync()).Replace("writeConnectionSecretsToNamespace: flagstone-system", "writeConnectionSecretsToNamespace: mine", StringComparison.Ordinal));
        await plan.ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Plan of the roll-out" }).WaitForAsync();
        using var client = host.KubernetesClient();
        await LabelAsync(client, "theirs");
        await apply.ClickAsync();
        await page.GetByRole(AriaRole.Alert).GetByText("it was changed since you began to edit it").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        await page.GetByRole(AriaRole.Button, new() { Name = "Go on with mine" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Plan of the roll-out" }).WaitForAsync();
        await apply.ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "What it makes" }).WaitForAsync();
        // The first, theirs and mine, below the head of the table.
        await Assertions.Expect(page.GetByRole(AriaRole.Group, new() { Name = "Revisions" }).GetByRole(AriaRole.Row)).ToHaveCountAsync(4);
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Fact]
    public async Task Without_what_draws_graphs_the_list_says_what_a_composition_makes()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        await browser.Page.RouteAsync("**/lib/cytoscape.js", route => route.AbortAsync());
        await browser.SignInAsync(host.Token);

        var violations = await browser.ViolationsAsync("/compositions/postgresql-local", "postgresql-local");

        await Assertions.Expect(browser.Page.Locator("figure")).ToBeHiddenAsync();
        await browser.Page.GetByRole(AriaRole.List, new() { Name = "What it makes" }).GetByText("Grant", new() { Exact = true }).WaitForAsync();
        Assert.Empty(violations);
    }

    [Fact]
    public async Task Who_only_reads_is_told_that_a_roll_out_is_not_theirs_to_plan()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        using var administrator = host.Client();
        using var issued = await administrator.PostAsJsonAsync("/api/v1/tokens", new { name = "visitor", role = "viewer" }, Ct);
        var token = JsonNode.Parse(await issued.Content.ReadAsStringAsync(Ct))!["token"]!.ToString();
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        await browser.SignInAsync(token);

        var violations = (await browser.ViolationsAsync("/compositions/postgresql-local?view=plan", "postgresql-local")).ToList();
        await browser.Page.GetByRole(AriaRole.Button, new() { Name = "Plan", Exact = true }).ClickAsync();
        await browser.Page.GetByRole(AriaRole.Alert).GetByText("role viewer only reads").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    private static async Task MakeAsync(HttpClient client, string plural, string claim)
    {
        var document = JsonNode.Parse(claim)!;
        document["apiVersion"] = "platform.example.com/v1alpha1";
        using var answer = await client.PostAsJsonAsync($"{Platform}/{plural}", document, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private static async Task ReadyAsync(HttpClient client, string claim)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        timeout.CancelAfter(TimeSpan.FromSeconds(60));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        string last;
        do
        {
            last = await client.GetStringAsync(new Uri($"{Platform}/{claim}", UriKind.Relative), Ct);
            var ready = JsonNode.Parse(last)!["status"]?["conditions"]?.AsArray().Any(c => c!["type"]!.ToString() == "Ready" && c["status"]!.ToString() == "True");
            if (ready == true)
            {
                return;
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
        while (!timeout.IsCancellationRequested);
        Assert.Fail($"The claim did not become ready: {last}");
    }

    private static async Task LabelAsync(HttpClient client, string label)
    {
        using var patch = new StringContent($$$"""{ "metadata": { "labels": { "who": "{{{label}}}" } } }""", Encoding.UTF8, new MediaTypeHeaderValue("application/merge-patch+json"));
        using var answer = await client.PatchAsync(new Uri("apis/apiextensions.crossplane.io/v1/compositions/s3bucket-local", UriKind.Relative), patch, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    /// <summary>Says of the bucket's key that it was changed outside. It is paused, so that it stays so.</summary>
    private static async Task DriftAsync(HttpClient client)
    {
        const string Keys = "apis/kms.aws.upbound.io/v1beta1/keys";
        var name = JsonNode.Parse(await client.GetStringAsync(new Uri(Keys, UriKind.Relative), Ct))!["items"]![0]!["metadata"]!["name"]!.ToString();
        using var pause = new StringContent("""{ "metadata": { "annotations": { "crossplane.io/paused": "true" } } }""", Encoding.UTF8, new MediaTypeHeaderValue("application/merge-patch+json"));
        using var paused = await client.PatchAsync(new Uri($"{Keys}/{name}", UriKind.Relative), pause, Ct);
        Assert.True(paused.IsSuccessStatusCode, await paused.Content.ReadAsStringAsync(Ct));
        using var patch = new StringContent("""
            { "status": { "drift": { "state": "open", "seen": "2026-11-26T10:00:00Z", "fields": [ { "path": "forProvider.forced", "wanted": true, "actual": false } ] } } }
            """, Encoding.UTF8, new MediaTypeHeaderValue("application/merge-patch+json"));
        using var answer = await client.PatchAsync(new Uri($"{Keys}/{name}/status", UriKind.Relative), patch, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }
}
