using Flagstone.EndToEnd.Tests.Console;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>Debian's Chromium, driven by Playwright: one for all tests, started by the first that needs it. It takes seconds to start, a profile in it does not.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    private static readonly SemaphoreSlim Starting = new(1, 1);
    private static IPlaywright? playwright;
    private static IBrowser? browser;

    /// <summary>The running browser; skips the test where there is none on this machine.</summary>
    internal static async Task<IBrowser> StartedAsync()
    {
        Assert.SkipUnless(File.Exists(Program), "Chromium is not on this machine (apt-get install chromium); the console was not tried.");
        await Starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            playwright ??= await Playwright.CreateAsync();
            if (browser is not { IsConnected: true })
            {
                browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
                {
                    ExecutablePath = Program,
                    Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
                });
            }

            return browser;
        }
        finally
        {
            Starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        playwright?.Dispose();
    }
}
