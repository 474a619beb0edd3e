using System.Collections.Concurrent;
using Flagstone.EndToEnd.Tests.Console;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(ChromiumPool))]

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>
/// Debian's Chromium, driven by Playwright. Who has one has it alone: Playwright's connection keeps lists without locks, and two tests at once on one
/// connection end it, or wait on it for ever.
/// </summary>
internal sealed class Chromium(IPlaywright playwright, IBrowser browser)
{
    private const string Program = "/usr/bin/chromium";

    public IBrowser Browser => browser;

    /// <summary>Starts one; skips the test where there is none on this machine.</summary>
    public static async Task<Chromium> StartAsync()
    {
        Assert.SkipUnless(File.Exists(Program), "Chromium is not on this machine (apt-get install chromium); the console was not tried.");
        var playwright = await Playwright.CreateAsync().InTimeAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Program,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        return new Chromium(playwright, browser);
    }

    /// <summary>Ends it, if it still can: one that does not answer goes with the tests' process.</summary>
    public async Task EndAsync()
    {
        var ending = browser.CloseAsync();
        await ending.WaitAsync(Patience.Longest).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ending.IsCompletedSuccessfully)
        {
            playwright.Dispose();
        }
    }
}

/// <summary>The browsers that no test has just now. One takes seconds to start, a profile in it does not: a test gives it back for the next.</summary>
public sealed class ChromiumPool : IAsyncDisposable
{
    private static readonly ConcurrentBag<Chromium> Idle = [];

    internal static async Task<Chromium> TakeAsync()
    {
        while (Idle.TryTake(out var chromium))
        {
            if (chromium.Browser.IsConnected)
            {
                return chromium;
            }
        }

        return await Chromium.StartAsync();
    }

    internal static void GiveBack(Chromium chromium) => Idle.Add(chromium);

    public async ValueTask DisposeAsync()
    {
        while (Idle.TryTake(out var chromium))
        {
            await chromium.EndAsync();
        }
    }
}
