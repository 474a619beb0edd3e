using Flagstone.Testing;

namespace Flagstone.Load;

/// <summary>Two processes of one cluster on one PostgreSQL: creates through both at once, and a watch through one of what the other writes.</summary>
internal sealed class TwoProcesses(Settings settings, Report report)
{
    private const int Connections = 16;
    private const int WarmUpSeconds = 10;

    public async Task RunAsync(string database, CancellationToken ct)
    {
        report.Section("Two processes on one PostgreSQL");
        await using var first = await RunningHost.StartAsync(ct, database, binary: settings.Host);
        await using var second = await first.StartReplicaAsync(database, ct);
        using var client = first.KubernetesClient();
        await Cluster.DefineAsync(client, ct);
        using (var other = second.KubernetesClient(first.Token))
        {
            await Cluster.ServedAsync(other, BenchClaim.Path, ct);
        }

        await BothAsync("cold", WarmUpSeconds);
        var results = await BothAsync("p", settings.Seconds);
        Task<WrkResult[]> BothAsync(string seed, int seconds) => Task.WhenAll(new[] { first, second }.Select((host, i) => Wrk.RunAsync(settings.Script("create.lua"), $"https://127.0.0.1:{host.KubernetesPort}", Connections,
            seconds, [first.Token, BenchClaim.Path, "bench.flagstone.dev/v1alpha1", "BenchClaim", $"{seed}{i}"], ct)));
        var total = results.Sum(r => r.PerSecond);
        report.Line($"creates, {Connections} and {Connections} connections", $"{total,9:N0}/s  p99 {results.Max(r => r.P99.TotalMilliseconds):N2} ms  x{total / Peer.CreatesPerSecond[16]:N2} of {Peer.Name} at 16");
        report.AtLeast("two processes: creates, 16 and 16 connections", total / Peer.CreatesPerSecond[16], 3, Peer.Name);
        var (fromSend, fromAnswer) = await Watch.LatenciesAsync(first, second, first.Token, BenchClaim.Path, settings.Seconds, ct);
        report.Line($"watch across processes, create answered to event ({fromAnswer.Length:N0})", StoreLoad.WatchText(fromAnswer));
        report.Line("watch across processes, create sent to event", StoreLoad.WatchText(fromSend));
        report.AtMost("two processes: watch p99, from the create's sending", Watch.Percentile(fromSend, 0.99), 50, "ms");
    }
}
