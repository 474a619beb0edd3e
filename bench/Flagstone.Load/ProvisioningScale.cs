using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Data.Sqlite;

namespace Flagstone.Load;

/// <summary>
/// Claims of four managed resources each, at the simulated provider: how many become Ready in a second, for two sizes; what a round costs in which
/// nothing is to be done; how soon readiness shows when the provider takes two seconds; and how long one claim takes to its composed resources.
/// </summary>
internal sealed class ProvisioningScale(Settings settings, Report report)
{
    private const string Claims = "/apis/scale.example.com/v1/namespaces/default/units";
    private const string Composites = "/apis/scale.example.com/v1/xunits";
    private const string Available = "\"reason\":\"Available\"";
    private const int Writers = 16;
    private const int Page = 500;
    private const int Late = 200;

    /// <summary>Claims a second at which lateness is measured: about a third of what two cores carry, so that it is lateness and not a queue.</summary>
    private const int SteadyRate = 25;
    private const int Single = 300;

    private static readonly string[] Managed =
    [
        "/apis/kms.aws.upbound.io/v1beta1/keys", "/apis/ec2.aws.upbound.io/v1beta1/securitygroups", "/apis/rds.aws.upbound.io/v1beta1/subnetgroups",
        "/apis/sqs.aws.upbound.io/v1beta1/queues",
    ];

    private static readonly string[] ManagedKinds =
        ["keys.kms.aws.upbound.io", "securitygroups.ec2.aws.upbound.io", "subnetgroups.rds.aws.upbound.io", "queues.sqs.aws.upbound.io"];

    /// <param name="sizes">How many claims, in rising order; each on a platform of its own.</param>
    public async Task RunAsync(IReadOnlyList<int> sizes, CancellationToken ct)
    {
        report.Section("Claims of four managed resources each, SQLite, simulated provider without latency");
        var rates = new List<double>();
        foreach (var size in sizes)
        {
            rates.Add(await ReadyAsync(size, ct));
        }

        report.AtLeast($"claims/s of {sizes[^1]:N0} beside those of {sizes[0]:N0}", rates[^1] / rates[0], 0.7, "the smaller size");
        await LatenessAsync(TimeSpan.FromSeconds(1d / SteadyRate), $"{SteadyRate} claims a second", 1000, ct);
        await LatenessAsync(TimeSpan.Zero, "one claim after the other, as fast as they are answered", null, ct);
    }

    /// <summary>One claim after the other, each when the one before is Ready: from the request until all that it composes is stored.</summary>
    public async Task SingleAsync(string store, string database, CancellationToken ct)
    {
        report.Section($"One claim by HTTP until its composite and four composed resources are stored, on {store}");
        await using var host = await StartAsync(database, TimeSpan.Zero, ct);
        using var client = host.KubernetesClient();
        await OfferAsync(client, ct);
        var stored = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var counts = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var ready = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var readiness = WatchAsync(host, Claims, "\"name\":\"single-", name => ready.TryAdd($"single-{name}", true), addedOnly: false, stop.Token, Available);
        var watches = Managed.Select(path => WatchAsync(host, path, "\"crossplane.io/claim-name\":\"", name =>
        {
            if (counts.AddOrUpdate(name, 1, (_, n) => n + 1) == Managed.Length)
            {
                stored.TryAdd(name, Stopwatch.GetTimestamp());
            }
        }, addedOnly: true, stop.Token)).Append(readiness).ToList();
        var took = new List<double>();
        for (var i = 0; i < Single; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"single-{i}");
            var started = Stopwatch.GetTimestamp();
            await CreateAsync(client, name, ct);
            while (!stored.ContainsKey(name) || !ready.ContainsKey(name))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), ct);
            }

            // The first ones run code that is not compiled yet.
            if (i >= Single / 3)
            {
                took.Add(Stopwatch.GetElapsedTime(started, stored[name]).TotalMilliseconds);
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(watches);
        took.Sort();
        report.Line("p50, p99", $"{took[took.Count / 2],9:N1} {took[took.Count * 99 / 100],9:N1} ms");
        report.AtMost($"one claim to its composed resources, {store}, p50", took[took.Count / 2], 20, "ms");
    }

    private async Task<double> ReadyAsync(int size, CancellationToken ct)
    {
        await using var host = await StartAsync("sqlite", TimeSpan.Zero, ct);
        using var client = host.KubernetesClient();
        await OfferAsync(client, ct);
        var peak = 0.0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var sampling = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                peak = Math.Max(peak, Memory.Resident(host.ProcessId));
                await Task.Delay(200, CancellationToken.None);
            }
        }, ct);
        var (started, processor) = (Stopwatch.GetTimestamp(), ProcessorSeconds(host.ProcessId));
        await Parallel.ForEachAsync(Enumerable.Range(0, size), new ParallelOptions { MaxDegreeOfParallelism = Writers, CancellationToken = ct },
            async (i, token) => await CreateAsync(client, string.Create(CultureInfo.InvariantCulture, $"unit-{i}"), token));
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await CountReadyAsync(client, ct) < size)
        {
            await pace.WaitForNextTickAsync(ct);
        }

        var rate = size / Stopwatch.GetElapsedTime(started).TotalSeconds;
        var spent = (ProcessorSeconds(host.ProcessId) - processor) / size * 1000;
        await stop.CancelAsync();
        await sampling;
        report.Line($"{size:N0} claims from the first create to the last Ready", $"{rate,9:N1} claims/s, {spent:N1} ms of processor each, at most {peak:N0} MB");
        await RoundAsync(host, size, ct);
        return rate;
    }

    /// <summary>Makes everything due while the platform is stopped, and times how long it takes to find that nothing is to be done.</summary>
    private async Task RoundAsync(RunningHost host, int size, CancellationToken ct)
    {
        var keys = new List<(string Controller, string Key)>();
        using (var client = host.KubernetesClient())
        {
            keys.AddRange((await NamesAsync(client, Claims, ct)).Select(n => ("claim", $"units.scale.example.com/default/{n}")));
            keys.AddRange((await NamesAsync(client, Composites, ct)).Select(n => ("composite", $"xunits.scale.example.com//{n}")));
            for (var i = 0; i < Managed.Length; i++)
            {
                keys.AddRange((await NamesAsync(client, Managed[i], ct)).Select(n => ("managed", $"{ManagedKinds[i]}//{n}")));
            }
        }

        await host.StopAsync();
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(host.Data, "flagstone.db")}"))
        {
            await connection.OpenAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            for (var i = 0; i < keys.Count; i++)
            {
                await using var command = connection.CreateCommand();
                command.CommandText = "INSERT INTO due (kind, key, at, attempt, partition, stamp) VALUES (@kind, @key, 0, 0, @partition, 1) ON CONFLICT (kind, key) DO UPDATE SET at = 0";
                command.Parameters.AddWithValue("kind", keys[i].Controller);
                command.Parameters.AddWithValue("key", keys[i].Key);
                command.Parameters.AddWithValue("partition", i % 8);
                await command.ExecuteNonQueryAsync(ct);
            }

            await transaction.CommitAsync(ct);
        }

        SqliteConnection.ClearAllPools();
        await host.StartAgainAsync(ct);
        var started = Stopwatch.GetTimestamp();
        using var metrics = host.Client();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (await ReconcilesAsync(metrics, ct) < keys.Count)
        {
            await pace.WaitForNextTickAsync(ct);
        }

        var took = Stopwatch.GetElapsedTime(started);
        report.Line($"a round of {keys.Count:N0} reconciles with nothing to do, {size:N0} claims", $"{took.TotalSeconds,9:N1} s, {keys.Count / took.TotalSeconds:N0}/s");
    }

    /// <param name="pause">From one create to the next.</param>
    /// <param name="target">The milliseconds that are aimed at; null for a load beyond what is claimed.</param>
    private async Task LatenessAsync(TimeSpan pause, string load, double? target, CancellationToken ct)
    {
        report.Section($"A provider that takes two seconds, {load}");
        await using var host = await StartAsync("sqlite", TimeSpan.FromSeconds(2), ct);
        using var client = host.KubernetesClient();
        await OfferAsync(client, ct);
        var ready = new ConcurrentDictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watching = WatchAsync(host, Claims, "\"name\":\"late-", name => ready.TryAdd($"late-{name}", TimeProvider.System.GetUtcNow()), addedOnly: false, stop.Token, Available);
        using var pace = pause > TimeSpan.Zero ? new PeriodicTimer(pause) : null;
        for (var i = 0; i < Late; i++)
        {
            await CreateAsync(client, string.Create(CultureInfo.InvariantCulture, $"late-{i}"), ct);
            if (pace is not null)
            {
                await pace.WaitForNextTickAsync(ct);
            }
        }

        while (ready.Count < Late)
        {
            await Task.Delay(100, ct);
        }

        await stop.CancelAsync();
        await watching;
        var done = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var path in Managed)
        {
            foreach (var item in await ItemsAsync(client, path, ct))
            {
                var claim = item["metadata"]!["labels"]!["crossplane.io/claim-name"]!.ToString();
                var made = DateTimeOffset.Parse(item["metadata"]!["annotations"]!["crossplane.io/external-create-succeeded"]!.ToString(), CultureInfo.InvariantCulture).AddSeconds(2);
                done[claim] = done.TryGetValue(claim, out var before) && before > made ? before : made;
            }
        }

        var late = done.Select(d => (ready[d.Key] - d.Value).TotalMilliseconds).Order().ToList();
        report.Line("readiness seen by a watcher after the provider was done, p50, p99", $"{late[late.Count / 2],9:N0} {late[late.Count * 99 / 100],9:N0} ms");
        if (target is { } most)
        {
            report.AtMost($"readiness after the provider was done, p99, {load}", late[late.Count * 99 / 100], most, "ms");
        }
    }

    private Task<RunningHost> StartAsync(string database, TimeSpan latency, CancellationToken ct) => RunningHost.StartAsync(ct, database, binary: settings.Host, settings:
    [
        "--Flagstone:Limits:Changes=1000000", "--Flagstone:Limits:ChangesPerSecond=1000000", $"--Flagstone:Provisioning:Simulated:Latency={latency:c}",
    ]);

    private static async Task OfferAsync(HttpClient client, CancellationToken ct)
    {
        await PostAsync(client, "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions", """
            {
              "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition", "metadata": { "name": "xunits.scale.example.com" },
              "spec": {
                "group": "scale.example.com", "names": { "kind": "XUnit", "plural": "xunits" }, "claimNames": { "kind": "Unit", "plural": "units" },
                "defaultCompositionRef": { "name": "units" },
                "versions": [ { "name": "v1", "served": true, "referenceable": true, "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": { "type": "object", "properties": { "size": { "type": "integer" } } } } } } } ]
              }
            }
            """, ct);
        string Template(string name, string api, string kind) => $$"""
            { "name": "{{name}}", "base": { "apiVersion": "{{api}}", "kind": "{{kind}}", "spec": { "forProvider": { "region": "eu-west-1", "tags": { "managed-by": "flagstone" } } } },
              "patches": [
                { "type": "FromCompositeFieldPath", "fromFieldPath": "spec.size", "toFieldPath": "spec.forProvider.size" },
                { "type": "FromCompositeFieldPath", "fromFieldPath": "metadata.labels[crossplane.io/claim-namespace]", "toFieldPath": "spec.forProvider.tags.service" },
                { "type": "FromCompositeFieldPath", "fromFieldPath": "metadata.labels[crossplane.io/claim-name]", "toFieldPath": "spec.forProvider.tags.claim" }
              ] }
            """;
        await PostAsync(client, "/apis/apiextensions.crossplane.io/v1/compositions", $$"""
            {
              "apiVersion": "apiextensions.crossplane.io/v1", "kind": "Composition", "metadata": { "name": "units" },
              "spec": {
                "compositeTypeRef": { "apiVersion": "scale.example.com/v1", "kind": "XUnit" }, "mode": "Pipeline",
                "pipeline": [
                  { "step": "compose", "functionRef": { "name": "function-patch-and-transform" }, "input": { "apiVersion": "pt.fn.crossplane.io/v1beta1", "kind": "Resources", "resources": [
                    {{Template("key", "kms.aws.upbound.io/v1beta1", "Key")}}, {{Template("group", "ec2.aws.upbound.io/v1beta1", "SecurityGroup")}},
                    {{Template("subnets", "rds.aws.upbound.io/v1beta1", "SubnetGroup")}}, {{Template("queue", "sqs.aws.upbound.io/v1beta1", "Queue")}} ] } },
                  { "step": "ready", "functionRef": { "name": "function-auto-ready" } }
                ]
              }
            }
            """, ct);
        await Cluster.ServedAsync(client, Claims, ct);
    }

    private static async Task CreateAsync(HttpClient client, string name, CancellationToken ct) => await PostAsync(
        client, Claims, $$"""{ "apiVersion": "scale.example.com/v1", "kind": "Unit", "metadata": { "name": "{{name}}", "namespace": "default" }, "spec": { "size": 1 } }""", ct);

    private static async Task PostAsync(HttpClient client, string path, string body, CancellationToken ct)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content, ct);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{path} answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(ct)}");
        }
    }

    /// <summary>Tells of each event of a watch that holds <paramref name="with"/> the text that follows the marker.</summary>
    private static Task WatchAsync(RunningHost host, string path, string marker, Action<string> told, bool addedOnly, CancellationToken ct, string with = "") => Task.Run(async () =>
    {
        using var client = host.KubernetesClient();
        using var answer = await client.GetAsync(new Uri($"{path}?watch=true", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, ct);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(ct));
        try
        {
            while (await reader.ReadLineAsync(ct) is { } line)
            {
                var start = line.IndexOf(marker, StringComparison.Ordinal);
                if (start >= 0 && line.Contains(with, StringComparison.Ordinal) && (!addedOnly || line.StartsWith("{\"type\":\"ADDED\"", StringComparison.Ordinal)))
                {
                    told(line[(start + marker.Length)..line.IndexOf('"', start + marker.Length)]);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The measurement is over.
        }
    }, CancellationToken.None);

    private static async Task<int> CountReadyAsync(HttpClient client, CancellationToken ct) => (await ItemsAsync(client, Claims, ct)).Count(c =>
        c["status"]?["conditions"]?.AsArray().Any(x => x!["type"]!.ToString() == "Ready" && x["status"]!.ToString() == "True") == true);

    private static async Task<List<string>> NamesAsync(HttpClient client, string path, CancellationToken ct) =>
        [.. (await ItemsAsync(client, path, ct)).Select(i => i["metadata"]!["name"]!.ToString())];

    private static async Task<List<JsonNode>> ItemsAsync(HttpClient client, string path, CancellationToken ct)
    {
        var (items, token) = (new List<JsonNode>(), "");
        do
        {
            var page = (await client.GetFromJsonAsync<JsonNode>(new Uri($"{path}?limit={Page}&continue={Uri.EscapeDataString(token)}", UriKind.Relative), ct))!;
            items.AddRange(page["items"]!.AsArray().OfType<JsonNode>());
            token = page["metadata"]!["continue"]?.ToString() ?? "";
        }
        while (token.Length > 0);
        return items;
    }

    private static async Task<double> ReconcilesAsync(HttpClient metrics, CancellationToken ct) =>
        (await metrics.GetStringAsync(new Uri("/metrics", UriKind.Relative), ct)).Split('\n')
            .Where(l => l.StartsWith("flagstone_reconcile_duration_seconds_count", StringComparison.Ordinal) && ((string[])["\"claim\"", "\"composite\"", "\"managed\""]).Any(c => l.Contains(c, StringComparison.Ordinal)))
            .Sum(l => double.Parse(l.Split(' ')[1], CultureInfo.InvariantCulture));

    private static double ProcessorSeconds(int process)
    {
        var text = File.ReadAllText($"/proc/{process}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100;
    }
}
