using System.IO.Compression;
using System.Text;
using Flagstone.Testing;
using Google.Protobuf;
using Microsoft.Playwright;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>Archived runs in the console, in a real browser.</summary>
public sealed class ArchivePageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Archived_runs_are_listed_and_shown_without_actions_and_axe_finds_nothing()
    {
        var archive = Directory.CreateTempSubdirectory("flagstone-archive-").FullName;
        await using var host = await RunningHost.StartAsync(Ct, settings: [$"--Flagstone:Workflows:Archive={archive}"]);
        var client = await TemporalClient.ConnectAsync(
            new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } });
        await using var browser = await Browser.OpenAsync(host, ColorScheme.Dark);
        var page = browser.Page;
        await browser.SignInAsync(host.Token);
        var violations = new List<string>();

        // A namespace that does not archive, and one of which nothing is old enough.
        await browser.GoAsync("/workflows");
        await page.GetByRole(AriaRole.Link, new() { Name = "Archive", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Nothing is archived here" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await client.WorkflowService.UpdateNamespaceAsync(new UpdateNamespaceRequest
        {
            Namespace = "default", Config = new() { HistoryArchivalState = ArchivalState.Enabled },
        });
        await page.GetByRole(AriaRole.Heading, new() { Name = "No archived run yet" }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        var run = await ArchivedAsync(host, client, archive);
        await page.ReloadAsync();
        await page.GetByLabel("Archived runs", new() { Exact = true }).GetByRole(AriaRole.Link, new() { Name = "old", Exact = true }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByLabel("Query", new() { Exact = true }).FillAsync("WorkflowType = 'Any'");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("cannot be asked of archived executions").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        await page.GetByLabel("Query", new() { Exact = true }).FillAsync("WorkflowId = 'young'");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Nothing matches" }).WaitForAsync();
        await page.GetByLabel("Query", new() { Exact = true }).FillAsync("WorkflowId = 'old'");
        await page.Keyboard.PressAsync("Enter");

        // The run as it was, and nothing to be done to it.
        await page.GetByRole(AriaRole.Link, new() { Name = "old", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Archived", Exact = true }).WaitForAsync();
        await page.GetByText("it was a mistake").First.WaitForAsync();
        await page.GetByText("lamp").First.WaitForAsync();
        await page.GetByLabel("Timeline", new() { Exact = true }).GetByText("Hurry").WaitForAsync();
        foreach (var action in (string[])["Reset", "Delete", "Query", "Stack trace"])
        {
            await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = action, Exact = true })).ToHaveCountAsync(0);
        }

        violations.AddRange(await browser.ViolationsAsync());
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "History as JSON" }).ClickAsync());
        Assert.Equal(run.History, await File.ReadAllTextAsync(await download.PathAsync().InTimeAsync(), Ct));
        await page.GetByRole(AriaRole.Link, new() { Name = "Calls", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "It called nothing" }).WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "All events" }).ClickAsync();
        await page.GetByRole(AriaRole.Rowheader, new() { Name = "WorkflowExecutionTerminated", Exact = true }).WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());

        // A file that cannot be read.
        await File.WriteAllTextAsync(run.File, "not packed", Ct);
        await browser.GoAsync($"/workflows/default/{run.Id}");
        await page.GetByText($"The archive cannot be read: {run.Id}.json.gz").WaitForAsync();
        violations.AddRange(await browser.ViolationsAsync());
        Assert.True(violations.Count == 0, string.Join('\n', violations));
        Directory.Delete(archive, recursive: true);
    }

    /// <summary>A run that is in the archive alone: its files are written as the guide says, and it is deleted.</summary>
    private static async Task<(string Id, string File, string History)> ArchivedAsync(RunningHost host, TemporalClient client, string archive)
    {
        var handle = await client.StartWorkflowAsync("Any", ["lamp"], new WorkflowOptions("old", "nobody"));
        await handle.SignalAsync("Hurry", []);
        await handle.TerminateAsync("it was a mistake");
        var id = handle.ResultRunId!;
        using var http = host.Client();
        var history = await http.GetStringAsync(new Uri($"/api/v1/workflowruns/default/{id}/history", UriKind.Relative), Ct);
        var described = await client.WorkflowService.DescribeWorkflowExecutionAsync(
            new DescribeWorkflowExecutionRequest { Namespace = "default", Execution = new() { WorkflowId = "old", RunId = id } });
        var info = described.WorkflowExecutionInfo;
        var uid = (await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = "default" })).NamespaceInfo.Id;
        var folder = Directory.CreateDirectory(Path.Combine(archive, $"default-{uid}", "old")).FullName;
        var file = Path.Combine(folder, $"{id}.json.gz");
        await using (var packed = new GZipStream(File.Create(file), CompressionLevel.Fastest))
        {
            await packed.WriteAsync(Encoding.UTF8.GetBytes(history), Ct);
        }

        var record = Path.Combine(folder, $"{id}.info.json");
        await File.WriteAllTextAsync(record, JsonFormatter.Default.Format(info), Ct);
        File.SetLastWriteTimeUtc(record, info.CloseTime.ToDateTime());
        await client.WorkflowService.DeleteWorkflowExecutionAsync(
            new DeleteWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = "old", RunId = id } });
        await UntilGoneAsync(handle);
        return (id, file, history);
    }

    private static async Task UntilGoneAsync(WorkflowHandle run)
    {
        try
        {
            while (true)
            {
                _ = await run.DescribeAsync();
            }
        }
        catch (RpcException e) when (e.Code == RpcException.StatusCode.NotFound)
        {
            // Only the archive has it now.
        }
    }
}
