using Flagstone.Testing;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>The host is killed as by a crash while a workflow is updated.</summary>
public sealed class UpdateCrashTests
{
    private const int Kills = 3;
    private const int Callers = 4;
    private const int UpdatesEach = 15;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_update_that_was_asked_for_until_it_was_answered_is_carried_out_once()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var client = await HostFixture.ConnectAsync(host);
        await using var worker = RunningWorker.Start(client);
        var options = worker.Options();
        options.TaskTimeout = TimeSpan.FromSeconds(2);
        var handle = await client.StartWorkflowAsync((UpdatableWorkflow w) => w.RunAsync(), options);
        var answered = 0;

        var callers = Task.WhenAll(Enumerable.Range(0, Callers).Select(CallAsync));
        for (var kill = 1; kill <= Kills; kill++)
        {
            // Another part of them has been answered, and the rest is to come.
            while (Volatile.Read(ref answered) < kill * Callers * UpdatesEach / (Kills + 1))
            {
                await handle.ExecuteUpdateAsync(w => w.AddAsync(0));
            }

            await host.KillAsync();
            await host.StartAgainAsync(Ct);
        }

        await callers;
        await handle.SignalAsync(w => w.EndAsync());
        Assert.Equal(Callers * UpdatesEach, await handle.GetResultAsync());
        var history = await handle.ReplayedAsync();
        foreach (var type in (EventType[])[EventType.WorkflowExecutionUpdateAccepted, EventType.WorkflowExecutionUpdateCompleted])
        {
            var ids = history.Events.Where(e => e.EventType == type).Select(IdOf).Where(id => id.StartsWith("counted-", StringComparison.Ordinal)).ToList();
            Assert.Equal(Callers * UpdatesEach, ids.Count);
            Assert.Equal(ids.Count, ids.Distinct().Count());
        }

        async Task CallAsync(int caller)
        {
            for (var i = 0; i < UpdatesEach; i++)
            {
                await AddAsync(handle, $"counted-{caller}-{i}");
                Interlocked.Increment(ref answered);
            }
        }
    }

    private static string IdOf(Temporalio.Api.History.V1.HistoryEvent update) =>
        update.WorkflowExecutionUpdateAcceptedEventAttributes?.ProtocolInstanceId ?? update.WorkflowExecutionUpdateCompletedEventAttributes.Meta.UpdateId;

    /// <summary>Asks again, with the same id, until there is an answer.</summary>
    private static async Task AddAsync(WorkflowHandle<UpdatableWorkflow, int> handle, string id)
    {
        while (true)
        {
            try
            {
                await handle.ExecuteUpdateAsync(w => w.AddAsync(1), new WorkflowUpdateOptions(id));
                return;
            }
            catch (Exception e) when (e is RpcException or WorkflowUpdateRpcTimeoutOrCanceledException)
            {
                Ct.ThrowIfCancellationRequested();
            }
        }
    }
}
