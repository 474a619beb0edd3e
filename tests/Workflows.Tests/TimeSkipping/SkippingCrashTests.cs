using System.Globalization;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Tests.TimeSkipping;

/// <summary>The host is killed as by a crash while clocks jump.</summary>
public sealed class SkippingCrashTests
{
    private const int Runs = 4;
    private const int Days = 12;
    private const int Kills = 3;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_day_is_skipped_once_however_often_the_host_is_killed()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var worker = RunningWorker.Start(await SkippingBench.ConnectAsync(host, Ct));
        var handles = await Task.WhenAll(Enumerable.Range(0, Runs).Select(_ => worker.StartAsync(nameof(DaysWorkflow), SkippingBench.Enabled, Days)));

        for (var kill = 1; kill <= Kills; kill++)
        {
            // Some of them were skipped since the last start, and others are to come.
            await foreach (var seen in handles[0].FetchHistoryEventsAsync(new() { WaitNewEvent = true }).WithCancellation(Ct))
            {
                if (seen.TimerStartedEventAttributes?.TimerId == (kill * Days / (Kills + 1)).ToString(CultureInfo.InvariantCulture))
                {
                    break;
                }
            }

            await host.KillAsync();
            await host.StartAgainAsync(Ct);
        }

        foreach (var handle in handles)
        {
            Assert.Equal(Days, await handle.GetResultAsync<double>());
            var history = await handle.ReplayedAsync();
            foreach (var type in (EventType[])[EventType.TimerStarted, EventType.TimerFired, EventType.WorkflowExecutionTimeSkippingTransitioned])
            {
                Assert.Equal(Days, history.Events.Count(e => e.EventType == type));
            }

            Assert.Equal(Days, (await handle.SkippingAsync())!.CurrentSessionSkipCount);
        }
    }
}
