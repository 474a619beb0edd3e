using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Workflows.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Provisioning.Tests;

/// <summary>The platform with its kernel and Provisioning, over SQLite in a folder that goes away, on one silo of free ports.</summary>
public sealed class PlatformHost : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(200);
    private static readonly Caller Someone = new(new Actor("u-test"), "tester", Role.Administrator);


    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-");
    private IHost? host;
    private DataFolder? data;

    /// <summary>What a test adds to the host before it is built.</summary>
    public Action<IServiceCollection> Adds { get; init; } = _ => { };

    /// <summary>Settings as an environment gives them.</summary>
    public Dictionary<string, string?> Settings { get; init; } = [];

    /// <summary>The settings of the next start, over the folder.</summary>
    public Func<string, PlatformOptions> Options { get; init; } = data => new PlatformOptions { Data = data };

    public string Data => folder.FullName;

    public IServiceProvider Services => host!.Services;

    public ResourceStore Store => Services.GetRequiredService<ResourceStore>();

    public KindRegistry Kinds => Services.GetRequiredService<KindRegistry>();

    private ResourceGateway Gateway => Services.GetRequiredService<ResourceGateway>();

    public async ValueTask InitializeAsync()
    {
        // Other users must be able to pass: the server and the services run as users of their own.
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_001_001);
        await StartAsync();
    }

    public async Task StartAsync()
    {
        data = DataFolder.Open(folder.FullName);
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "flagstone-test" });
        builder.Logging.AddProvider(new FileLogs(Path.Combine(Path.GetTempPath(), $"provisioning-tests-{Environment.ProcessId}.log")));
        builder.Logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning);
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.UseOrleans(silo => silo.UseLocalhostClustering(siloPort: LoopbackPorts.Free(), gatewayPort: 0));
        builder.AddPlatform(Options(folder.FullName), data);
        builder.AddProvisioning();
        builder.Services.AddSingleton<ITemporalNamespaces, NamespacesInMemory>();
        builder.Services.AddSingleton<ICatalog, EmptyCatalog>();
        Adds(builder.Services);
        host = builder.Build();
        await PlatformModule.MigrateAsync(host.Services, CancellationToken.None);
        await host.StartAsync();
        await PlatformModule.BootstrapAsync(host.Services, "https://127.0.0.1:1", "", CancellationToken.None);
        await Task.WhenAll(host.Services.GetServices<IHostedService>().OfType<IStartWork>().Select(work => work.Finished));
        await WaitAsync("the built-in catalog", () => Task.FromResult(((string[])["PostgreSQLInstance", "S3Bucket", "SQSQueue", "ElastiCacheCluster"])
            .All(k => Kinds.TryFind("platform.example.com/v1alpha1", k, out _))));
    }

    public async Task StopAsync()
    {
        if (host is null)
        {
            return;
        }

        await host.StopAsync();
        host.Dispose();
        host = null;
        data!.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        folder.Delete(recursive: true);
    }

    /// <summary>Applies manifests as a person does.</summary>
    public async Task ApplyAsync(string yaml)
    {
        foreach (var manifest in Manifests(yaml))
        {
            var outcome = await PutAsync(manifest);
            Assert.True(outcome is Written, (outcome as Refused)?.Problem.Detail);
        }
    }

    /// <summary>Why a manifest is not applied: what the rules that deny it say.</summary>
    public async Task<string> RefusalAsync(string yaml) => Said(await PutAsync(Assert.Single(Manifests(yaml))));

    public async Task DeleteAsync(ResourceKey key)
    {
        var outcome = await RemoveAsync(key);
        Assert.True(outcome is Written, (outcome as Refused)?.Problem.Detail);
    }

    public async Task<string> RefusalOfDeletionAsync(ResourceKey key) => Said(await RemoveAsync(key));

    private static IEnumerable<string> Read()
    {
        var assembly = typeof(ProvisioningModule).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith("BuiltIn/", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return "\n" + reader.ReadToEnd();
        }
    }

    private static IEnumerable<JsonObject> Manifests(string yaml)
    {
        Assert.True(YamlReader.TryReadAll(yaml, null, out var documents, out var error), error?.ToString());
        return documents.Select(d => d.Mapping);
    }

    private async Task<WriteOutcome> PutAsync(JsonObject manifest)
    {
        Assert.True(Kinds.TryFind(manifest.Text("apiVersion"), manifest.Text("kind"), out var kind), $"no kind {manifest.Text("kind")}");
        var key = kind.Key(manifest.NamespaceOf(), manifest.NameOf());
        var outcome = await Gateway.CreateAsync(Someone, kind, manifest.NamespaceOf(), manifest, new WriteOptions(), CancellationToken.None);
        // Controllers write as well; like kubectl, this tries again when one came between.
        for (var attempt = 0; attempt < 10 && outcome is Refused { Problem.Reason: "AlreadyExists" or "Conflict" }; attempt++)
        {
            // A copy each time: what is prepared says which version it was prepared over.
            outcome = await Gateway.UpdateAsync(Someone, kind, key, (_, _) => new(((JsonObject)manifest.DeepClone(), null)), new WriteOptions(), CancellationToken.None);
        }

        return outcome;
    }

    private Task<WriteOutcome> RemoveAsync(ResourceKey key) =>
        Gateway.DeleteAsync(Someone, Kinds.Find(key.Kind)!, key, new DeleteOptions(), new WriteOptions(), CancellationToken.None);

    private static string Said(WriteOutcome outcome)
    {
        var problem = Assert.IsType<Refused>(outcome).Problem;
        return problem.Denials.Count > 0 ? string.Join("; ", problem.Denials.Select(d => $"{d.Rule}: {d.Message}")) : problem.Detail;
    }

    /// <summary>Changes a resource in place, as a person does.</summary>
    public async Task MutateAsync(ResourceKey key, Action<JsonObject> change)
    {
        var outcome = await Gateway.UpdateAsync(Someone, Kinds.Find(key.Kind)!, key, (current, _) =>
        {
            change(current);
            return new((current, null));
        }, new WriteOptions(), CancellationToken.None);
        Assert.True(outcome is Written, (outcome as Refused)?.Problem.Detail);
    }

    /// <summary>Runs a controller's reconcile now, and ends when it has.</summary>
    public Task ReconcileAsync(string controller, ResourceKey key) => Services.GetServices<Controller>().Single(c => c.Name == controller)
        .Grain(Services.GetRequiredService<IGrainFactory>(), key.ToString()).ReconcileAsync();

    public async Task<JsonObject?> FindAsync(ResourceKey key) => (await Store.FindAsync(key, CancellationToken.None))?.ToDocument();

    public async Task<JsonObject> HasAsync(ResourceKey key, string condition, string status = "True")
    {
        JsonObject? seen = null;
        await WaitAsync($"{key} with {condition}={status}", async () => (seen = await FindAsync(key))?.FindCondition(condition)?.Status == status, () => seen?["status"]?.ToJsonString() ?? "nothing");
        return seen!;
    }

    public Task IsGoneAsync(ResourceKey key)
    {
        JsonObject? seen = null;
        return WaitAsync($"{key} to be gone", async () => (seen = await FindAsync(key)) is null, () => seen?.ToJsonString() ?? "nothing");
    }

    public static Dictionary<string, string> Values(JsonObject secret) => secret["data"]!.AsObject().ToDictionary(
        d => d.Key, d => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(d.Value!.ToString())));

    /// <summary>Looks again at each commit until it holds; the timeout says what it saw last.</summary>
    public async Task WaitAsync(string what, Func<Task<bool>> holds, Func<string>? saw = null)
    {
        var tail = Services.GetRequiredService<LedgerTail>();
        using var deadline = new CancellationTokenSource(Patience);
        var rows = new Queue<string>();
        try
        {
            await foreach (var batch in tail.FollowAsync(tail.Head, Idle, deadline.Token))
            {
                foreach (var row in batch)
                {
                    rows.Enqueue($"{row.Verb} {row.Key}");
                }

                while (rows.Count > 12)
                {
                    rows.Dequeue();
                }

                if (await holds())
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Waited {Patience} for {what}. Saw {saw?.Invoke()}. Last rows:\n{string.Join('\n', rows)}");
        }

        Assert.Fail($"The tail ended before {what}.");
    }
}
