using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Flagstone.Load;
using Flagstone.Testing;

var ct = CancellationToken.None;
var options = new Dictionary<string, string> { ["--seconds"] = "5", ["--store"] = "both", ["--scale"] = "" };
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--scale")
    {
        options["--scale"] = "yes";
        continue;
    }

    options[args[i]] = args[++i];
}

var seconds = int.Parse(options["--seconds"], CultureInfo.InvariantCulture);
var scripts = Path.Combine(Directory.GetCurrentDirectory(), "bench", "wrk");
int[] levels = [1, 16, 64];
// A real kube-apiserver 1.20 with etcd on such a machine, with the same claim: figures of the issue, printed for their ratio alone.
var apiserver = new Dictionary<int, double> { [1] = 631, [16] = 1460, [64] = 1289 };

await using var postgres = await PrivatePostgres.StartAsync(ct);
var raw = new Dictionary<int, double>();
foreach (var level in levels)
{
    var url = await postgres.CreateDatabaseAsync(ct);
    raw[level] = await RawPostgres.CreatesPerSecondAsync($"Host=127.0.0.1;Port={postgres.Port};Username=flagstone;Database={url.Split('/')[^1]}", level, seconds, ct);
    Line($"raw PostgreSQL, two rows in a transaction, {level,2} connections", $"{raw[level],9:N0}/s");
}

await using var empty = await EmptyServer.StartAsync();
foreach (var level in levels)
{
    Line($"empty handler, TLS, {level,2} connections", (await Wrk.RunAsync($"{scripts}/empty.lua", empty.Url, level, seconds, ["/"], ct)).ToString());
}

foreach (var store in options["--store"] == "both" ? new[] { "sqlite", "postgresql" } : [options["--store"]])
{
    var database = store == "sqlite" ? "sqlite" : await postgres.CreateDatabaseAsync(ct);
    var started = Stopwatch.GetTimestamp();
    await using var host = await RunningHost.StartAsync(ct, database, binary: options["--host"]);
    Line($"{store}: first start to ready", $"{Stopwatch.GetElapsedTime(started).TotalMilliseconds,9:N0} ms");
    await host.StopAsync();
    started = Stopwatch.GetTimestamp();
    await host.StartAgainAsync(ct);
    Line($"{store}: second start to ready", $"{Stopwatch.GetElapsedTime(started).TotalMilliseconds,9:N0} ms");
    Line($"{store}: resident idle", $"{ResidentMegabytes(host.ProcessId),9:N0} MB");
    using var client = host.KubernetesClient();
    await DefineAsync(client, ct);
    const string claims = "/apis/bench.flagstone.dev/v1alpha1/namespaces/default/benchclaims";
    var target = $"https://127.0.0.1:{host.KubernetesPort}";
    foreach (var level in levels)
    {
        var result = await Wrk.RunAsync($"{scripts}/create.lua", target, level, seconds, [host.Token, claims, "bench.flagstone.dev/v1alpha1", "BenchClaim", $"s{level}"], ct);
        Line($"{store}: creates, kubectl's API, TLS, {level,2} connections",
            $"{result}  x{result.PerSecond / apiserver[level]:N2} of kube-apiserver, x{result.PerSecond / raw[level]:N2} of raw PostgreSQL");
    }

    var get = await Wrk.RunAsync($"{scripts}/get.lua", target, 16, seconds, [host.Token, $"{claims}/c-s16-0-1"], ct);
    Line($"{store}: gets, 16 connections", $"{get}  x{get.PerSecond / 4958:N2} of kube-apiserver");
    foreach (var size in options["--scale"].Length > 0 ? new[] { 50_000, 100_000 } : [])
    {
        await FillAsync(client, claims, size, ct);
        var list = await Wrk.RunAsync($"{scripts}/get.lua", target, 4, seconds, [host.Token, $"{claims}?limit=500"], ct);
        Line($"{store}: lists of 500 of {size:N0}, 4 connections", $"{list}  x{list.PerSecond / 14:N1} of kube-apiserver");
        Line($"{store}: resident with {size:N0}", $"{ResidentMegabytes(host.ProcessId),9:N0} MB");
    }
}

return 0;

static void Line(string what, string figure) => Console.WriteLine($"{what,-62} {figure}");

static double ResidentMegabytes(int process)
{
    var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal));
    return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
}

static async Task DefineAsync(HttpClient client, CancellationToken ct)
{
    using var definition = new StringContent(BenchClaim.Definition, Encoding.UTF8, "application/json");
    using var answer = await client.PostAsync(new Uri("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", UriKind.Relative), definition, ct);
    answer.EnsureSuccessStatusCode();
    using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
    while (true)
    {
        using var served = await client.GetAsync(new Uri("/apis/bench.flagstone.dev/v1alpha1/benchclaims?limit=1", UriKind.Relative), ct);
        if (served.StatusCode == HttpStatusCode.OK)
        {
            return;
        }

        await pace.WaitForNextTickAsync(ct);
    }
}

static async Task FillAsync(HttpClient client, string path, int size, CancellationToken ct) =>
    await Parallel.ForEachAsync(Enumerable.Range(0, size), new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = ct }, async (i, token) =>
    {
        using var body = new StringContent(BenchClaim.Body($"fill-{i}"), Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), body, token);
        if (answer.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.Conflict))
        {
            throw new InvalidOperationException($"create answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(token)}");
        }
    });
