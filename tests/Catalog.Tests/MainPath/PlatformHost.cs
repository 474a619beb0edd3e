using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Flagstone.Catalog;
using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Flagstone.Catalog.Tests.MainPath;

/// <summary>The kernel and the catalog in one process over SQLite, as the host composes them, on free ports.</summary>
internal sealed class PlatformHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication app;
    private readonly DataFolder folder;

    private PlatformHost(WebApplication app, DataFolder folder, Uri address)
    {
        this.app = app;
        this.folder = folder;
        Address = address;
    }

    public Uri Address { get; }

    public IServiceProvider Services => app.Services;

    public static async Task<PlatformHost> StartAsync(string data, TimeProvider? clock = null)
    {
        var port = LoopbackPorts.Free();
        var options = new PlatformOptions { Data = data, Port = port };
        var folder = DataFolder.Open(data);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, port));
        builder.UseOrleans(silo =>
        {
            silo.Configure<EndpointOptions>(e => e.AdvertisedIPAddress = IPAddress.Loopback);
            silo.UseLocalhostClustering(siloPort: LoopbackPorts.Free(), gatewayPort: 0);
        });
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.AddPlatform(options, folder);
        builder.AddCatalog();
        builder.Services.AddSingleton(new KindDefinition
        {
            Id = new KindId("postgresqlinstances", "platform.example.com"),
            Kind = "PostgreSQLInstance",
            Version = "v1alpha1",
            Categories = ["claim"],
            AskedFor = true,
            HasStatus = true,
        });
        var app = builder.Build();
        await PlatformModule.MigrateAsync(app.Services, CancellationToken.None);
        app.MapCatalog();
        await app.StartAsync();
        await PlatformModule.BootstrapAsync(app.Services, options.KubernetesUrl, "", CancellationToken.None);
        return new PlatformHost(app, folder, new Uri($"http://127.0.0.1:{port}"));
    }

    public async Task<string> TokenAsync(string name, Role role, string ns = "") =>
        ((TokenIssued)await app.Services.GetRequiredService<TokenStore>().IssueAsync(Actor.Controller("test"), new TokenRequest(name, role, ns, null), null, CancellationToken.None)).Text;

    public HttpClient Client(string token)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async Task<JsonObject?> FindAsync(string key) =>
        ResourceKey.TryParse(key, out var parsed)
            ? (await app.Services.GetRequiredService<ResourceStore>().FindAsync(parsed, CancellationToken.None))?.ToDocument()
            : throw new ArgumentException(key, nameof(key));

    /// <summary>Writes down that a commit of a service answers, as the runtime does once its process is ready.</summary>
    public Task AnswersAsync(string service, string commit) => app.Services.GetRequiredService<ResourceGateway>().SetStatusAsync(
        "test", app.Services.GetRequiredService<KindRegistry>().Find(new KindId("deployments", "apps"))!, new ResourceKey(new KindId("deployments", "apps"), service, service),
        deployment => deployment["status"] = new JsonObject { ["process"] = new JsonObject { ["commit"] = commit } }, CancellationToken.None);

    public Task DeleteAsync(string key) => ResourceKey.TryParse(key, out var parsed)
        ? app.Services.GetRequiredService<ResourceGateway>().RemoveAsync(
            "test", app.Services.GetRequiredService<KindRegistry>().Find(parsed.Kind)!, parsed, new DeleteOptions(), CancellationToken.None)
        : throw new ArgumentException(key, nameof(key));

    /// <summary>Follows the ledger until a resource is gone.</summary>
    public async Task GoneAsync(string key)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        var tail = app.Services.GetRequiredService<LedgerTail>();
        await foreach (var _ in tail.FollowAsync(Math.Max(0, tail.Head - 1), TimeSpan.FromSeconds(5), patience.Token))
        {
            if (await FindAsync(key) is null)
            {
                return;
            }
        }
    }

    /// <summary>Follows the ledger until a resource is as asked; says what was seen when it never is.</summary>
    public async Task<JsonObject> UntilAsync(string key, string what, Func<JsonObject, bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        var tail = app.Services.GetRequiredService<LedgerTail>();
        JsonObject? seen = null;
        try
        {
            await foreach (var _ in tail.FollowAsync(Math.Max(0, tail.Head - 1), TimeSpan.FromSeconds(5), patience.Token))
            {
                seen = await FindAsync(key);
                if (seen is not null && holds(seen))
                {
                    return seen;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Said below.
        }

        throw new TimeoutException($"Waited {Patience} for {key} to be {what}; it is {seen?.ToJsonString() ?? "not there"}.");
    }

    public string Remote(string repository, string token) => $"http://git:{token}@{Address.Authority}/git/{repository}.git";

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        folder.Dispose();
    }
}
