using Flagstone.Load;
using Flagstone.Testing;

var ct = CancellationToken.None;
var settings = Settings.Parse(args);
var report = new Report(Console.Out);

// Each part has a PostgreSQL of its own: the server cleans up after a load for a while, and would do so during the next part.
if (settings.Parts.Contains("store"))
{
    await StoresAsync();
}

foreach (var store in settings.Parts.Contains("claims") ? settings.Stores : [])
{
    await using var postgres = await PrivatePostgres.StartAsync(ct);
    await new ClaimLoad(settings, report, store).RunAsync(store == "sqlite" ? "sqlite" : await postgres.CreateDatabaseAsync(ct), ct);
}

if (settings.Parts.Contains("processes") && settings.Stores.Contains("postgresql"))
{
    await using var postgres = await PrivatePostgres.StartAsync(ct);
    await new TwoProcesses(settings, report).RunAsync(await postgres.CreateDatabaseAsync(ct), ct);
}

if (settings.Parts.Contains("provisioning"))
{
    var scale = new ProvisioningScale(settings, report);
    await scale.SingleAsync("SQLite", "sqlite", ct);
    await using (var postgres = await PrivatePostgres.StartAsync(ct))
    {
        await scale.SingleAsync("PostgreSQL", await postgres.CreateDatabaseAsync(ct), ct);
    }

    await scale.RunAsync(settings.Claims, ct);
}

if (settings.Parts.Contains("workflows"))
{
    await using var postgres = await PrivatePostgres.StartAsync(ct);
    var raw = await RawAsync(postgres);
    foreach (var store in settings.Stores)
    {
        await new WorkflowLoad(settings, report, store, raw[store]).RunAsync(store == "sqlite" ? "sqlite" : await postgres.CreateDatabaseAsync(ct), ct);
    }
}

if (settings.Parts.Contains("runs"))
{
    await using var postgres = await PrivatePostgres.StartAsync(ct);
    foreach (var store in settings.Stores)
    {
        await new OpenRuns(settings, report).RunAsync(store, store == "sqlite" ? "sqlite" : await postgres.CreateDatabaseAsync(ct), ct);
    }
}

report.Summarize();
return 0;

async Task<Dictionary<string, Dictionary<int, double>>> RawAsync(PrivatePostgres postgres)
{
    var raw = new Dictionary<string, Dictionary<int, double>> { ["sqlite"] = [], ["postgresql"] = [] };
    report.Section("Beside us: the same two rows by raw ADO.NET, each pair in its own transaction");
    foreach (var level in Levels)
    {
        var url = await postgres.CreateDatabaseAsync(ct);
        raw["postgresql"][level] = await RawPostgres.CreatesPerSecondAsync($"Host=127.0.0.1;Port={postgres.Port};Username=flagstone;Database={url.Split('/')[^1]}", level, settings.Seconds, ct);
        report.Line($"raw PostgreSQL, {level,2} connections", $"{raw["postgresql"][level],9:N0}/s");
        raw["sqlite"][level] = await RawSqlite.CreatesPerSecondAsync(level, settings.Seconds, ct);
        report.Line($"raw SQLite, {level,2} connections", $"{raw["sqlite"][level],9:N0}/s");
    }

    return raw;
}

async Task StoresAsync()
{
    await using var postgres = await PrivatePostgres.StartAsync(ct);
    var raw = await RawAsync(postgres);
    report.Section("Beside us: a handler that reads the body and answers 201, over TLS");
    await using (var empty = await EmptyServer.StartAsync())
    {
        foreach (var level in Levels)
        {
            report.Line($"empty handler, {level,2} connections", (await Wrk.RunAsync(settings.Script("empty.lua"), empty.Url, level, settings.Seconds, ["/"], ct)).ToString());
        }
    }

    foreach (var store in settings.Stores)
    {
        var database = store == "sqlite" ? "sqlite" : await postgres.CreateDatabaseAsync(ct);
        await new StoreLoad(settings, report, store, raw[store]).RunAsync(database, store == "sqlite" ? null : () => Memory.OfServer(postgres.ProcessId), ct);
    }
}

/// <summary>Measures the platform; see <c>script/bench</c>.</summary>
internal static partial class Program
{
    /// <summary>The numbers of connections at which creates are measured.</summary>
    public static readonly int[] Levels = [1, 16, 64];
}
