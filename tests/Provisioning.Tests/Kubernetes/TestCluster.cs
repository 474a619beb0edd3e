using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Yaml;
using Flagstone.Testing;
using k8s;

namespace Flagstone.Provisioning.Tests.Kubernetes;

/// <summary>A cluster's API over TLS, and a platform that provisions in it.</summary>
public abstract class TestCluster : IAsyncLifetime
{
    private HttpClient? http;

    /// <summary>Why there is none on this machine; null when there is.</summary>
    public string? Missing { get; protected set; }

    public string Kubeconfig { get; private set; } = "";

    public string KubeconfigFile { get; private set; } = "";

    internal PlatformHost Host { get; } = new();

    public async ValueTask InitializeAsync()
    {
        if (await StartAsync() is not { } kubeconfig)
        {
            return;
        }

        KubeconfigFile = kubeconfig;
        Kubeconfig = await File.ReadAllTextAsync(kubeconfig);
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        var client = new k8s.Kubernetes(configuration);
        http = client.HttpClient;
        http.BaseAddress = new Uri(configuration.Host.TrimEnd('/') + "/");
        http.DefaultRequestHeaders.Authorization = new("Bearer", configuration.AccessToken);
        await Host.InitializeAsync();
        await Host.ApplyAsync($$"""
            apiVersion: v1
            kind: Secret
            metadata: {name: cluster, namespace: flagstone-system}
            data: {kubeconfig: {{Encoded(Kubeconfig)}}}
            ---
            apiVersion: kubernetes.crossplane.io/v1alpha1
            kind: ProviderConfig
            metadata: {name: default}
            spec:
              credentials:
                source: Secret
                secretRef: {namespace: flagstone-system, name: cluster, key: kubeconfig}
            """);
    }

    public async ValueTask DisposeAsync()
    {
        if (Kubeconfig.Length > 0)
        {
            await Host.DisposeAsync();
        }

        http?.Dispose();
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    public static string Encoded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>Null when it is not there.</summary>
    public async Task<JsonObject?> GetAsync(string path)
    {
        using var answer = await http!.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject() : null;
    }

    /// <summary>Creates an object as someone else.</summary>
    public async Task CreateAsync(string path, string yaml)
    {
        Assert.True(YamlReader.TryReadAll(yaml, null, out var documents, out var error), error?.ToString());
        await SendAsync(HttpMethod.Post, path, documents[0].Mapping.ToJsonString(), "application/json");
    }

    /// <summary>Changes an object as someone else, by a merge patch.</summary>
    public Task PatchAsync(string path, string patch) => SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json");

    public Task DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, "{}", "application/json");

    /// <summary>The path of a kubeconfig; null with <see cref="Missing"/> set.</summary>
    protected abstract Task<string?> StartAsync();

    protected abstract Task StopAsync();

    private async Task SendAsync(HttpMethod method, string path, string body, string contentType)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, contentType) };
        using var answer = await http!.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

/// <summary>Another installation of this platform: its Kubernetes API, in a process of its own.</summary>
public sealed class PlatformCluster : TestCluster
{
    private RunningHost? cluster;

    protected override async Task<string?> StartAsync()
    {
        cluster = await RunningHost.StartAsync(TestContext.Current.CancellationToken);
        return cluster.Kubeconfig;
    }

    protected override async Task StopAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }
    }
}

/// <summary>A real kube-apiserver with etcd, where <c>script/apiserver --build</c> has built one.</summary>
public sealed class ApiServerCluster : TestCluster
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-apiserver-");

    protected override async Task<string?> StartAsync()
    {
        var cache = Environment.GetEnvironmentVariable("FLAGSTONE_APISERVER") is { Length: > 0 } given
            ? given : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache/flagstone/apiserver");
        if (!File.Exists(Path.Combine(cache, "kube-apiserver")) || !Programs.Has("etcd") || !Programs.Has("kubectl"))
        {
            Missing = "There is no kube-apiserver with etcd and kubectl on this machine: see script/apiserver. The provider was tested against the platform's own API alone.";
            return null;
        }

        await RunAsync("--up");
        return Path.Combine(folder.FullName, "kubeconfig");
    }

    protected override async Task StopAsync()
    {
        if (Missing is null)
        {
            await RunAsync("--down");
        }

        try
        {
            folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // etcd is about to end, and writes a last file.
        }
    }

    private async Task RunAsync(string command)
    {
        // What it starts outlives it, and would keep a pipe open.
        var script = Path.Combine(Root(), "script/apiserver");
        using var run = Process.Start("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", script, command, folder.FullName]);
        await run.WaitForExitAsync();
        Assert.Equal(0, run.ExitCode);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Monolith.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The repository's root is not above the tests.");
        }

        return folder.FullName;
    }
}
