using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Providers.Sql;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Flagstone.Provisioning.Tests.Sql;

/// <summary>They share one platform and its servers, and come one after the other.</summary>
[CollectionDefinition]
public sealed class SqlTests : ICollectionFixture<SqlPlatform>;

/// <summary>The platform on a clock that a test moves, with the server of its own, and another beside it that it knows nothing of.</summary>
public sealed class SqlPlatform : IAsyncLifetime
{
    public const string Group = "postgresql.sql.crossplane.io";

    private readonly ShiftedClock clock = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-");
    private DataFolder? data;
    private PrivatePostgres? other;

    public SqlPlatform() => Host = new PlatformHost { Adds = services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock)) };

    public PlatformHost Host { get; }

    internal ISqlServer Own => Host.Services.GetRequiredService<ISqlServer>();

    internal ISqlServer Other => other!;

    internal IProviderDriver Driver => Host.Services.GetServices<IProviderDriver>().Single(d => d is SqlDriver);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_001_001);
        data = DataFolder.Open(folder.FullName);
        other = new PrivatePostgres(data, new PlatformOptions { Data = folder.FullName }, TimeProvider.System, NullLogger<PrivatePostgres>.Instance);
        await Host.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await other!.StoppedAsync(CancellationToken.None);
        other.Dispose();
        data!.Dispose();
        folder.Delete(recursive: true);
    }

    public static ResourceKey Key(string plural, string name) => new(new KindId(plural, Group), "", name);

    public void Advance(TimeSpan by) => clock.Advance(by);

    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>As often as a change takes steps, and once more to say so.</summary>
    public async Task SettleAsync(ResourceKey key)
    {
        for (var step = 0; step < 4; step++)
        {
            await Host.ReconcileAsync("managed", key);
        }
    }

    /// <summary>Changes something at the server, behind the platform's back.</summary>
    internal static async Task RunAsync(ISqlServer server, string statements, string database = "")
    {
        await using var connection = database.Length == 0 ? await server.OpenAsync(Ct) : await server.OpenAsync(database, Ct);
        await using var command = new NpgsqlCommand(statements, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }

    internal static async Task<string?> AskAsync(ISqlServer server, string query, string database = "")
    {
        await using var connection = database.Length == 0 ? await server.OpenAsync(Ct) : await server.OpenAsync(database, Ct);
        await using var command = new NpgsqlCommand(query, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(Ct), CultureInfo.InvariantCulture);
    }

    /// <summary>Logs in as a service does; the error's code, or what the query answers.</summary>
    internal static async Task<string?> LogInAsync(ISqlServer server, string username, string password, string query = "SELECT 'in'", string database = "postgres")
    {
        var login = new NpgsqlConnectionStringBuilder
        {
            Host = server.Host, Port = server.Port, Username = username, Password = password, Database = database, Pooling = false,
        };
        await using var connection = new NpgsqlConnection(login.ConnectionString);
        try
        {
            await connection.OpenAsync(Ct);
            await using var command = new NpgsqlCommand(query, connection);
            return Convert.ToString(await command.ExecuteScalarAsync(Ct), CultureInfo.InvariantCulture);
        }
        catch (PostgresException e)
        {
            return e.SqlState;
        }
    }

    public async Task<Dictionary<string, string>> SecretAsync(string name) =>
        PlatformHost.Values((await Host.FindAsync(new ResourceKey(new KindId("secrets", ""), "default", name)))!);

    /// <summary>What was noted of a change from outside: path, what is wanted, what was there.</summary>
    public async Task<IReadOnlyList<string>> DriftAsync(ResourceKey key) =>
        [.. ((await Host.FindAsync(key))!.At("status", "drift", "fields") as JsonArray ?? []).Select(f => $"{f.Text("path")}: {f!["wanted"]?.ToJsonString()} was {f["actual"]?.ToJsonString()}")];

    public async Task<string> SaysAsync(ResourceKey key, string what)
    {
        JsonObject? seen = null;
        await Host.WaitAsync(
            $"{key} to say '{what}'", async () => (seen = await Host.FindAsync(key))?.FindCondition("Synced") is { Status: "False" } synced
                && synced.Message.Contains(what, StringComparison.Ordinal), () => seen?["status"]?.ToJsonString() ?? "nothing");
        return seen!.FindCondition("Synced")!.Message;
    }

    /// <summary>A resource of the provider, with its connection secret of the same name.</summary>
    public static string Manifest(string kind, string name, string forProvider, string more = "") => $$"""
        apiVersion: {{Group}}/v1alpha1
        kind: {{kind}}
        metadata: { name: {{name}} }
        spec: { forProvider: { {{forProvider}} }, writeConnectionSecretToRef: { namespace: default, name: {{name}} } {{more}} }
        ---

        """;

    /// <summary>The system's clock with a shift that a test moves forward: a real silo runs, and its timers must go on.</summary>
    private sealed class ShiftedClock : TimeProvider
    {
        private long shift;

        public void Advance(TimeSpan by) => Interlocked.Add(ref shift, by.Ticks);

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref shift));
    }
}
