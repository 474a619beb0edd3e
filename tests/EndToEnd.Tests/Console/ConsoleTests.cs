using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Playwright;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>What a developer does in the console, in a real browser.</summary>
public sealed class ConsoleTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_form_becomes_a_running_service_and_axe_finds_nothing_on_the_way()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Dark);
        var page = browser.Page;
        var violations = new List<string>();
        await browser.SignInAsync(host.Token);
        foreach (var (path, heading) in new[] { ("/", "Home"), ("/services", "Services"), ("/claims", "Claims"), ("/claims/new", "claim"), ("/runs", "Runs"), ("/golden-paths", "Golden paths"), ("/not-there", "There is no such page") })
        {
            violations.AddRange(await browser.ViolationsAsync(path, heading));
        }

        await browser.GoAsync("/golden-paths");
        await page.GetByRole(AriaRole.Link, new() { Name = "Node.js service with PostgreSQL" }).First.ClickAsync();
        // The page is live then: what is filled in before would be lost when it becomes so.
        await page.GetByLabel("Service name").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByLabel("Service name").FillAsync("orders");
        await page.GetByLabel("Description").FillAsync("Takes orders");
        await page.GetByLabel("Owning team").FillAsync("group:default/demo");
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Create", Exact = true }).ClickAsync();

        await page.GetByRole(AriaRole.Heading, new() { Name = "Run for orders" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await browser.GoAsync("/services/default/orders");
        var open = page.GetByRole(AriaRole.Link, new() { Name = "Open the service" });
        await page.GetByText("Running").First.WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        Assert.True(await page.GetByLabel("Ledger rows of the service").EvaluateAsync<bool>("e => e.scrollWidth <= e.clientWidth"), "the ledger's last column is cut off");
        Assert.True(await page.Locator(".fs-log").EvaluateAsync<bool>("e => getComputedStyle(e).flexDirection === 'column-reverse'"), "the log does not open at its end");
        var address = await open.GetAttributeAsync("href");
        using var client = new HttpClient();
        var answer = JsonNode.Parse(await client.GetStringAsync(new Uri(address!), Ct))!;
        Assert.Equal("orders", answer["service"]!.GetValue<string>());

        violations.AddRange(await browser.ViolationsAsync("/", "Home"));
        violations.AddRange(await browser.ViolationsAsync("/claims", "Claims"));
        await page.GetByRole(AriaRole.Link, new() { Name = "orders" }).First.ClickAsync();
        await page.GetByText("Ready").First.WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Fact]
    public async Task The_users_menu_leads_to_the_page_of_the_REST_API()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        await browser.SignInAsync(host.Token);
        // The page is live then: what is opened before closes when it becomes so.
        Assert.Empty(await browser.ViolationsAsync());
        await browser.Page.Locator("[data-menu] > summary").ClickAsync();

        var api = await browser.Page.Context.RunAndWaitForPageAsync(() => browser.Page.GetByRole(AriaRole.Link, new() { Name = "REST API" }).ClickAsync());

        await api.GetByText("Issues a token").First.WaitForAsync();
    }

    [Fact]
    public async Task A_wrong_token_is_told_what_a_token_looks_like()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        await browser.GoAsync("/sign-in");

        await browser.Page.GetByLabel("Access token").FillAsync("fst_wrong");
        await browser.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await browser.Page.GetByText("This token is not known").WaitForAsync();
        Assert.Empty(await browser.ViolationsAsync());
    }

    [Fact]
    public async Task What_axe_finds_on_a_page_is_found_in_both_themes()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        await browser.GoAsync("/sign-in");
        await browser.Page.EvaluateAsync("() => document.querySelector('main').append(new Image(9, 9))").InTimeAsync();

        Assert.Equal(["/sign-in, dark: image-alt", "/sign-in, light: image-alt"], (await browser.ViolationsAsync()).Select(v => string.Join(':', v.Split(':')[..2])).Order());
    }

    [Fact]
    public async Task A_revoked_token_ends_its_session()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        using var administrator = host.Client();
        using var request = new StringContent("""{ "name": "visitor", "role": "viewer" }""", Encoding.UTF8, "application/json");
        using var issued = await administrator.PostAsync(new Uri("/api/v1/tokens", UriKind.Relative), request, Ct);
        var token = JsonNode.Parse(await issued.Content.ReadAsStringAsync(Ct))!;
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        await browser.SignInAsync(token["token"]!.ToString());

        using var revoked = await administrator.DeleteAsync(new Uri($"/api/v1/tokens/{token["id"]}", UriKind.Relative), Ct);
        try
        {
            await browser.GoAsync("/services");
        }
        catch (PlaywrightException e) when (e.Message.Contains("interrupted by another navigation", StringComparison.Ordinal))
        {
            // The open page saw it first, and went to where one signs in.
        }

        await browser.Page.GetByLabel("Access token").WaitForAsync();
    }
}
