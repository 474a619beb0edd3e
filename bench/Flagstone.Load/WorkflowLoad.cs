using System.Collections.Concurrent;
using System.Diagnostics;
using Flagstone.Testing;
using Temporalio.Client;
using Temporalio.Worker;

namespace Flagstone.Load;

/// <summary>Workflows of a real worker of Temporal's .NET SDK, which shares the machine, as its client does.</summary>
/// <param name="raw">Beside us: transactions a second of the bare store, by the number of connections.</param>
internal sealed class WorkflowLoad(Settings settings, Report report, string store, IReadOnlyDictionary<int, double> raw)
{
    private const string Queue = "bench";

    /// <summary>Of a workflow with one activity: start, workflow task started, completed with the activity started, activity completed, and again a workflow task.</summary>
    private const int CommitsPerWorkflow = 4;

    private static readonly int[] InFlight = [1, 16, 128];

    public async Task RunAsync(string database, CancellationToken ct)
    {
        report.Section($"Workflows on {store}; worker and client on the same machine");
        await using var host = await RunningHost.StartAsync(ct, database, binary: settings.Host);
        var client = await TemporalClient.ConnectAsync(new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } });
        using var worker = new TemporalWorker(client, new TemporalWorkerOptions(Queue) { MaxCachedWorkflows = 5_000, MaxConcurrentActivities = 200, MaxConcurrentWorkflowTasks = 200 }
            .AddWorkflow<GreetingWorkflow>().AddWorkflow<SignalledWorkflow>().AddWorkflow<SleepingWorkflow>().AddWorkflow<LongWorkflow>().AddActivity(GreetingWorkflow.Greet));
        await worker.ExecuteAsync(async () =>
        {
            await GreetAsync(client, 16, settings.Seconds * 2, ct);
            foreach (var level in InFlight)
            {
                var (perSecond, times) = await GreetAsync(client, level, settings.Seconds, ct);
                var (p50, p99) = (Watch.Percentile(times, 0.5), Watch.Percentile(times, 0.99));
                var commits = perSecond * CommitsPerWorkflow;
                var beside = raw.TryGetValue(Math.Min(level, 64), out var bare) ? $"  {commits,7:N0} commits/s, x{commits / bare:N2} of the bare store" : "";
                report.Line($"workflows of one activity, {level,3} in flight", $"{perSecond,9:N0}/s  p50 {p50:N1} ms, p99 {p99:N1} ms{beside}");
                if (level == 1)
                {
                    report.AtMost($"{store}: workflow of one activity, p50, alone", p50, 10, "ms");
                }
            }

            await SignalAsync(client, 1, 2_000);
            await SignalAsync(client, 100, 20);
            await SleepAsync(client, 2_000, ct);
            await LongHistory.DispatchAsync(client, 200, report);
            await LongHistory.GrowAsync(client, Queue, 1_000, report);
            await LongHistory.GrowAsync(client, Queue, 10_000, report);
        }, ct);
        report.Line("resident", $"{Memory.Resident(host.ProcessId),9:N0} MB");
        await new OpenRuns(settings, report).RunAsync(client, host, ct);
    }

    private static async Task<(double PerSecond, double[] Times)> GreetAsync(TemporalClient client, int inFlight, int seconds, CancellationToken ct)
    {
        var times = new ConcurrentBag<double>();
        var (started, end) = (Stopwatch.GetTimestamp(), TimeSpan.FromSeconds(seconds));
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(started) < end)
            {
                var one = Stopwatch.GetTimestamp();
                await client.ExecuteWorkflowAsync((GreetingWorkflow w) => w.RunAsync("Ada"), new WorkflowOptions($"greet-{Guid.NewGuid():N}", Queue) { Rpc = new() { CancellationToken = ct } });
                times.Add(Stopwatch.GetElapsedTime(one).TotalMilliseconds);
            }
        }));
        return (times.Count / Stopwatch.GetElapsedTime(started).TotalSeconds, [.. times.Order()]);
    }

    private async Task SignalAsync(TemporalClient client, int runs, int signals)
    {
        var handles = await Task.WhenAll(Enumerable.Range(0, runs).Select(_ =>
            client.StartWorkflowAsync((SignalledWorkflow w) => w.RunAsync(signals), new WorkflowOptions($"signal-{Guid.NewGuid():N}", Queue))));
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, runs * signals), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) => await handles[i % runs].SignalAsync(w => w.HearAsync(i)));
        var acknowledged = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await Task.WhenAll(handles.Select(h => h.GetResultAsync()));
        report.Line($"signals to {runs,3} of the runs, 64 callers", $"{runs * signals / acknowledged,9:N0}/s acknowledged, {runs * signals / Stopwatch.GetElapsedTime(started).TotalSeconds:N0}/s heard");
    }

    private async Task SleepAsync(TemporalClient client, int timers, CancellationToken ct)
    {
        var until = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(timers / 200.0 + 2);
        var handles = new ConcurrentBag<WorkflowHandle>();
        await Parallel.ForEachAsync(Enumerable.Range(0, timers), new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = ct }, async (_, _) =>
            handles.Add(await client.StartWorkflowAsync((SleepingWorkflow w) => w.RunAsync(until), new WorkflowOptions($"sleep-{Guid.NewGuid():N}", Queue))));
        if (until - TimeProvider.System.GetUtcNow().UtcDateTime is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left, ct);
        }

        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(handles.Select(h => h.GetResultAsync()));
        report.Line($"{timers:N0} timers due at once", $"{timers / Stopwatch.GetElapsedTime(started).TotalSeconds,9:N0}/s fired and their workflows completed");
    }
}
