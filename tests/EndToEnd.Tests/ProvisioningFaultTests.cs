using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Microsoft.Data.Sqlite;

namespace Flagstone.EndToEnd.Tests;

/// <summary>
/// A provider that loses replies, fails after it succeeded, refuses and dawdles by a seeded schedule, under a platform that is killed between
/// intent, call and record: each claim gets one thing of each kind, none is lost and none is made twice, whoever chooses the name.
/// </summary>
public sealed class ProvisioningFaultTests
{
    private const string Path = "/apis/faults.example.com/v1/namespaces/default/parcels";
    private const int Writers = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("FLAGSTONE_KILLS") ?? "3", CultureInfo.InvariantCulture);
    private static readonly int Claims = Kills > 3 ? 500 : 60;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_claim_gets_one_thing_whatever_goes_wrong_and_loses_none()
    {
        await using var host = await RunningHost.StartAsync(Ct, settings:
        [
            "--Flagstone:Provisioning:Simulated:Latency=00:00:00", "--Flagstone:Provisioning:Simulated:FaultPercent=40",
            $"--Flagstone:Provisioning:Simulated:FaultSeed={Environment.GetEnvironmentVariable("FLAGSTONE_SEED") ?? "1"}",
            "--Flagstone:Limits:Changes=1000000", "--Flagstone:Limits:ChangesPerSecond=1000000",
        ]);
        await OfferAsync(host);

        // One kill for each share of the claims, while the controllers are at work on those before.
        for (var kill = 0; kill < Kills; kill++)
        {
            var (first, last) = (Claims * kill / Kills, Claims * (kill + 1) / Kills);
            using (var client = host.KubernetesClient())
            {
                await Parallel.ForEachAsync(Enumerable.Range(first, last - first), new ParallelOptions { MaxDegreeOfParallelism = Writers, CancellationToken = Ct },
                    async (i, ct) => await PostAsync(client, Path, Claim(i), ct));
            }

            await host.KillAsync();
            await host.StartAgainAsync(Ct);
        }

        using var reader = host.KubernetesClient();
        await WaitAsync("all claims to be Ready", async () =>
            (await ItemsAsync(reader, Path)).Count(IsReady) is var ready && ready == Claims ? null : $"{ready} of {Claims} are");
        var tickets = await ExternalNamesAsync(reader, "/apis/simulated.flagstone.dev/v1alpha1/tickets");
        var queues = await ExternalNamesAsync(reader, "/apis/simulated.flagstone.dev/v1alpha1/queues");
        Assert.Equal((Claims, Claims), (tickets.Count, queues.Count));
        Assert.Equal(tickets.Order(), await ThingsAsync(host, "tickets.simulated.flagstone.dev"));
        Assert.Equal(queues.Order(), await ThingsAsync(host, "queues.simulated.flagstone.dev"));

        // The same provider, the other way: nothing stays behind.
        using (var deleting = host.KubernetesClient())
        {
            foreach (var item in await ItemsAsync(deleting, Path))
            {
                using var answer = await deleting.DeleteAsync(new Uri($"{Path}/{item["metadata"]!["name"]}", UriKind.Relative), Ct);
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
            }
        }

        await host.KillAsync();
        await host.StartAgainAsync(Ct);
        using var after = host.KubernetesClient();
        await WaitAsync("all things to be gone", async () =>
            (await ThingsAsync(host, "tickets.simulated.flagstone.dev")).Count + (await ThingsAsync(host, "queues.simulated.flagstone.dev")).Count is var left && left == 0
                ? null : $"{left} are there");
        TestContext.Current.TestOutputHelper!.WriteLine($"{Claims} claims of two things each, {Kills + 1} kills, 40 of 100 calls with a fault");
    }

    private static bool IsReady(JsonNode claim) => claim["status"]?["conditions"]?.AsArray()
        .Any(c => c!["type"]!.ToString() == "Ready" && c["status"]!.ToString() == "True") == true;

    private static async Task<List<string>> ExternalNamesAsync(HttpClient client, string path) =>
        [.. (await ItemsAsync(client, path)).Select(i => i["metadata"]!["annotations"]!["crossplane.io/external-name"]!.ToString())];

    /// <summary>What the provider has, whoever asked for it.</summary>
    private static async Task<List<string>> ThingsAsync(RunningHost host, string kind)
    {
        await using var connection = new SqliteConnection($"Data Source={System.IO.Path.Combine(host.Data, "flagstone.db")};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM simulated_thing WHERE kind = @kind ORDER BY name";
        command.Parameters.AddWithValue("kind", kind);
        var names = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private static async Task OfferAsync(RunningHost host)
    {
        using var client = host.KubernetesClient();
        await PostAsync(client, "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions", """
            {
              "apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition", "metadata": { "name": "xparcels.faults.example.com" },
              "spec": {
                "group": "faults.example.com", "names": { "kind": "XParcel", "plural": "xparcels" }, "claimNames": { "kind": "Parcel", "plural": "parcels" },
                "defaultCompositionRef": { "name": "parcels" },
                "versions": [ { "name": "v1", "served": true, "referenceable": true, "schema": { "openAPIV3Schema": { "type": "object" } } } ]
              }
            }
            """, Ct);
        await PostAsync(client, "/apis/apiextensions.crossplane.io/v1/compositions", """
            {
              "apiVersion": "apiextensions.crossplane.io/v1", "kind": "Composition", "metadata": { "name": "parcels" },
              "spec": {
                "compositeTypeRef": { "apiVersion": "faults.example.com/v1", "kind": "XParcel" }, "mode": "Pipeline",
                "pipeline": [
                  { "step": "compose", "functionRef": { "name": "function-patch-and-transform" }, "input": { "resources": [
                    { "name": "ticket", "base": { "apiVersion": "simulated.flagstone.dev/v1alpha1", "kind": "Ticket", "spec": { "forProvider": {} } } },
                    { "name": "queue", "base": { "apiVersion": "simulated.flagstone.dev/v1alpha1", "kind": "Queue", "spec": { "forProvider": {} } } } ] } },
                  { "step": "ready", "functionRef": { "name": "function-auto-ready" } }
                ]
              }
            }
            """, Ct);
        await WaitAsync("the kind", async () =>
        {
            using var answer = await client.GetAsync(new Uri(Path, UriKind.Relative), Ct);
            return answer.IsSuccessStatusCode ? null : $"{answer.StatusCode}";
        });
    }

    private static string Claim(int index) => string.Create(CultureInfo.InvariantCulture, $$"""
        { "apiVersion": "faults.example.com/v1", "kind": "Parcel", "metadata": { "name": "parcel-{{index}}", "namespace": "default" }, "spec": {} }
        """);

    private static async Task PostAsync(HttpClient client, string path, string body, CancellationToken ct)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content, ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(ct));
    }

    private static async Task<List<JsonNode>> ItemsAsync(HttpClient client, string path)
    {
        var (items, token) = (new List<JsonNode>(), "");
        do
        {
            var page = (await client.GetFromJsonAsync<JsonNode>(new Uri($"{path}?limit=500&continue={Uri.EscapeDataString(token)}", UriKind.Relative), Ct))!;
            items.AddRange(page["items"]!.AsArray().OfType<JsonNode>());
            token = page["metadata"]!["continue"]?.ToString() ?? "";
        }
        while (token.Length > 0);
        return items;
    }

    /// <summary>Looks again until there is nothing left to say.</summary>
    private static async Task WaitAsync(string what, Func<Task<string?>> missing)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        string? left = null;
        try
        {
            while ((left = await missing()) is not null)
            {
                await pace.WaitForNextTickAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Waited {Patience} for {what}: {left}.");
        }
    }
}
