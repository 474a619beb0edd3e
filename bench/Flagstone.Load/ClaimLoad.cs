using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.Load;

/// <summary>
/// The real claim kind, whose controller composes six simulated resources and a secret for each claim while the creates go on: through the
/// Kubernetes API, and through <c>/api/v1/claims</c>, which offers no kind without a controller.
/// </summary>
internal sealed class ClaimLoad(Settings settings, Report report, string store)
{
    private const string Kind = "platform.example.com/v1alpha1";
    private const string Claims = "/apis/platform.example.com/v1alpha1/namespaces/default/postgresqlinstances";
    private const int Page = 500;
    private const int Writers = 16;

    /// <summary>Claims that are made at once, and waited for: the first batch runs code that is not optimized yet, and two sizes show that the cost is linear.</summary>
    private static readonly int[] Batches = [300, 300, 1200];

    private int batches;

    public async Task RunAsync(string database, CancellationToken ct)
    {
        report.Section($"The real claim kind with its controller, on {store}");
        // The bound on changes by one principal would be all that is measured.
        await using var host = await RunningHost.StartAsync(ct, database, binary: settings.Host, settings: ["--Flagstone:Limits:Changes=1000000", "--Flagstone:Limits:ChangesPerSecond=1000000"]);
        using var client = host.KubernetesClient();
        await Cluster.ServedAsync(client, Claims, ct);
        foreach (var batch in Batches)
        {
            report.Line($"{batch:N0} claims from the first create to the last Ready", $"{await ToReadyAsync(client, batch, ct),9:N1} claims/s");
        }

        var created = (double)Batches.Sum();
        foreach (var level in Program.Levels)
        {
            var direct = await RunAsync(host, $"https://127.0.0.1:{host.KubernetesPort}", Claims, level, $"k{level}", ct);
            report.Line($"creates, Kubernetes API, TLS, {level,2} connections", $"{direct}  x{direct.PerSecond / Peer.CreatesPerSecond[level]:N2} of {Peer.Name} without a controller");
            var rest = await RunAsync(host, $"http://127.0.0.1:{host.Port}", "/api/v1/claims", level, $"r{level}", ct);
            report.Line($"creates, /api/v1/claims, {level,2} connections", rest.ToString());
            created += (direct.PerSecond + rest.PerSecond) * settings.Seconds;
        }

        // Each takes its turn in the order in which it became due: none is far ahead of the others.
        report.Line("claims Ready when the last create is answered", $"{await ReadyAsync(client, ct),9:N0} of about {created:N0}");
        report.Line("resident", $"{Memory.Resident(host.ProcessId),9:N0} MB");
    }

    private Task<WrkResult> RunAsync(RunningHost host, string target, string path, int connections, string seed, CancellationToken ct) =>
        Wrk.RunAsync(settings.Script("create.lua"), target, connections, settings.Seconds, [host.Token, path, Kind, "PostgreSQLInstance", seed], ct);

    private async Task<double> ToReadyAsync(HttpClient client, int batch, CancellationToken ct)
    {
        var (before, seed, started) = (await ReadyAsync(client, ct), batches++, Stopwatch.GetTimestamp());
        await Parallel.ForEachAsync(Enumerable.Range(0, batch), new ParallelOptions { MaxDegreeOfParallelism = Writers, CancellationToken = ct }, async (i, token) =>
        {
            var name = $"batch-{seed}-{i}";
            using var body = JsonContent.Create(new JsonObject
            {
                ["apiVersion"] = Kind,
                ["kind"] = "PostgreSQLInstance",
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
                ["spec"] = new JsonObject
                {
                    ["parameters"] = new JsonObject { ["storageGB"] = 50, ["instanceClass"] = "db.t3.medium", ["multiAZ"] = true },
                    ["compositionRef"] = new JsonObject { ["name"] = "postgresql-aws-standard" },
                    ["writeConnectionSecretToRef"] = new JsonObject { ["name"] = $"{name}-connection" },
                },
            });
            using var answer = await client.PostAsync(new Uri(Claims, UriKind.Relative), body, token);
            answer.EnsureSuccessStatusCode();
        });
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (await ReadyAsync(client, ct) < before + batch)
        {
            await pace.WaitForNextTickAsync(ct);
        }

        return batch / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<int> ReadyAsync(HttpClient client, CancellationToken ct)
    {
        var (ready, token) = (0, "");
        do
        {
            var page = JsonNode.Parse(await client.GetStringAsync(new Uri($"{Claims}?limit={Page}&continue={Uri.EscapeDataString(token)}", UriKind.Relative), ct))!;
            ready += page["items"]!.AsArray().Count(c => c!["status"]?["conditions"]?.AsArray().Any(x => x!["type"]!.ToString() == "Ready" && x["status"]!.ToString() == "True") == true);
            token = page["metadata"]!["continue"]?.ToString() ?? "";
        }
        while (token.Length > 0);
        return ready;
    }
}
