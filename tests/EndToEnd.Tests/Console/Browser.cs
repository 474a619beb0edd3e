using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Flagstone.Testing;
using Microsoft.Playwright;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>A profile of its own in a Chromium that no other test has meanwhile, signed in to a running host's console.</summary>
internal sealed class Browser : IAsyncDisposable
{
    /// <summary>All that is drawn of the first graph, as text.</summary>
    private const string Picture = "() => [...document.querySelectorAll('fs-graph canvas')].map(c => c.toDataURL()).join()";

    private const string SetTheme = "theme => { document.documentElement.dataset.theme = theme; }";

    private static readonly string[] Themes = ["light", "dark"];

    /// <summary>What people see and what they have written, but for secrets.</summary>
    private const string Seen = "() => document.body.innerText + '\\n' + [...document.querySelectorAll('input:not([type=hidden], [type=password]), select, textarea')].map(f => `${f.id}: ${f.value}`).join('\\n')";

    private readonly RunningHost host;
    private readonly Chromium chromium;
    private readonly IBrowserContext profile;

    private Browser(RunningHost host, Chromium chromium, IBrowserContext profile, IPage page)
    {
        this.host = host;
        this.chromium = chromium;
        this.profile = profile;
        Page = page;
    }

    public IPage Page { get; }

    public static async Task<Browser> OpenAsync(RunningHost host, ColorScheme scheme)
    {
        var chromium = await ChromiumPool.TakeAsync();
        var profile = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = $"http://127.0.0.1:{host.Port}", ColorScheme = scheme }).InTimeAsync();
        var page = await profile.NewPageAsync().InTimeAsync();
        page.SetDefaultTimeout(60_000);
        // Five seconds, the default, are not enough on a busy machine; what holds sooner ends sooner.
        Assertions.SetDefaultExpectTimeout(60_000);
        return new Browser(host, chromium, profile, page);
    }

    public async Task SignInAsync(string token)
    {
        await Page.GotoAsync("/sign-in");
        await Page.GetByLabel("Access token").FillAsync(token);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Page.GetByRole(AriaRole.Heading, new() { Name = "Home", Level = 1 }).WaitForAsync();
    }

    /// <summary>Opens a page, and waits until it is live: what is clicked before that does nothing.</summary>
    public async Task GoAsync(string path)
    {
        await Page.GotoAsync(path);
        await LiveAsync();
    }

    /// <summary>Opens a page, waits for its heading, and returns what axe finds wrong on it.</summary>
    public async Task<IReadOnlyList<string>> ViolationsAsync(string path, string heading)
    {
        await Page.GotoAsync(path);
        await Page.GetByRole(AriaRole.Heading, new() { Name = heading, Level = 1 }).First.WaitForAsync();
        return await ViolationsAsync();
    }

    /// <summary>What axe finds wrong on the page as it is, in both themes.</summary>
    public async Task<IReadOnlyList<string>> ViolationsAsync()
    {
        // The page becomes live after its first paint, and the title is taken away and set again then.
        await LiveAsync();
        var violations = new List<string>();
        await InEachThemeAsync(async theme => violations.AddRange(await ViolationsAsync(theme)));
        return violations;
    }

    /// <summary>Does something with the page as it is, once in the theme that it has and once in the other.</summary>
    /// <param name="look">Is given the theme's name.</param>
    public async Task InEachThemeAsync(Func<string, Task> look)
    {
        var first = await Page.EvaluateAsync<string>("document.documentElement.dataset.theme").InTimeAsync();
        Assert.Contains(first, Themes);
        foreach (var theme in Themes.OrderBy(t => t != first))
        {
            await Page.EvaluateAsync(SetTheme, theme).InTimeAsync();
            await SettledAsync();
            await look(theme);
        }

        await Page.EvaluateAsync(SetTheme, first).InTimeAsync();
    }

    private async Task<IEnumerable<string>> ViolationsAsync(string theme)
    {
        await Page.WaitForFunctionAsync("() => document.title.length > 0");
        var result = await AxeAsync();
        if (result.Violations.Any(v => v.Id == "document-title"))
        {
            // Caught in between: a page that has no title at all does not get past this.
            await Page.WaitForFunctionAsync("() => document.title.length > 0");
            result = await AxeAsync();
        }

        return result.Violations.SelectMany(v => v.Nodes.Select(n => $"{new Uri(Page.Url).AbsolutePath}, {theme}: {v.Id}: {v.Help}: {n.Html}"));
    }

    private Task<AxeResult> AxeAsync() => Page.RunAxe().InTimeAsync();

    /// <summary>Waits until the graph of the page is drawn, and switches the theme, which draws it again.</summary>
    public async Task DrawnAsync()
    {
        var drawn = Page.Locator("fs-graph canvas").First;
        await drawn.WaitForAsync();
        foreach (var _ in (int[])[1, 2])
        {
            var before = await drawn.EvaluateAsync<string>(Picture).InTimeAsync();
            await Page.GetByRole(AriaRole.Button, new() { Name = "Switch between light and dark" }).ClickAsync();
            await Page.WaitForFunctionAsync($"before => ({Picture})() !== before", before);
        }
    }

    /// <summary>Colours fade from one to the next: what axe would measure in between is no colour of a theme's.</summary>
    private async Task SettledAsync() => await Page.WaitForFunctionAsync("() => document.getAnimations().every(a => !(a instanceof CSSTransition))");

    /// <summary>Says what was there at the end: the runner shows it of tests that fail.</summary>
    private async Task TellAsync()
    {
        var output = TestContext.Current.TestOutputHelper!;
        try
        {
            output.WriteLine($"{Page.Url}\n{await Page.EvaluateAsync<string>(Seen).InTimeAsync()}");
        }
        catch (Exception e) when (e is PlaywrightException or TimeoutException)
        {
            output.WriteLine($"{Page.Url} says no more: {e.Message}");
        }

        output.WriteLine(string.Join('\n', host.Complaints()));
    }

    private Task LiveAsync() =>
        Page.Locator(".fs-shell[data-live=true], :root:not(:has(.fs-shell))").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });

    public async ValueTask DisposeAsync()
    {
        await TellAsync();
        await profile.CloseAsync().InTimeAsync();
        ChromiumPool.GiveBack(chromium);
    }
}
