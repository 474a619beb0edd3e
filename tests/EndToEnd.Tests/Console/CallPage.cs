using Microsoft.Playwright;
using Temporalio.Client;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>The view of a run's page that shows its calls.</summary>
internal static class CallPage
{
    /// <summary>From the page of a run that is done: an activity, a child, and back from the child to its parent, by the list and by the drawing.</summary>
    public static async Task LookAsync(Browser browser, List<string> violations)
    {
        var page = browser.Page;
        var parent = page.Url;
        await OpenAsync(page);
        var activity = page.GetByRole(AriaRole.List, new() { Name = "Activities" }).GetByRole(AriaRole.Listitem);
        await activity.GetByText("1 completed, on orders").WaitForAsync();
        await activity.GetByRole(AriaRole.Link, new() { Name = "Price" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await browser.DrawnAsync();

        await page.GetByRole(AriaRole.List, new() { Name = "Children" }).GetByRole(AriaRole.Link, new() { Name = "order-1-pack" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "order-1-pack", Level = 1 }).WaitForAsync();
        await OpenAsync(page);
        await page.GetByRole(AriaRole.List, new() { Name = "Called by" }).GetByRole(AriaRole.Link, new() { Name = "order-1", Exact = true }).WaitForAsync();
        var drawing = page.Locator("fs-graph");
        await drawing.Locator("canvas").First.WaitForAsync();
        // The parent's card is the left one of the two.
        await drawing.ClickAsync(new() { Position = new Position { X = 30, Y = 25 } });
        await page.WaitForURLAsync(parent);
        await page.GetByRole(AriaRole.Heading, new() { Name = "order-1", Level = 1, Exact = true }).WaitForAsync();
    }

    /// <summary>A run that calls much: children with children, one that fails, a signal, and a run that follows.</summary>
    public static async Task LookAtTripAsync(Browser browser, ITemporalClient client, string queue, List<string> violations)
    {
        var page = browser.Page;
        var trip = await client.StartWorkflowAsync((TripWorkflow w) => w.RunAsync(1), new WorkflowOptions("trip", queue));
        await trip.GetResultAsync().InTimeAsync();
        await browser.GoAsync($"/workflows/default/{trip.ResultRunId}?view=calls");
        var children = page.GetByRole(AriaRole.List, new() { Name = "Children", Exact = true });
        await children.GetByRole(AriaRole.Link, new() { Name = "trip-order-1", Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.List, new() { Name = "Children of trip-order-1" }).GetByRole(AriaRole.Link, new() { Name = "trip-order-1-pack" }).WaitForAsync();
        await children.GetByText("Failed", new() { Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.List, new() { Name = "Signalled, or asked to cancel" }).GetByText("signal Approve").WaitForAsync();
        await page.GetByRole(AriaRole.List, new() { Name = "Other runs of this workflow" }).GetByRole(AriaRole.Link).WaitForAsync();
        await page.Locator("fs-graph canvas").First.WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
    }

    public static async Task LookAtRetryAsync(Browser browser, List<string> violations)
    {
        await OpenAsync(browser.Page);
        await browser.Page.GetByText("1 retrying, on orders").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
    }

    public static async Task LookAtNothingAsync(Browser browser, List<string> violations)
    {
        await OpenAsync(browser.Page);
        await browser.Page.GetByRole(AriaRole.Heading, new() { Name = "It has called nothing yet" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await browser.Page.GetByRole(AriaRole.Link, new() { Name = "Overview" }).ClickAsync();
        await browser.Page.GetByRole(AriaRole.Heading, new() { Name = "Summary" }).WaitForAsync();
    }

    /// <param name="reset">The page of the run that was reset.</param>
    public static async Task LookAtResetAsync(Browser browser, string reset)
    {
        await OpenAsync(browser.Page);
        var before = browser.Page.GetByRole(AriaRole.List, new() { Name = "Other runs of this workflow" }).GetByRole(AriaRole.Link);
        await before.WaitForAsync();
        Assert.Equal(reset, await before.GetAttributeAsync("href"));
    }

    private static async Task OpenAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Link, new() { Name = "Calls", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Calls" }).WaitForAsync();
    }
}
