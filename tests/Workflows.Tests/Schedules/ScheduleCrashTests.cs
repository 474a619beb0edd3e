using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client.Schedules;

namespace Flagstone.Workflows.Tests.Schedules;

/// <summary>The host is killed as by a crash while schedules act.</summary>
public sealed class ScheduleCrashTests
{
    private const int Kills = 3;
    private const int Times = 20;

    private static readonly DateTime Past = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Each run counts on from the result of the one before it: one too few or too many shows in the last.</summary>
    [Fact]
    public async Task Each_time_is_acted_once_whatever_process_dies()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var client = await HostFixture.ConnectAsync(host);
        await using var worker = RunningWorker.Start(client);
        var options = worker.Options("tick");
        options.TaskTimeout = TimeSpan.FromSeconds(2);
        var handle = await client.CreateScheduleAsync(
            "ticks", ScheduleTests.Of(ScheduleActionStartWorkflow.Create((TickingWorkflow w) => w.RunAsync(), options)));
        await handle.BackfillAsync([new ScheduleBackfill(Past, Past.AddHours(Times - 1), ScheduleOverlapPolicy.BufferAll)]);

        for (var kill = 1; kill <= Kills; kill++)
        {
            // Something has happened since the last start, and much is still to come.
            var least = kill * Times / (Kills + 2);
            await ScheduleTests.UntilAsync(handle, d => d.Info.NumActions >= least);
            await host.KillAsync();
            await host.StartAgainAsync(Ct);
        }

        var described = await ScheduleTests.UntilAsync(handle, d => ScheduleTests.HasEnded(d, Times));

        Assert.Equal(0, described.Info.NumActionsSkippedOverlap);
        Assert.Equal(Times, (await client.CountWorkflowsAsync("TemporalScheduledById = 'ticks' AND ExecutionStatus = 'Completed'")).Count);
        for (var hour = 0; hour < Times; hour++)
        {
            Assert.Equal(hour + 1, await client.GetWorkflowHandle($"tick-{Past.AddHours(hour):yyyy-MM-ddTHH:mm:ssZ}").GetResultAsync<int>());
        }
    }
}
