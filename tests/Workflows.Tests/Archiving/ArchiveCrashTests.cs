using Flagstone.Workflows.Archiving;
using Flagstone.Workflows.Tests.Visibility;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.Archiving;

/// <summary>A kill between the files and the deletions loses no history.</summary>
public sealed class ArchiveCrashTests
{
    private const int Runs = 40;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_kill_each_run_is_stored_or_whole_in_the_archive_and_in_the_end_all_are()
    {
        var archive = ArchivedRun.Temporary();
        await using var host = await ArchivedRun.HostAsync(archive, Ct);
        var client = await HostFixture.ConnectAsync(host);
        await ArchivedRun.EnableAsync(client, "default");
        var folder = await ArchivedRun.FolderAsync(client, archive, "default");
        var runs = await Task.WhenAll(Enumerable.Range(0, Runs).Select(i => client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions($"run-{i}", "nobody"))));
        await Task.WhenAll(runs.Select(r => r.TerminateAsync()));
        await host.StopAsync();
        foreach (var run in runs)
        {
            await DeletionTests.AgeAsync(host, run.ResultRunId!, TimeSpan.FromHours(73));
        }

        // The first folder is made when the work begins: the kill comes within it, which may be before the host is ready.
        Directory.CreateDirectory(folder);
        using (var begun = new FileSystemWatcher(folder) { EnableRaisingEvents = true })
        {
            var first = new TaskCompletionSource();
            begun.Created += (_, _) => first.TrySetResult();
            var starting = host.StartAgainAsync(Ct);
            await first.Task.WaitAsync(TimeSpan.FromSeconds(60), Ct);
            await host.KillAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(starting, Task.FromException(new IOException("It was killed."))));
        }

        var written = runs.Where(r => File.Exists(ArchivedRun.File(folder, r))).ToList();
        Assert.All(written, r => ArchivedRun.Text(ArchivedRun.File(folder, r)));
        await host.StartAgainAsync(Ct);
        await Task.WhenAll(runs.Select(r => DeletionTests.UntilGoneAsync(host, r.ResultRunId!)));
        client = await HostFixture.ConnectAsync(host);
        foreach (var run in runs)
        {
            Assert.Equal(3, (await client.GetWorkflowHandle(run.Id, run.ResultRunId).FetchHistoryAsync()).Events.Count);
        }

        Assert.Equal(Runs, (await client.WorkflowService.ListArchivedWorkflowExecutionsAsync(new() { Namespace = "default" })).Executions.Count);
        Assert.Empty(Directory.GetFiles(folder, "*.part", SearchOption.AllDirectories));
        Assert.Equal(Runs * 2, Directory.GetFiles(folder, $"*{ArchiveNames.HistoryEnd}", SearchOption.AllDirectories).Length
            + Directory.GetFiles(folder, $"*{ArchiveNames.RecordEnd}", SearchOption.AllDirectories).Length);
    }
}
