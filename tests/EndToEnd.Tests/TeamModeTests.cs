using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>What three processes over one PostgreSQL do together, and what they do when one of them dies.</summary>
public sealed class TeamModeTests(TeamCluster team) : IClassFixture<TeamCluster>
{
    private const int Writers = 8;

    /// <summary>Writes acknowledged between two kills, and while one process is away.</summary>
    private const int WritesBetween = 60;

    /// <summary>The promise: the work of a dead process runs elsewhere within this.</summary>
    private static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(30);

    /// <summary>An entry that is due so long was not taken by anyone, busy machine or not.</summary>
    private static readonly TimeSpan Neglected = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("FLAGSTONE_KILLS") ?? "3", CultureInfo.InvariantCulture);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_while_one_of_three_is_killed_again_and_again()
    {
        for (var i = 0; i < TeamCluster.Size; i++)
        {
            await team.ClaimAsync(team.Hosts[i], $"kept-{i}");
        }

        var acknowledged = new ConcurrentDictionary<string, byte>();
        using var enough = new CancellationTokenSource();
        var clients = team.Hosts.Select(h => h.KubernetesClient(team.Token)).ToList();
        var writers = Enumerable.Range(0, Writers).Select(w => WriteAsync(clients, w, acknowledged, enough.Token)).ToList();
        for (var kill = 0; kill < Kills; kill++)
        {
            var victim = team.Hosts[kill % TeamCluster.Size];
            await GrowAsync(acknowledged, $"before kill {kill}");
            await victim.KillAsync();
            await GrowAsync(acknowledged, $"while process {kill % TeamCluster.Size} is dead");
            await victim.StartAgainAsync(Ct);
        }

        await GrowAsync(acknowledged, "after the last kill");
        await enough.CancelAsync();
        await Task.WhenAll(writers);
        clients.ForEach(c => c.Dispose());

        await team.ClaimAsync(team.Hosts[0], "afterwards");
        await team.AllReadyAsync(team.Hosts[1]);
        foreach (var host in team.Hosts)
        {
            var stored = await KillTests.NamesAsync(host, team.Token);
            Assert.Empty(acknowledged.Keys.Except(stored));
        }

        var log = await PublishedLog.ReadAsync(team.Hosts[2], team.Token, Ct);
        Assert.Equal(log.Size, log.Entries.Count);
        Assert.Equal(log.Root, log.ComputedRoot);
        Assert.Equal(Enumerable.Range(1, (int)log.Size).Select(i => (long)i), log.Entries.Select(e => e["seq"]!.GetValue<long>()));
        var created = log.Entries.Where(e => e["verb"]!.GetValue<string>() == "create").Select(e => e["key"]!.GetValue<string>()).ToHashSet();
        Assert.Subset(created, acknowledged.Keys.Select(name => $"configmaps/default/{name}").ToHashSet());
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{acknowledged.Count} acknowledged writes by {Writers} clients, {Kills} kills of one of {TeamCluster.Size} processes, {log.Size} ledger rows");
    }

    [Fact]
    public async Task What_a_dead_process_would_have_done_another_does_within_half_a_minute()
    {
        // The other tests have claims in these processes too.
        var others = (await PasswordsAsync()).Count;
        for (var i = 0; i < 6; i++)
        {
            await team.ClaimAsync(team.Hosts[i % 2], $"before-{i}");
        }

        await team.AllReadyAsync(team.Hosts[0]);
        var before = await PasswordsAsync();
        for (var i = 0; i < 6; i++)
        {
            await team.ClaimAsync(team.Hosts[2], $"during-{i}");
        }

        await team.Hosts[2].KillAsync();
        var since = Stopwatch.GetTimestamp();
        for (var i = 0; i < 6; i++)
        {
            await team.ClaimAsync(team.Hosts[i % 2], $"after-{i}");
        }

        var neglected = TimeSpan.Zero;
        var ready = team.AllReadyAsync(team.Hosts[0]);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!ready.IsCompleted || await team.LatenessAsync() > Neglected)
        {
            neglected = await team.LatenessAsync() > Neglected ? Stopwatch.GetElapsedTime(since) : neglected;
            await pace.WaitForNextTickAsync(Ct);
            Assert.True(neglected < TakeOver, $"{neglected} after the kill an entry was due for {await team.LatenessAsync()}, and nobody had taken it.");
        }

        await ready;
        // What was made once was found again, and not made anew.
        Assert.Equal(others + 6, before.Count);
        Assert.Superset(before.ToHashSet(), (await PasswordsAsync()).ToHashSet());
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"All claims Ready {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s after the kill; an entry was due for more than {Neglected.TotalSeconds} s last {neglected.TotalSeconds:0.0} s after it");
        await team.Hosts[2].StartAgainAsync(Ct);
    }

    [Fact]
    public async Task A_process_with_keys_of_its_own_does_not_start_and_says_what_to_copy()
    {
        var data = Directory.CreateTempSubdirectory("flagstone-host-").FullName;

        var absent = await RunAsync(data);

        Assert.Equal(1, absent.ExitCode);
        Assert.Contains($"The sealing key is not at {data}/keys/sealing.key", absent.Errors, StringComparison.Ordinal);
        Assert.Contains($"cp -a OTHER/keys/. {data}/keys/", absent.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(data, "keys", "sealing.key")));

        await File.WriteAllBytesAsync(Path.Combine(data, "keys", "sealing.key"), new byte[32], Ct);
        var other = await RunAsync(data);

        Assert.Equal(1, other.ExitCode);
        Assert.Contains("is not that of the installation whose database this is", other.Errors, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task A_process_with_a_Git_folder_of_its_own_does_not_start_and_says_what_to_share()
    {
        var data = team.Hosts[0].FolderWithKeys();
        File.Delete(Path.Combine(data, "git"));

        var alone = await RunAsync(data);

        Assert.Equal(1, alone.ExitCode);
        Assert.StartsWith($"flagstone: The mark of the hosted repositories is not at {data}/git/.installation", alone.Errors, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task A_golden_path_succeeds_whichever_process_takes_it()
    {
        for (var i = 0; i < TeamCluster.Size; i++)
        {
            using var client = team.Hosts[i].Client(team.Token);
            using var form = new StringContent(
                $$$"""{"values":{"name":"path-{{{i}}}","owner":"group:default/demo","description":"Made by a test","storageGB":20,"environment":"dev"}}""", Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri("/api/v1/templates/nodejs-postgresql/runs", UriKind.Relative), form, Ct);
            var run = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct))!;
            Assert.True(answer.StatusCode == HttpStatusCode.Created, run.ToJsonString());

            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            var since = Stopwatch.GetTimestamp();
            while (run["phase"]!.ToString() is not ("Succeeded" or "Failed"))
            {
                await pace.WaitForNextTickAsync(Ct);
                Assert.True(Stopwatch.GetElapsedTime(since) < Patience, $"Waited {Patience} for the run to end: {run.ToJsonString()}");
                run = JsonNode.Parse(await client.GetStringAsync(new Uri($"/api/v1/runs/{run["id"]}", UriKind.Relative), Ct))!;
            }

            Assert.True(run["phase"]!.ToString() == "Succeeded", run.ToJsonString());
        }
    }

    [Fact]
    public async Task A_secret_written_at_one_process_is_read_at_another_and_one_token_serves_all()
    {
        using var writing = team.Hosts[0].KubernetesClient(team.Token);
        using var body = new StringContent("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"shared"},"stringData":{"a":"b"}}""", Encoding.UTF8, "application/json");
        using var answer = await writing.PostAsync(new Uri("/api/v1/namespaces/flagstone-system/secrets", UriKind.Relative), body, Ct);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);

        using var reading = team.Hosts[1].KubernetesClient(team.Token);
        Assert.Contains("\"Yg==\"", await reading.GetStringAsync(new Uri("/api/v1/namespaces/flagstone-system/secrets/shared", UriKind.Relative), Ct), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(team.Hosts[1].Data, "admin.token")));
        Assert.Contains("admin token  made by another process", team.Hosts[1].Log(), StringComparison.Ordinal);
        var keys = await Task.WhenAll(team.Hosts.Select(async h =>
        {
            using var client = h.Client(team.Token);
            return await client.GetStringAsync(new Uri("/log/key", UriKind.Relative), Ct);
        }));
        Assert.Single(keys.Distinct());
    }

    /// <summary>What the provider gave each database when it made it: another one would be of another database.</summary>
    private async Task<SortedDictionary<string, string>> PasswordsAsync()
    {
        using var client = team.Hosts[0].KubernetesClient(team.Token);
        var list = JsonNode.Parse(await client.GetStringAsync(new Uri("/api/v1/namespaces/flagstone-system/secrets", UriKind.Relative), Ct))!;
        return new(list["items"]!.AsArray().Where(s => s!["metadata"]!["name"]!.ToString().EndsWith("-rds", StringComparison.Ordinal))
            .ToDictionary(s => s!["metadata"]!["name"]!.ToString(), s => s!["data"]!["password"]!.ToString()), StringComparer.Ordinal);
    }

    private Task<ProgramResult> RunAsync(string data) => Programs.RunAsync(
        Path.Combine(AppContext.BaseDirectory, "flagstone"),
        ["--data", data, "--database", team.Database, "--port", "1", "--k8s-port", "2", "--apps-port", "3", "--temporal-port", "4"], "", new Dictionary<string, string>(), Ct);

    /// <summary>Ends when so many more writes are acknowledged.</summary>
    private static async Task GrowAsync(ConcurrentDictionary<string, byte> acknowledged, string when)
    {
        var wanted = acknowledged.Count + WritesBetween;
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var since = Stopwatch.GetTimestamp();
        while (acknowledged.Count < wanted)
        {
            await pace.WaitForNextTickAsync(Ct);
            Assert.True(Stopwatch.GetElapsedTime(since) < Patience, $"Waited {Patience} for {wanted} acknowledged writes {when}, and saw {acknowledged.Count}.");
        }
    }

    /// <summary>Writes one after the other; when its process is dead, at the next one.</summary>
    private static async Task WriteAsync(List<HttpClient> clients, int writer, ConcurrentDictionary<string, byte> acknowledged, CancellationToken enough)
    {
        var at = writer;
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"team-w{writer}-{i}");
            try
            {
                using var body = new StringContent(
                    $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{"a":"b"}}""", Encoding.UTF8, "application/json");
                using var answer = await clients[at % clients.Count].PostAsync(new Uri("/api/v1/namespaces/default/configmaps", UriKind.Relative), body, Ct);
                if (answer.StatusCode == HttpStatusCode.Created)
                {
                    acknowledged[name] = 0;
                }
            }
            catch (HttpRequestException)
            {
                at++;
            }
        }
    }
}
