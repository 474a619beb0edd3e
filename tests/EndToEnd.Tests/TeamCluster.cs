using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Npgsql;

namespace Flagstone.EndToEnd.Tests;

/// <summary>Three processes of one installation over one PostgreSQL, each with a data folder of its own and the keys of the first.</summary>
public sealed class TeamCluster : IAsyncLifetime
{
    public const int Size = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private PrivatePostgres? postgres;

    public RunningHost[] Hosts { get; private set; } = [];

    public string Database { get; private set; } = "";

    /// <summary>The administrator's, which the first process made and any takes.</summary>
    public string Token { get; private set; } = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        try
        {
            await StartAsync();
        }
        catch
        {
            // What did start must not outlive the run.
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Hosts.Select(h => h.DisposeAsync().AsTask()));
        if (postgres is not null)
        {
            await postgres.DisposeAsync();
        }
    }

    private async Task StartAsync()
    {
        postgres = await PrivatePostgres.StartAsync(CancellationToken.None);
        Database = await postgres.CreateDatabaseAsync(CancellationToken.None);
        Hosts = [await RunningHost.StartAsync(CancellationToken.None, Database)];
        Token = Hosts[0].Token;
        while (Hosts.Length < Size)
        {
            Hosts = [.. Hosts, await Hosts[0].StartReplicaAsync(Database, CancellationToken.None)];
        }
    }

    public async Task ClaimAsync(RunningHost host, string name)
    {
        using var client = host.KubernetesClient(Token);
        using var body = new StringContent(
            $$$$"""
            {"apiVersion":"platform.example.com/v1alpha1","kind":"PostgreSQLInstance","metadata":{"name":"{{{{name}}}}"},
             "spec":{"parameters":{"storageGB":20},"compositionRef":{"name":"postgresql-aws-standard"},"writeConnectionSecretToRef":{"name":"{{{{name}}}}-connection"}}}
            """, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri("/apis/platform.example.com/v1alpha1/namespaces/default/postgresqlinstances", UriKind.Relative), body, Ct);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Ct));
    }

    /// <summary>Ends when every claim of the default namespace is Ready, as one process sees it; the timeout says which are not, and why.</summary>
    public Task AllReadyAsync(RunningHost host) => AllReadyAsync(host, Token);

    public static async Task AllReadyAsync(RunningHost host, string token)
    {
        using var client = host.KubernetesClient(token);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(Patience);
        var waiting = new List<string>();
        while (true)
        {
            var list = JsonNode.Parse(await client.GetStringAsync(new Uri("/apis/platform.example.com/v1alpha1/namespaces/default/postgresqlinstances", UriKind.Relative), Ct))!;
            waiting = [.. list["items"]!.AsArray().Where(c => !IsReady(c!)).Select(c => $"{c!["metadata"]!["name"]} {c["status"]?.ToJsonString()}")];
            if (waiting.Count == 0)
            {
                return;
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
            Assert.False(limit.IsCancellationRequested, $"Waited {Patience} for all claims to be Ready. Still waiting:\n{string.Join('\n', waiting)}");
        }
    }

    /// <summary>For how long the entry that has waited longest is due.</summary>
    public async Task<TimeSpan> LatenessAsync()
    {
        var url = new Uri(Database);
        await using var connection = new NpgsqlConnection(
            string.Create(CultureInfo.InvariantCulture, $"Host={url.Host};Port={url.Port};Username=flagstone;Database={url.AbsolutePath.Trim('/')}"));
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand("SELECT coalesce(max((extract(epoch FROM clock_timestamp()) * 1000000)::bigint - at), 0) FROM due", connection);
        return TimeSpan.FromMicroseconds((long)(await command.ExecuteScalarAsync(Ct))!);
    }

    private static bool IsReady(JsonNode claim) =>
        claim["status"]?["conditions"]?.AsArray().Any(c => c!["type"]!.ToString() == "Ready" && c["status"]!.ToString() == "True") == true;
}
