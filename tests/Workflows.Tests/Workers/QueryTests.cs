using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>Queries, answered by a worker that has the run in its cache, by one that has not, and after the end.</summary>
public sealed class QueryTests(HostFixture fixture)
{
    [Fact]
    public async Task A_query_shows_what_was_signalled_before_it()
    {
        var client = await fixture.ConnectAsync();
        await using var first = RunningWorker.Start(client);
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), first.Options());

        await handle.SignalAsync(w => w.HearAsync("one"));
        Assert.Equal("one", await handle.QueryAsync(w => w.Heard()));
        await handle.SignalAsync(w => w.HearAsync("two"));
        Assert.Equal("one,two", await handle.QueryAsync(w => w.Heard()));

        await first.DisposeAsync();
        await using var second = RunningWorker.Start(client, first.Queue);
        await handle.SignalAsync(w => w.EndAsync());
        await handle.GetResultAsync();
        Assert.Equal("one,two", await handle.QueryAsync(w => w.Heard()));
        Assert.DoesNotContain("Failed", (await handle.ReplayedAsync()).Types(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_that_fails_says_why_and_harms_nothing()
    {
        await using var worker = RunningWorker.Start(await fixture.ConnectAsync());
        var handle = await worker.Client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), worker.Options());

        var failed = await Assert.ThrowsAsync<WorkflowQueryFailedException>(() => handle.QueryAsync(w => w.Broken()));

        Assert.Contains("This query never works.", failed.Message, StringComparison.Ordinal);
        await handle.SignalAsync(w => w.EndAsync());
        Assert.Equal("", await handle.GetResultAsync());
    }
}
