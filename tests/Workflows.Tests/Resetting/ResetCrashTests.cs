using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Resetting;

/// <summary>The host is killed as by a crash while a workflow is reset again and again.</summary>
public sealed class SqliteResetCrashTests
{
    [Fact]
    public async Task Each_request_resets_once_and_the_last_run_ends_well()
    {
        await using var host = await RunningHost.StartAsync(TestContext.Current.CancellationToken);
        await ResetCrashes.KillAndCheckAsync(host);
    }
}

/// <summary>The same over PostgreSQL; a class of its own, so that both run at once.</summary>
public sealed class PostgresResetCrashTests
{
    [Fact]
    public async Task Each_request_resets_once_and_the_last_run_ends_well()
    {
        await using var postgres = await PrivatePostgres.StartAsync(TestContext.Current.CancellationToken);
        await using var host = await RunningHost.StartAsync(TestContext.Current.CancellationToken, await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        await ResetCrashes.KillAndCheckAsync(host);
    }
}

internal static class ResetCrashes
{
    private const int Resets = 2;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task KillAndCheckAsync(RunningHost host)
    {
        var client = await HostFixture.ConnectAsync(host);
        await using var worker = RunningWorker.Start(client);
        var options = worker.Options();
        options.TaskTimeout = TimeSpan.FromSeconds(2);
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), options);
        await handle.UntilAsync(EventType.WorkflowTaskCompleted, Ct);
        var made = new List<string>();
        for (var i = 0; i < Resets; i++)
        {
            await client.GetWorkflowHandle<ListeningWorkflow>(handle.Id).SignalAsync(w => w.HearAsync($"{i}"));
            var request = ResetTests.Request(client.GetWorkflowHandle(handle.Id), 4);
            // It may be stored and not answered, or neither: the same request again tells.
            var asked = AskAsync(client, request);
            await host.KillAsync();
            await host.StartAgainAsync(Ct);
            made.Add(await asked);
        }

        var last = client.GetWorkflowHandle<ListeningWorkflow, string>(handle.Id, made[^1]);
        await last.SignalAsync(w => w.EndAsync());
        Assert.Equal("0,1", await last.GetResultAsync());
        await last.ReplayedAsync();
        var runs = new List<string>();
        await foreach (var run in client.ListWorkflowsAsync($"WorkflowId = '{handle.Id}'").WithCancellation(Ct))
        {
            runs.Add(run.RunId);
        }

        Assert.Equal([handle.ResultRunId!, .. made], runs.AsEnumerable().Reverse());
    }

    private static async Task<string> AskAsync(TemporalClient client, Temporalio.Api.WorkflowService.V1.ResetWorkflowExecutionRequest request)
    {
        while (true)
        {
            try
            {
                return (await client.WorkflowService.ResetWorkflowExecutionAsync(request)).RunId;
            }
            catch (RpcException e) when (e.Code is RpcException.StatusCode.Unavailable or RpcException.StatusCode.Cancelled
                or RpcException.StatusCode.Unknown or RpcException.StatusCode.DeadlineExceeded)
            {
                Ct.ThrowIfCancellationRequested();
            }
        }
    }
}
