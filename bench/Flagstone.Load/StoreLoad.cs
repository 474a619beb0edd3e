using System.Diagnostics;
using Flagstone.Testing;

namespace Flagstone.Load;

/// <summary>One process over one store: start, creates, gets, watch, then lists and memory as the store grows.</summary>
internal sealed class StoreLoad(Settings settings, Report report, string store, IReadOnlyDictionary<int, double> raw)
{
    private const int ReadConnections = 16;
    private const int ListConnections = 4;
    private const int WarmUpSeconds = 10;

    public async Task RunAsync(string database, Func<double>? serverMegabytes, CancellationToken ct)
    {
        report.Section($"One process on {store}");
        var started = Stopwatch.GetTimestamp();
        await using var host = await RunningHost.StartAsync(ct, database, binary: settings.Host);
        report.Line("first start to ready", $"{Stopwatch.GetElapsedTime(started).TotalMilliseconds,9:N0} ms");
        await host.StopAsync();
        started = Stopwatch.GetTimestamp();
        await host.StartAgainAsync(ct);
        var second = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        report.Line("second start to ready", $"{second,9:N0} ms");
        report.AtMost($"{store}: ready, second start", second, 2000, "ms");
        var idle = Memory.Resident(host.ProcessId);
        report.Line("resident, idle", $"{idle,9:N0} MB");
        report.AtMost($"{store}: resident, idle", idle, 250, "MB");

        using var client = host.KubernetesClient();
        await Cluster.DefineAsync(client, ct);
        await CreatesAsync(host, ct);
        await GetsAsync(host, ct);
        await WatchAsync(host, ct);
        await GrowAsync(host, client, serverMegabytes, ct);
    }

    private async Task CreatesAsync(RunningHost host, CancellationToken ct)
    {
        // The first seconds run code that the runtime has not optimized yet. They are shown, and not compared.
        var cold = await CreateAsync(host, Program.Levels[^1], WarmUpSeconds, "cold", ct);
        report.Line($"creates, the first {WarmUpSeconds} seconds of the process, {Program.Levels[^1]} connections", cold.ToString());
        foreach (var level in Program.Levels)
        {
            var result = await CreateAsync(host, level, settings.Seconds, $"s{level}", ct);
            var (peer, bare) = (result.PerSecond / Peer.CreatesPerSecond[level], result.PerSecond / raw[level]);
            report.Line($"creates, Kubernetes API, TLS, {level,2} connections", $"{result}  x{peer:N2} of {Peer.Name}  x{bare:N2} of raw");
            report.AtLeast($"{store}: creates, {level} connections", peer, level switch { 1 => 1, 16 => 4, _ => 6 }, Peer.Name);
            if (level == 64)
            {
                report.AtLeast($"{store}: creates, {level} connections", bare, 0.9, "raw single transactions");
            }
        }
    }

    private Task<WrkResult> CreateAsync(RunningHost host, int connections, int seconds, string seed, CancellationToken ct) =>
        Wrk.RunAsync(settings.Script("create.lua"), Target(host), connections, seconds,
            [host.Token, BenchClaim.Path, "bench.flagstone.dev/v1alpha1", "BenchClaim", seed], ct);

    private async Task GetsAsync(RunningHost host, CancellationToken ct)
    {
        var get = await Wrk.RunAsync(settings.Script("get.lua"), Target(host), ReadConnections, settings.Seconds, [host.Token, $"{BenchClaim.Path}/c-s16-0-2"], ct);
        report.Line($"gets, TLS, {ReadConnections} connections", $"{get}  x{get.PerSecond / Peer.GetsPerSecond:N2} of {Peer.Name}");
        report.AtLeast($"{store}: gets", get.PerSecond / Peer.GetsPerSecond, 4, Peer.Name);
        report.AtMost($"{store}: get p99 at {ReadConnections} connections", get.P99.TotalMilliseconds, 5, "ms");
    }

    private async Task WatchAsync(RunningHost host, CancellationToken ct)
    {
        var (fromSend, fromAnswer) = await Watch.LatenciesAsync(host, host, host.Token, BenchClaim.Path, settings.Seconds, ct);
        report.Line($"watch, create answered to event ({fromAnswer.Length:N0} events)", WatchText(fromAnswer));
        report.Line("watch, create sent to event", WatchText(fromSend));
        report.AtMost($"{store}: watch p99 in one process, from the create's sending", Watch.Percentile(fromSend, 0.99), 20, "ms");
    }

    private async Task GrowAsync(RunningHost host, HttpClient client, Func<double>? serverMegabytes, CancellationToken ct)
    {
        var stored = 0;
        foreach (var size in settings.Sizes)
        {
            await Cluster.FillAsync(client, stored, size, ct);
            stored = size;
            var list = await Wrk.RunAsync(settings.Script("get.lua"), Target(host), ListConnections, settings.Seconds, [host.Token, $"{BenchClaim.Path}?limit=500"], ct);
            report.Line($"lists of 500 of {size:N0} and more, {ListConnections} connections", $"{list}  x{list.PerSecond / Peer.ListsPerSecond:N1} of {Peer.Name}");
            var megabytes = Memory.Resident(host.ProcessId);
            report.Line($"resident with {size:N0} and what the creates left", $"{megabytes,9:N0} MB  x{megabytes / Peer.ResidentMegabytes:N2} of {Peer.Name}{(serverMegabytes is null ? "" : $"; PostgreSQL beside it {serverMegabytes():N0} MB")}");
            if (size == 50_000)
            {
                report.AtLeast($"{store}: lists of 500 of 50,000", list.PerSecond / Peer.ListsPerSecond, 20, Peer.Name);
                report.AtMost($"{store}: resident with 50,000", megabytes, Peer.ResidentMegabytes / 5, "MB");
            }
        }
    }

    public static string WatchText(double[] sorted) => $"p50 {Watch.Percentile(sorted, 0.5),7:N2} ms  p99 {Watch.Percentile(sorted, 0.99),7:N2} ms";

    private static string Target(RunningHost host) => $"https://127.0.0.1:{host.KubernetesPort}";
}
