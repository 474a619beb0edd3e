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
    public async Task A_secret_that_changes_reaches_the_service_by_a_process_that_takes_over_once_it_answers()
    {
        var commit = Commit(platform, "vault", "up");
        await platform.ApplyAsync($"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: vault\n---\n{Password("former")}\n---\n{Deployment("vault", commit)}");
        await platform.HasAsync(new ResourceKey(Deployments, "vault", "vault"), "Available");
        var runtime = platform.Services.GetRequiredService<IRuntime>();
        var port = runtime.PortOf("vault", "vault")!.Value;

        await platform.ApplyAsync(Password("next"));

        var answers = new List<string>();
        await platform.WaitAsync("the new password", async () =>
        {
            answers.Add((await AskAsync(runtime.PortOf("vault", "vault")!.Value)).Text("password"));
            return answers[^1] == "next";
        });
        Assert.All(answers.SkipLast(1), a => Assert.Equal("former", a));
        await platform.WaitAsync("the former process to end", () => Task.FromResult(LoopbackPorts.IsFree(port)));

        static string Password(string value) => $"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: vault\nstringData:\n  password: {value}";
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
    public async Task As_many_processes_run_as_the_deployment_says_and_requests_go_to_them_in_turn()
    {
        var (first, second) = (Commit(platform, "fleet", "one"), Commit(platform, "fleet", "two"));
        await platform.ApplyAsync($"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: fleet
            ---
            {Scaled("fleet", first, 3)}
            """);
        var key = new ResourceKey(Deployments, "fleet", "fleet");
        var runtime = platform.Services.GetRequiredService<IRuntime>();
        await RunsAsync(runtime, "fleet", first, 3);

        var turns = Enumerable.Range(0, 6).Select(_ => runtime.PortOf("fleet", "fleet")!.Value).ToList();
        Assert.Equal(3, turns.Distinct().Count());
        Assert.Equal(turns[..3], turns[3..]);
        foreach (var port in turns[..3])
        {
            Assert.Equal("one", (await AskAsync(port)).Text("text"));
        }

        Assert.Equal("3", (await platform.FindAsync(key))!.At("status", "readyReplicas")!.ToJsonString());

        // One process of the three ends: the other two go on, and it comes again.
        var all = platform.Services.GetRequiredService<ServiceRuntime>();
        var lost = all.Of(key)[0];
        var before = lost.Process;
        Processes.SignalGroup(before.Pid, Processes.Killed);
        await platform.WaitAsync("another process", () => Task.FromResult(lost.Process != before && runtime.Find("fleet", "fleet")?.Ports.Count == 3), () => $"{runtime.Find("fleet", "fleet")}");

        await platform.ApplyAsync(Scaled("fleet", second, 2));
        await RunsAsync(runtime, "fleet", second, 2);
        await platform.WaitAsync("the first processes to end", () => Task.FromResult(turns.TrueForAll(LoopbackPorts.IsFree)));

        await platform.ApplyAsync(Scaled("fleet", second, 0));
        await platform.WaitAsync("none to run", () => Task.FromResult(runtime.Find("fleet", "fleet")?.Phase == ServicePhase.Stopped), () => $"{runtime.Find("fleet", "fleet")}");
        Assert.Null(runtime.PortOf("fleet", "fleet"));
        Assert.Empty(all.Of(key));
        Assert.Equal("0", (await platform.FindAsync(key))!.At("status", "replicas")!.ToJsonString());
    }

    [Fact]
    public async Task A_replacement_that_does_not_answer_leaves_the_requests_with_the_processes_before_it()
    {
        var good = Commit(platform, "careful", "good");
        await platform.ApplyAsync($"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: careful
            ---
            {Scaled("careful", good, 2)}
            """);
        var runtime = platform.Services.GetRequiredService<IRuntime>();
        await RunsAsync(runtime, "careful", good, 2);
        var ports = runtime.Find("careful", "careful")!.Ports;

        await platform.ApplyAsync(Scaled("careful", Commit(platform, "careful", "bad", "process.exit(3);"), 2));
        await platform.WaitAsync("the failure", () => Task.FromResult(runtime.Find("careful", "careful")?.Phase == ServicePhase.Failed), () => $"{runtime.Find("careful", "careful")}");

        var key = new ResourceKey(Deployments, "careful", "careful");
        var phases = new HashSet<ServicePhase>();
        await platform.WaitAsync("two more starts", () =>
        {
            phases.Add(runtime.Find("careful", "careful")!.Phase);
            return Task.FromResult(platform.Services.GetRequiredService<ServiceRuntime>().Of(key).Any(s => s.Starts > 3));
        });
        Assert.Equal([ServicePhase.Failed], phases);
        Assert.Equal((good, 2), (runtime.Find("careful", "careful")!.Commit, runtime.Find("careful", "careful")!.Ports.Count));
        Assert.Equal(ports, runtime.Find("careful", "careful")!.Ports);
        Assert.Equal("good", (await AskAsync(runtime.PortOf("careful", "careful")!.Value)).Text("text"));
    }

    [Fact]
    public async Task More_processes_than_run_here_are_refused_in_a_condition_and_the_limits_that_hold_are_named()
    {
        var commit = Commit(platform, "crowd", "many");
        await platform.ApplyAsync($"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: crowd
            ---
            {Scaled("crowd", commit, 20)}
            """);
        var key = new ResourceKey(Deployments, "crowd", "crowd");

        var deployment = await platform.HasAsync(key, "ReplicasSupported", "False");

        Assert.Equal("The Deployment asks for 20 processes, and 4 run: all are on this machine", deployment.FindCondition("ReplicasSupported")!.Message);
        var limits = deployment.FindCondition("LimitsEnforced")!;
        Assert.Equal(
            platform.Services.GetRequiredService<ControlGroups>().Available ? ("True", "ControlGroup") : ("False", "ProcessLimits"), (limits.Status, limits.Reason));
        Assert.Contains("256 MiB", limits.Message, StringComparison.Ordinal);
        await platform.ApplyAsync(Scaled("crowd", commit, 1));
        await platform.HasAsync(key, "ReplicasSupported");
    }

    [Fact]
    public async Task Each_service_runs_as_a_user_of_its_own_whose_files_no_other_reads_when_the_platform_is_root()
    {
        Assert.SkipUnless(ServiceUsers.MayOwn(), "the tests do not run as root");
        var commits = new[] { "left", "right" }.ToDictionary(n => n, n => Commit(platform, n, n));
        var answers = new Dictionary<string, JsonObject>();
        var runtime = platform.Services.GetRequiredService<IRuntime>();
        foreach (var (name, commit) in commits)
        {
            await platform.ApplyAsync($"""
                apiVersion: v1
                kind: Namespace
                metadata:
                  name: {name}
                ---
                {Scaled(name, commit, 1)}
                """);
            await RunsAsync(runtime, name, commit, 1);
            answers[name] = await AskAsync(runtime.PortOf(name, name)!.Value);
        }

        var (left, right) = (answers["left"]["uid"]!.GetValue<int>(), answers["right"]["uid"]!.GetValue<int>());
        Assert.NotEqual(left, right);
        Assert.All([left, right], uid => Assert.InRange(uid, ServiceUsers.First, ServiceUsers.Last));
        Assert.Equal("service", answers["left"].Text("user"));
        Assert.Matches(@"Max processes\s+2048\s+2048", answers["left"].Text("limits"));
        Assert.Matches(@"Max open files\s+4096\s+4096", answers["left"].Text("limits"));
        var own = Path.Combine(platform.Data, "apps", "left", "left", commits["left"], "server.js");
        Assert.Equal(0, (await AsAsync(left, ["cat", own])).ExitCode);
        Assert.Contains("Permission denied", (await AsAsync(right, ["cat", own])).Output, StringComparison.Ordinal);
        var process = platform.Services.GetRequiredService<ServiceRuntime>().Of(new ResourceKey(Deployments, "left", "left"))[0].Process;
        Assert.Contains("not permitted", (await AsAsync(right, ["kill", "-0", $"{process.Pid}"])).Output, StringComparison.Ordinal);

        static Task<(int ExitCode, string Output)> AsAsync(int user, string[] command) =>
            Processes.RunAsync(UnprivilegedUser.Command(user, ["sh", "-c", "\"$@\"", "sh", .. command]), "/", TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
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
    public async Task A_dotnet_commit_without_a_lock_file_is_not_built_and_the_way_out_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-app-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "Service.csproj"), "<Project />", TestContext.Current.CancellationToken);
        var commit = HostedSource.Publish(platform.Data, "unlocked", folder);
        Directory.Delete(folder, recursive: true);
        await platform.ApplyAsync($"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: unlocked
            ---
            {Deployment("unlocked", commit)}
            """);

        var deployment = await platform.HasAsync(new ResourceKey(Deployments, "unlocked", "unlocked"), "Progressing", "False");

        Assert.Equal(
            "The commit has no packages.lock.json beside Service.csproj. Set RestorePackagesWithLockFile there, run 'dotnet restore' once and commit the file.",
            deployment.FindCondition("Progressing")!.Message);
    }

    [Fact]
    public async Task A_process_that_a_killed_platform_left_is_adopted_and_ended()
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-");
        using var data = DataFolder.Open(folder.FullName);
        var key = new ResourceKey(Deployments, "ns", "left");
        var killed = new ServiceRuntime(data, new ControlGroups("/nowhere"), TimeProvider.System, NullLogger<ServiceRuntime>.Instance);
        var started = killed.Ensure(key, new ServiceInstance("abc", new string('b', 40), 1, "", 5), ServiceLimits.Read("", ""), ["sleep", "600"], new Dictionary<string, string>());
        var pidFile = ServiceFolder.Of(data, key).Pid("abc");
        await platform.WaitAsync("the process to record itself", () => Task.FromResult(File.Exists(pidFile)));

        var restarted = new ServiceRuntime(data, new ControlGroups("/nowhere"), TimeProvider.System, NullLogger<ServiceRuntime>.Instance);
        await restarted.StartAsync(TestContext.Current.CancellationToken);

        var adopted = Assert.Single(restarted.Of(key));
        Assert.Equal(started.Process, adopted.Process);
        await restarted.StoppedAsync(TestContext.Current.CancellationToken);
        Assert.False(Processes.IsAlive(started.Process));
        folder.Delete(recursive: true);
    }

    private static string Scaled(string name, string commit, int replicas) =>
        Deployment(name, commit, secret: false).Replace("spec:\n  selector:", $"spec:\n  replicas: {replicas}\n  selector:", StringComparison.Ordinal);

    private Task RunsAsync(IRuntime runtime, string name, string commit, int processes) => platform.WaitAsync(
        $"{processes} processes of {name} at {commit}",
        () => Task.FromResult(runtime.Find(name, name) is { Phase: ServicePhase.Running } s && s.Commit == commit && s.Ports.Count == processes), () => $"{runtime.Find(name, name)}");

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
    private static string Commit(PlatformHost platform, string name, string text, string begin = "")
    {
        var work = Directory.CreateTempSubdirectory("flagstone-app-").FullName;
        File.WriteAllText(Path.Combine(work, "package.json"), """{ "name": "app", "version": "1.0.0", "main": "server.js" }""");
        File.WriteAllText(Path.Combine(work, "package-lock.json"), """
            { "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": { "": { "name": "app", "version": "1.0.0" } } }
            """);
        File.WriteAllText(Path.Combine(work, "server.js"), $$"""
            {{begin}}
            const fs = require('node:fs');
            require('node:http').createServer((request, response) => response.end(JSON.stringify({
              text: '{{text}}',
              password: process.env.PASSWORD,
              data: fs.existsSync('{{platform.Data}}'),
              uid: process.getuid(),
              user: require('node:os').userInfo().username,
              limits: fs.readFileSync('/proc/self/limits', 'utf8'),
              processes: fs.readdirSync('/proc').filter((n) => /^[0-9]+$/.test(n)).length,
            }))).listen(process.env.PORT, process.env.HOST, () => console.log('listening'));
            """);
        var commit = HostedSource.Publish(platform.Data, name, work);
        Directory.Delete(work, recursive: true);
        return commit;
    }
}
