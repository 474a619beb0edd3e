using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Playwright;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>The pages of the platform's long processes, in a real browser: one is asked for, looked at and taken back, another comes from a claim's plan.</summary>
public sealed class ProcessPageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_is_asked_for_shown_and_taken_back_and_axe_finds_nothing()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await ServiceAsync(host);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);
        var violations = new List<string>(await browser.ViolationsAsync("/processes", "Processes"));
        await page.GetByRole(AriaRole.Heading, new() { Name = "None is under way" }).WaitForAsync();

        // From the service's page to the form, which says what is wrong where it is wrong.
        await browser.GoAsync("/services/default/billing");
        await page.GetByRole(AriaRole.Link, new() { Name = "Retire" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Retire a service", Level = 1 }).WaitForAsync();
        await Assertions.Expect(page.Locator("#field-service")).ToHaveValueAsync("default/billing");
        await page.GetByLabel("Days to wait").FillAsync("91");
        await page.GetByLabel("Reason").FillAsync("nobody uses it");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for it" }).ClickAsync();
        await page.GetByText("Not started.").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByLabel("Days to wait").FillAsync("2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for it" }).ClickAsync();

        await page.GetByRole(AriaRole.Heading, new() { Name = "Retire service billing", Level = 1 }).WaitForAsync();
        await page.GetByText("It is approved, and waits for 2 days: until then it can be taken back").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Retire service billing?" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Take back" }).ClickAsync();
        await page.GetByLabel("Reason").FillAsync("we keep it");
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Group, new() { Name = "Take this process back?" }).GetByRole(AriaRole.Button, new() { Name = "Take back" }).ClickAsync();
        await page.GetByText("It was taken back").WaitForAsync();
        await browser.GoAsync("/processes?state=closed");
        await page.GetByRole(AriaRole.Link, new() { Name = "Retire service billing" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        // What a claim's plan would do is approved by others.
        await browser.GoAsync("/claims/new?kind=postgresqlinstances.platform.example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "Plan", Exact = true }).ClickAsync();
        await page.GetByLabel("Reason").FillAsync("the new database");
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for approval" }).ClickAsync();
        await page.GetByText("What was approved is applied").WaitForAsync();
        await browser.GoAsync("/processes");
        await page.GetByText("An approver is asked").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await browser.GoAsync("/processes/01a21d57-5332-77a4-ac34-83c9d2238198");
        await page.GetByText("There is no process").WaitForAsync();

        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    private static async Task ServiceAsync(RunningHost host)
    {
        using var kubernetes = host.KubernetesClient();
        foreach (var (path, document) in (IEnumerable<(string, JsonObject)>)
        [
            ("/api/v1/namespaces", new JsonObject
            {
                ["apiVersion"] = "v1", ["kind"] = "Namespace",
                ["metadata"] = new JsonObject { ["name"] = "billing", ["labels"] = new JsonObject { ["flagstone.dev/service"] = "billing" } },
            }),
            ("/apis/backstage.io/v1alpha1/namespaces/default/components", new JsonObject
            {
                ["apiVersion"] = "backstage.io/v1alpha1", ["kind"] = "Component", ["metadata"] = new JsonObject { ["name"] = "billing" },
                ["spec"] = new JsonObject { ["type"] = "service", ["lifecycle"] = "production", ["owner"] = "user:zed" },
            }),
        ])
        {
            using var answer = await kubernetes.PostAsJsonAsync(path, document, Ct);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
        }
    }
}
