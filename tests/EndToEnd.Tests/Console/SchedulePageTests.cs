using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Playwright;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Client.Schedules;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>The pages of schedules, in a real browser.</summary>
public sealed class SchedulePageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_schedule_is_paused_triggered_backfilled_and_deleted_with_reasons_and_axe_finds_nothing()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Light);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);
        var violations = new List<string>();
        violations.AddRange(await browser.ViolationsAsync("/workflows/schedules", "Schedules"));
        await page.GetByRole(AriaRole.Heading, new() { Name = "No schedule yet" }).WaitForAsync();

        var schedule = await CreateAsync(host, "reports/nightly");
        var (ns, uid) = await UidsAsync(schedule);
        await browser.GoAsync("/workflows/schedules");
        var row = page.GetByLabel("Schedules", new() { Exact = true }).Locator("tbody tr");
        await row.GetByText("Weekdays: At 02:30, on Monday to Friday").WaitForAsync();
        await row.GetByText("Time zone Europe/Berlin").WaitForAsync();
        await row.GetByText("Active", new() { Exact = true }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        await row.GetByRole(AriaRole.Link, new() { Name = "reports/nightly" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "reports/nightly", Level = 1 }).WaitForAsync();
        await page.GetByText("made up for within 2 days").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        // The reason of a pause is the note.
        await AskAsync(page, "Pause", "the month is closed");
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByRole(AriaRole.Group, new() { Name = "Pause reports/nightly?" }).GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await page.GetByText("The schedule is paused.").WaitForAsync();
        await page.GetByText("Nothing while it is paused.").WaitForAsync();
        Assert.Equal("the month is closed", (await schedule.DescribeAsync()).Schedule.State.Note);

        // What a person starts runs all the same.
        await AskAsync(page, "Trigger now", "the auditor waits");
        await page.GetByRole(AriaRole.Group, new() { Name = "Start reports/nightly now?" }).GetByRole(AriaRole.Button, new() { Name = "Trigger now" }).ClickAsync();
        await page.GetByText("The workflow was asked for.").WaitForAsync();
        var started = page.GetByLabel("Started last", new() { Exact = true }).Locator("tbody tr");
        await started.GetByRole(AriaRole.Link).WaitForAsync();
        await Assertions.Expect(started).ToHaveCountAsync(1);

        await AskAsync(page, "Backfill", "last week's are missing");
        var backfill = page.GetByRole(AriaRole.Group, new() { Name = "Start what reports/nightly would have started?" });
        await backfill.GetByLabel("From").FillAsync("2026-01-05 12:00");
        await backfill.GetByLabel("To").FillAsync("yesterday, or so");
        await Assertions.Expect(backfill.GetByRole(AriaRole.Button, new() { Name = "Backfill" })).ToBeDisabledAsync();
        await backfill.GetByLabel("To").FillAsync("2026-01-07 12:00");
        await backfill.GetByLabel("Where one runs already").SelectOptionAsync("AllowAll");
        violations.AddRange(await browser.ViolationsAsync());
        await backfill.GetByRole(AriaRole.Button, new() { Name = "Backfill" }).ClickAsync();
        await page.GetByText("The backfill was asked for.").WaitForAsync();
        await Assertions.Expect(started).ToHaveCountAsync(3);
        await started.GetByText("2026-01-07 01:30:00 UTC").WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Running" }).GetByRole(AriaRole.Link)).ToHaveCountAsync(3);
        violations.AddRange(await browser.ViolationsAsync());

        await AskAsync(page, "Unpause", "the month is open");
        await page.GetByRole(AriaRole.Group, new() { Name = "Unpause reports/nightly?" }).GetByRole(AriaRole.Button, new() { Name = "Unpause" }).ClickAsync();
        await page.GetByText("The schedule goes on.").WaitForAsync();
        await browser.GoAsync("/workflows/schedules");
        await row.GetByText("the month is open").WaitForAsync();
        await row.GetByRole(AriaRole.Link).Last.WaitForAsync();
        await row.GetByRole(AriaRole.Link, new() { Name = "reports/nightly", Exact = true }).ClickAsync();
        await AskAsync(page, "Delete", "reports are made elsewhere");
        await page.GetByRole(AriaRole.Group, new() { Name = "Delete reports/nightly?" }).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "No schedule yet" }).WaitForAsync();
        await browser.GoAsync("/workflows/schedules/default/reports/nightly");
        await page.GetByText("There is no schedule 'reports/nightly' in namespace default.").WaitForAsync();

        using var http = host.Client();
        var rows = JsonNode.Parse(await http.GetStringAsync(
            new Uri($"/api/v1/history/workflowschedules.workflows.flagstone.dev/{ns}/{uid}", UriKind.Relative), Ct))!["items"]!.AsArray();
        Assert.Equal(
            [
                "delete: reports are made elsewhere; active", "patch: the month is open; active", "patch: last week's are missing; paused",
                "patch: the auditor waits; paused", "patch: the month is closed; paused", "create: active",
            ],
            rows.Select(r => $"{r!["verb"]}: {r["reason"]!.ToString().Replace("; schedule reports/nightly", "", StringComparison.Ordinal)}"));
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Fact]
    public async Task Who_only_reads_changes_no_schedule_and_a_token_of_another_namespace_sees_none()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await CreateAsync(host, "seen");
        await using (var browser = await Browser.OpenAsync(host, ColorScheme.Light))
        {
            await browser.SignInAsync(await IssueAsync(host, """{ "name": "reader", "role": "viewer" }"""));
            await browser.GoAsync("/workflows/schedules/default/seen");
            foreach (var action in (string[])["Pause", "Trigger now", "Backfill", "Delete"])
            {
                await Assertions.Expect(browser.Page.GetByRole(AriaRole.Button, new() { Name = action, Exact = true })).ToBeDisabledAsync();
            }
        }

        await using (var browser = await Browser.OpenAsync(host, ColorScheme.Light))
        {
            await browser.SignInAsync(await IssueAsync(host, """{ "name": "elsewhere", "role": "developer", "namespace": "elsewhere" }"""));
            foreach (var path in (string[])["/workflows/schedules?namespace=default", "/workflows/schedules/default/seen"])
            {
                await browser.GoAsync(path);
                await browser.Page.GetByText("the token is for namespace elsewhere alone").WaitForAsync();
            }
        }
    }

    private static async Task AskAsync(IPage page, string action, string reason)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).First.ClickAsync();
        await page.GetByLabel("Reason").FillAsync(reason);
    }

    private static async Task<ScheduleHandle> CreateAsync(RunningHost host, string id)
    {
        var client = await TemporalClient.ConnectAsync(
            new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } });
        return await client.CreateScheduleAsync(id, new Schedule(
            ScheduleActionStartWorkflow.Create("Report", ["yesterday"], new WorkflowOptions("report", "nobody")),
            new ScheduleSpec
            {
                Calendars = [new ScheduleCalendarSpec { Hour = [new(2)], Minute = [new(30)], DayOfWeek = [new(1, 5)], Comment = "Weekdays" }],
                TimeZoneName = "Europe/Berlin",
            })
        {
            Policy = new SchedulePolicy { CatchupWindow = TimeSpan.FromDays(2) },
        });
    }

    /// <summary>As the ledger names the namespace and the schedule.</summary>
    private static async Task<(string Namespace, string Schedule)> UidsAsync(ScheduleHandle schedule)
    {
        var service = schedule.Client.Connection.WorkflowService;
        var described = await service.DescribeScheduleAsync(new DescribeScheduleRequest { Namespace = "default", ScheduleId = schedule.Id });
        var ns = await service.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" });
        return (ns.NamespaceInfo.Id, described.ConflictToken.ToStringUtf8().Split('/')[0]);
    }

    private static async Task<string> IssueAsync(RunningHost host, string request)
    {
        using var administrator = host.Client();
        using var content = new StringContent(request, Encoding.UTF8, "application/json");
        using var issued = await administrator.PostAsync(new Uri("/api/v1/tokens", UriKind.Relative), content, Ct);
        return JsonNode.Parse(await issued.Content.ReadAsStringAsync(Ct))!["token"]!.ToString();
    }
}
