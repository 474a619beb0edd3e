using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Providers.Process;
using Flagstone.Provisioning.Providers.Sql;
using Flagstone.Workflows.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Flagstone.Provisioning.Tests;

/// <summary>What the providers do where several processes share a database: nothing that one of them would know alone.</summary>
public sealed class TeamModeTests : IDisposable
{
    private const string Team = "postgresql://flagstone@127.0.0.1:1/flagstone";
    private static readonly ResourceKey Service = new(ServiceRuntime.Deployments, "default", "shop");
    private static readonly KindId Instances = new("postgresqlinstances", "platform.example.com");

    private const string Deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop
          namespace: default
          annotations:
            flagstone.dev/source: nonsense
        spec:
          selector: { matchLabels: { app: shop } }
          template:
            metadata: { labels: { app: shop } }
            spec:
              containers: [{ name: shop, image: shop }]
        """;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("flagstone-team-");
    private readonly DataFolder folder;

    public TeamModeTests() => folder = DataFolder.Open(root.FullName);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite", null, true)]
    [InlineData("sqlite", false, false)]
    [InlineData(Team, null, false)]
    [InlineData(Team, true, true)]
    public async Task Services_run_in_embedded_mode_and_in_team_mode_only_where_a_setting_says_so(string database, bool? setting, bool runs)
    {
        using var host = Build(new PlatformOptions { Data = root.FullName, Database = database, RunServices = setting });
        await SettleKeysAsync(host);
        var controller = host.Services.GetServices<Controller>().Single(c => c.Name == DeploymentGrain.Controller);
        var row = new CommittedRow(1, Service, ChangeType.Added, "create", null, null, "{}"u8.ToArray());

        Assert.Equal(runs ? [Service.ToString()] : [], controller.Route(row));
    }

    [Fact]
    public async Task The_sql_provider_of_team_mode_starts_no_server_and_says_what_to_set()
    {
        using var host = Build(new PlatformOptions { Data = root.FullName, Database = Team });

        var refusal = await Assert.ThrowsAsync<PostgresUnavailableException>(() => host.Services.GetRequiredService<ISqlServer>().OpenAsync(Ct));

        Assert.Contains("Set Flagstone__Provisioning__Sql__Url=postgresql://", refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.In("postgres")));
    }

    [Fact]
    public void The_sql_provider_takes_the_server_that_a_setting_names_and_no_password_with_it()
    {
        using var host = Build(new PlatformOptions { Data = root.FullName, Database = Team }, "postgresql://admin@sql.example.com:6432/postgres");

        var server = Assert.IsType<GivenPostgres>(host.Services.GetRequiredService<ISqlServer>());

        Assert.Equal(("sql.example.com", 6432), (server.Host, server.Port));
        var refusal = Assert.Throws<ArgumentException>(() => Build(new PlatformOptions { Data = root.FullName }, "postgresql://admin:secret@sql.example.com/postgres"));
        Assert.Contains("PGPASSFILE", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claim_says_why_it_has_no_database_where_the_provider_has_no_server()
    {
        await using var platform = new PlatformHost { Adds = s => s.Replace(ServiceDescriptor.Singleton<ISqlServer>(new NoServer())) };
        await platform.InitializeAsync();
        await platform.ApplyAsync(LocalClaim("homeless"));

        JsonObject? claim = null;
        await platform.WaitAsync(
            "the claim to say why", async () => (claim = await platform.FindAsync(new ResourceKey(Instances, "default", "homeless")))?.FindCondition("Ready")
                is { Status: "False" } ready && ready.Message.Contains(SqlOptions.UrlVariable, StringComparison.Ordinal),
            () => claim?["status"]?.ToJsonString() ?? "nothing");

        Assert.False(Directory.Exists(Path.Combine(platform.Data, "postgres")));
    }

    [Fact]
    public async Task A_claim_gets_its_database_on_the_server_that_the_setting_names()
    {
        await using var administered = await Testing.PrivatePostgres.StartAsync(Ct);
        var url = new Uri(await administered.CreateDatabaseAsync(Ct));
        await using var server = new GivenPostgres(url.ToString());
        await using var platform = new PlatformHost { Adds = s => s.Replace(ServiceDescriptor.Singleton<ISqlServer>(server)) };
        await platform.InitializeAsync();
        await platform.ApplyAsync(LocalClaim("housed"));

        var claim = await platform.HasAsync(new ResourceKey(Instances, "default", "housed"), "Ready");

        var secret = PlatformHost.Values((await platform.FindAsync(new ResourceKey(new KindId("secrets", ""), "default", "housed-connection")))!);
        Assert.Equal(url.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), secret["port"]);
        await using var connection = await server.OpenAsync(Ct);
        await using var command = new NpgsqlCommand("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = secret["database"] } } };
        Assert.Equal(secret["username"], $"{await command.ExecuteScalarAsync(Ct)}_a");
        Assert.True(claim.IsTrue("Synced"));
        Assert.False(Directory.Exists(Path.Combine(platform.Data, "postgres")));
    }

    [Fact]
    public async Task A_due_entry_from_elsewhere_starts_no_service_where_none_run()
    {
        await using var platform = new PlatformHost { Options = data => new PlatformOptions { Data = data, RunServices = false } };
        await platform.InitializeAsync();
        await platform.ApplyAsync(Deployment);

        await platform.ReconcileAsync(DeploymentGrain.Controller, Service);

        var deployment = (await platform.FindAsync(Service))!;
        Assert.Empty(deployment.Finalizers());
        Assert.Null(deployment["status"]);
    }

    [Fact]
    public async Task A_deployment_that_was_stored_before_services_ran_here_is_taken_up_by_the_start_that_runs_them()
    {
        var runs = false;
        await using var platform = new PlatformHost { Options = data => new PlatformOptions { Data = data, RunServices = runs } };
        await platform.InitializeAsync();
        await platform.ApplyAsync(Deployment);
        await platform.StopAsync();

        runs = true;
        await platform.StartAsync();

        JsonObject? seen = null;
        await platform.WaitAsync(
            "the Deployment's controller to look at it", async () => (seen = await platform.FindAsync(Service))!.Finalizers().Contains("flagstone.dev/process"),
            () => seen?.ToJsonString() ?? "nothing");
    }

    public void Dispose()
    {
        folder.Dispose();
        root.Delete(recursive: true);
    }

    private static string LocalClaim(string name) => $"""
        apiVersion: platform.example.com/v1alpha1
        kind: PostgreSQLInstance
        metadata:
          name: {name}
          namespace: default
        spec:
          compositionRef:
            name: postgresql-local
          writeConnectionSecretToRef:
            name: {name}-connection
        """;

    /// <summary>What a start does first, over a database that is there: the controllers stand on the keys.</summary>
    private async Task SettleKeysAsync(IHost host)
    {
        await using var database = PlatformModule.OpenDatabase(new PlatformOptions(), folder);
        await PlatformModule.MigrateAsync(database, [], Ct);
        await host.Services.GetRequiredService<InstallationKeys>().SettleAsync(database, Ct);
    }

    private IHost Build(PlatformOptions options, string url = "")
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new($"{SqlOptions.Section}:Url", url)]);
        builder.AddPlatform(options, folder);
        builder.AddProvisioning();
        builder.Services.AddSingleton<ITemporalNamespaces, NamespacesInMemory>();
        builder.Services.AddSingleton<ICatalog, EmptyCatalog>();
        return builder.Build();
    }
}
