using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary><c>kill -9</c> while eight clients write: what was acknowledged is there, and the ledger proves it.</summary>
public sealed class KillTests
{
    private const int Writers = 8;

    /// <summary>The long count is for <c>script/test --soak</c>.</summary>
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("FLAGSTONE_KILLS") ?? "5", CultureInfo.InvariantCulture);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_on_SQLite()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await KillAndCompareAsync(host);
    }

    [Fact]
    public async Task Nothing_acknowledged_is_lost_on_PostgreSQL()
    {
        await using var postgres = await PrivatePostgres.StartAsync(Ct);
        await using var host = await RunningHost.StartAsync(Ct, await postgres.CreateDatabaseAsync(Ct));
        await KillAndCompareAsync(host);
    }

    private static async Task KillAndCompareAsync(RunningHost host)
    {
        var acknowledged = new ConcurrentDictionary<string, byte>();
        for (var round = 0; round < Kills; round++)
        {
            var killAt = acknowledged.Count + 150 + (97 * round);
            var reached = new TaskCompletionSource();
            using var dead = new CancellationTokenSource();
            var client = host.KubernetesClient();
            var writers = Enumerable.Range(0, Writers).Select(w => WriteUntilDeadAsync(client, $"r{round}-w{w}", acknowledged, killAt, reached, dead.Token)).ToList();
            await reached.Task.WaitAsync(TimeSpan.FromSeconds(60), Ct);
            await host.KillAsync();
            await dead.CancelAsync();
            await Task.WhenAll(writers);
            client.Dispose();
            await host.StartAgainAsync(Ct);
        }

        var stored = await NamesAsync(host, host.Token);
        Assert.Empty(acknowledged.Keys.Except(stored));
        var log = await PublishedLog.ReadAsync(host, host.Token, Ct);
        Assert.Equal(log.Size, log.Entries.Count);
        Assert.Equal(log.Root, log.ComputedRoot);
        Assert.Equal(Enumerable.Range(1, (int)log.Size).Select(i => (long)i), log.Entries.Select(e => e["seq"]!.GetValue<long>()));
        var created = log.Entries.Where(e => e["verb"]!.GetValue<string>() == "create").Select(e => e["key"]!.GetValue<string>()).ToHashSet();
        Assert.Subset(created, stored.Select(name => $"configmaps/default/{name}").ToHashSet());
        Assert.True(acknowledged.Count > Kills * 100, $"Only {acknowledged.Count} writes were acknowledged in {Kills} rounds.");
        TestContext.Current.SendDiagnosticMessage($"{acknowledged.Count} acknowledged writes, {Kills} kills, {log.Size} ledger rows");
    }

    private static async Task WriteUntilDeadAsync(
        HttpClient client, string prefix, ConcurrentDictionary<string, byte> acknowledged, int killAt, TaskCompletionSource reached, CancellationToken dead)
    {
        // What answers on the port after that is another host.
        for (var i = 0; !dead.IsCancellationRequested; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}-{i}");
            try
            {
                using var body = new StringContent(
                    $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{"a":"b"}}""", Encoding.UTF8, "application/json");
                using var answer = await client.PostAsync(new Uri("/api/v1/namespaces/default/configmaps", UriKind.Relative), body, Ct);
                if (answer.StatusCode != HttpStatusCode.Created)
                {
                    continue;
                }

                acknowledged[name] = 0;
                if (acknowledged.Count >= killAt)
                {
                    reached.TrySetResult();
                }
            }
            catch (HttpRequestException)
            {
                return;
            }
        }
    }

    internal static async Task<HashSet<string>> NamesAsync(RunningHost host, string token)
    {
        using var client = host.KubernetesClient(token);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var from = "";
        do
        {
            var page = JsonNode.Parse(await client.GetStringAsync(
                new Uri($"/api/v1/namespaces/default/configmaps?limit=500&continue={Uri.EscapeDataString(from)}", UriKind.Relative), Ct))!;
            names.UnionWith(page["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>()));
            from = page["metadata"]!["continue"]?.GetValue<string>() ?? "";
        }
        while (from.Length > 0);
        return names;
    }
}
