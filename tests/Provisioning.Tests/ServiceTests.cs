using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Data;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Providers;
using Flagstone.Provisioning.Providers.Process;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flagstone.Provisioning.Tests;

public sealed class ServiceTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    private static readonly KindId Deployments = new("deployments", "apps");

    [Fact]
    public async Task A_deployment_runs_its_commit_confined_with_its_secret_and_a_new_commit_takes_over()
    {
        var first = Commit(platform, "shop", "one");
        await platform.ApplyAsync($"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: shop
            ---
            {Deployment("shop", first)}
            """);
        var key = new ResourceKey(Deployments, "shop", "shop");
        var runtime = platform.Services.GetRequiredService<IRuntime>();
        await platform.WaitAsync("the wait for the secret", () => Task.FromResult(runtime.Find("shop", "shop")?.Phase == ServicePhase.Waiting), () => $"{runtime.Find("shop", "shop")}");

        await platform.ApplyAsync("""
            apiVersion: v1
            kind: Secret
            metadata:
              name: db
              namespace: shop
            stringData:
              password: sesame
            """);
        var deployment = await platform.HasAsync(key, "Available");

        var port = runtime.PortOf("shop", "shop")!.Value;
        Assert.Equal(port, deployment.At("status", "process", "port")!.GetValue<int>());
        var answer = await AskAsync(port);
        Assert.Equal("one", answer.Text("text"));
        Assert.Equal("sesame", answer.Text("password"));
        Assert.False(answer["data"]!.GetValue<bool>(), "the data folder is in view");
        Assert.NotEqual(0, answer["uid"]!.GetValue<int>());
        Assert.True(answer["processes"]!.GetValue<int>() < 5, "other processes are in view");
        Assert.Contains(await runtime.RecentLogsAsync("shop", "shop", 10, TestContext.Current.CancellationToken), l => l.Contains("listening", StringComparison.Ordinal));

        var second = Commit(platform, "shop", "two");
        await platform.ApplyAsync(Deployment("shop", second));
        await platform.WaitAsync("the second commit", () => Task.FromResult(runtime.Find("shop", "shop") is { Phase: ServicePhase.Running } s && s.Commit == second), () => $"{runtime.Find("shop", "shop")}");
        Assert.Equal("two", (await AskAsync(runtime.PortOf("shop", "shop")!.Value)).Text("text"));
        await platform.WaitAsync("the first process to end", () => Task.FromResult(LoopbackPorts.IsFree(port)));

        await platform.DeleteAsync(key);
        await platform.IsGoneAsync(key);
        Assert.Null(runtime.Find("shop", "shop"));
        Assert.False(Directory.Exists(Path.Combine(platform.Data, "apps", "shop", "shop")));
    }

    [Fact]
    public async Task A_process_that_ends_is_started_again()
    {
        var commit = Commit(platform, "phoenix", "up");
        await platform.ApplyAsync($"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: phoenix
            ---
            {Deployment("phoenix", commit, secret: false)}
            """);
        await platform.HasAsync(new ResourceKey(Deployments, "phoenix", "phoenix"), "Available");
        var runtime = platform.Services.GetRequiredService<ServiceRuntime>();
        var before = runtime.Of(new ResourceKey(Deployments, "phoenix", "phoenix"))[0].Process;

        Processes.SignalGroup(before.Pid, Processes.Killed);

        await platform.WaitAsync("another process", () => Task.FromResult(
            runtime.Of(new ResourceKey(Deployments, "phoenix", "phoenix")) is [{ Answers: true } now] && now.Process != before), () => $"{runtime.Find("phoenix", "phoenix")}");
    }

    [Fact]
    public async Task A_restarted_platform_brings_its_services_and_databases_back()
    {
        await using var other = new PlatformHost();
        await other.InitializeAsync();
        var commit = Commit(other, "again", "back");
        await other.ApplyAsync($"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: again
            ---
            apiVersion: platform.example.com/v1alpha1
            kind: PostgreSQLInstance
            metadata:
              name: db
              namespace: again
            spec:
              writeConnectionSecretToRef:
                name: db
            ---
            {Deployment("again", commit)}
            """);
        var (claim, key) = (new ResourceKey(new KindId("postgresqlinstances", "platform.example.com"), "again", "db"), new ResourceKey(Deployments, "again", "again"));
        await other.HasAsync(claim, "Ready");
        await other.HasAsync(key, "Available");
        var password = (await AskAsync(other.Services.GetRequiredService<IRuntime>().PortOf("again", "again")!.Value)).Text("password");

        await other.StopAsync();
        await other.StartAsync();

        var runtime = other.Services.GetRequiredService<IRuntime>();
        await other.WaitAsync("the service", () => Task.FromResult(runtime.PortOf("again", "again") is not null), () => $"{runtime.Find("again", "again")}");
        Assert.Equal(password, (await AskAsync(runtime.PortOf("again", "again")!.Value)).Text("password"));
        Assert.True((await other.FindAsync(claim))!.IsTrue("Ready"));
    }

    [Fact]
    public async Task A_missing_repository_is_named()
    {
        await platform.ApplyAsync($"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: lost
            ---
            {Deployment("lost", new string('a', 40))}
            """);

        var deployment = await platform.HasAsync(new ResourceKey(Deployments, "lost", "lost"), "Progressing", "False");

        Assert.Contains("There is no repository lost here", deployment.FindCondition("Progressing")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_a_killed_platform_left_is_adopted_and_ended()
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-");
        using var data = DataFolder.Open(folder.FullName);
        var key = new ResourceKey(Deployments, "ns", "left");
        var killed = new ServiceRuntime(data, TimeProvider.System, NullLogger<ServiceRuntime>.Instance);
        var started = killed.Ensure(key, new ServiceInstance("abc", new string('b', 40), 1, "", 5), ["sleep", "600"], new Dictionary<string, string>());
        var pidFile = ServiceFolder.Of(data, key).Pid("abc");
        await platform.WaitAsync("the process to record itself", () => Task.FromResult(File.Exists(pidFile)));

        var restarted = new ServiceRuntime(data, TimeProvider.System, NullLogger<ServiceRuntime>.Instance);
        await restarted.StartAsync(TestContext.Current.CancellationToken);

        var adopted = Assert.Single(restarted.Of(key));
        Assert.Equal(started.Process, adopted.Process);
        await restarted.StoppedAsync(TestContext.Current.CancellationToken);
        Assert.False(Processes.IsAlive(started.Process));
        folder.Delete(recursive: true);
    }

    private static async Task<JsonObject> AskAsync(int port)
    {
        using var http = new HttpClient();
        return (await http.GetFromJsonAsync<JsonObject>(new Uri($"http://127.0.0.1:{port}/"), TestContext.Current.CancellationToken))!;
    }

    private static string Deployment(string name, string commit, bool secret = true) => $"""
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {name}
          namespace: {name}
          annotations:
            flagstone.dev/source: {name}@{commit}
        spec:
          selector:
            matchLabels:
              app: {name}
          template:
            metadata:
              labels:
                app: {name}
            spec:
              containers:
                - name: service
                  image: none
                  env:
                    - name: PLAIN
                      value: plain
        {(secret ? """
                    - name: PASSWORD
                      valueFrom:
                        secretKeyRef:
                          name: db
                          key: password
        """ : "")}
                  readinessProbe:
                    httpGet:
                      path: /
                      port: http
        """;

    /// <summary>Commits a service of one file to the hosted repository of that name, and gives the commit.</summary>
    private static string Commit(PlatformHost platform, string name, string text)
    {
        var work = Directory.CreateTempSubdirectory("flagstone-app-").FullName;
        File.WriteAllText(Path.Combine(work, "package.json"), """{ "name": "app", "version": "1.0.0", "main": "server.js" }""");
        File.WriteAllText(Path.Combine(work, "package-lock.json"), """
            { "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": { "": { "name": "app", "version": "1.0.0" } } }
            """);
        File.WriteAllText(Path.Combine(work, "server.js"), $$"""
            const fs = require('node:fs');
            require('node:http').createServer((request, response) => response.end(JSON.stringify({
              text: '{{text}}',
              password: process.env.PASSWORD,
              data: fs.existsSync('{{platform.Data}}'),
              uid: process.getuid(),
              processes: fs.readdirSync('/proc').filter((n) => /^[0-9]+$/.test(n)).length,
            }))).listen(process.env.PORT, process.env.HOST, () => console.log('listening'));
            """);
        var commit = HostedSource.Publish(platform.Data, name, work);
        Directory.Delete(work, recursive: true);
        return commit;
    }
}
