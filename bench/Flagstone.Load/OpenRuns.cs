using System.Diagnostics;
using System.Globalization;
using Flagstone.Testing;
using Temporalio.Client;

namespace Flagstone.Load;

/// <summary>Runs that wait for a worker, as many as there may be for days: how fast they start, what lists of them take, and what of them stays in memory.</summary>
internal sealed class OpenRuns(Settings settings, Report report)
{
    private const double Mega = 1024 * 1024;

    /// <summary>Idle executions leave memory after two to three minutes; the process gives it back when it has rested for four, looked at twice a minute.</summary>
    private const int Minutes = 7;

    /// <summary>On a host that did nothing else before.</summary>
    public async Task RunAsync(string store, string database, CancellationToken ct)
    {
        report.Section($"Open runs on {store}; the client on the same machine");
        await using var host = await RunningHost.StartAsync(ct, database, binary: settings.Host);
        var options = new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } };
        report.Line("ready", await MemoryAsync(host, ct));
        await RunAsync(await TemporalClient.ConnectAsync(options), host, ct);
    }

    public async Task RunAsync(TemporalClient client, RunningHost host, CancellationToken ct)
    {
        var open = 0;
        foreach (var size in settings.Runs)
        {
            var (from, started) = (open, Stopwatch.GetTimestamp());
            await Parallel.ForEachAsync(Enumerable.Range(open, size - open), new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = ct }, async (i, _) =>
                await client.StartWorkflowAsync((GreetingWorkflow w) => w.RunAsync("Ada"), new WorkflowOptions($"open-{i}", "nobody")));
            var starts = (size - from) / Stopwatch.GetElapsedTime(started).TotalSeconds;
            open = size;
            var list = await ListAsync(client, "WorkflowType = 'GreetingWorkflow' AND ExecutionStatus = 'Running'", ct);
            var one = await ListAsync(client, "WorkflowId = 'open-5000'", ct);
            report.Line($"{size,7:N0} open runs", $"{starts,9:N0} starts/s, first page of 20 by type and status {list:N1} ms, by id {one:N1} ms");
            report.Line("", await MemoryAsync(host, ct));
        }

        for (var minute = 1; minute <= Minutes; minute++)
        {
            await Task.Delay(TimeSpan.FromMinutes(1), ct);
            report.Line($"{open,7:N0} open runs, after {minute} minutes at rest", await MemoryAsync(host, ct));
        }
    }

    /// <summary>By the system and by the process's own metrics: what the managed heap has, and holds of the system, were so at its last collection.</summary>
    private static async Task<string> MemoryAsync(RunningHost host, CancellationToken ct)
    {
        using var http = host.Client();
        var metrics = (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), ct)).Split('\n');
        return $"resident {Memory.Resident(host.ProcessId),5:N0} MB, heap {Sum("dotnet_gc_last_collection_heap_size_bytes") / Mega:N0} MB, "
            + $"held {Sum("dotnet_gc_last_collection_memory_committed_size_bytes") / Mega:N0} MB, {Sum("orleans_grains"):N0} grains, "
            + $"{Sum("dotnet_process_cpu_time_seconds_total"):N1} s of processor";

        double Sum(string name) =>
            metrics.Where(l => l.StartsWith(name, StringComparison.Ordinal)).Sum(l => double.Parse(l[(l.LastIndexOf('}') + 1)..].Split(' ')[1], CultureInfo.InvariantCulture));
    }

    private static async Task<double> ListAsync(TemporalClient client, string query, CancellationToken ct)
    {
        var times = new List<double>();
        for (var i = 0; i < 50; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await client.WorkflowService.ListWorkflowExecutionsAsync(new() { Namespace = "default", Query = query, PageSize = 20 }, new RpcOptions { CancellationToken = ct });
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return Watch.Percentile([.. times.Order()], 0.5);
    }
}
