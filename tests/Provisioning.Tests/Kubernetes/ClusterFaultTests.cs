using System.Text.Json.Nodes;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Providers.Kubernetes;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Kubernetes;

/// <summary>What a driver makes of clusters that refuse, break off and stay away.</summary>
public sealed class ClusterFaultTests : IAsyncLifetime
{
    private const string Token = "t0k3n-of-the-cluster";

    private readonly FaultyCluster cluster = new();
    private readonly PlatformHost host = new() { Settings = { [$"{KubernetesOptions.Section}:CallTimeout"] = "00:00:01" } };

    private IProviderDriver Driver => host.Services.GetRequiredService<ProviderDrivers>().Find(KubernetesKinds.Object.Id)!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await cluster.StartAsync();
        await host.InitializeAsync();
        await PointAsync(cluster.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await cluster.DisposeAsync();
    }

    [Fact]
    public async Task Each_answer_has_its_meaning()
    {
        foreach (var (status, meaning) in ((int, Type)[])[(400, typeof(Failed)), (401, typeof(Failed)), (403, typeof(Failed)), (404, typeof(Waiting)), (409, typeof(Failed)),
            (422, typeof(Failed)), (429, typeof(Failed)), (500, typeof(Unknown)), (503, typeof(Failed)), (504, typeof(Unknown))])
        {
            cluster.Answers = context => FaultyCluster.RefuseAsync(context, status, $"said {status}");

            var outcome = await Driver.CreateAsync(Map(), Ct);

            Assert.True(outcome.GetType() == meaning, $"{status} came to {outcome}");
            Assert.Contains($"said {status}", outcome.ToString(), StringComparison.Ordinal);
            Assert.Equal(status is 400 or 422, outcome is Failed { Terminal: true });
        }

        Assert.Equal($"Bearer {Token}", cluster.Authorization);
    }

    [Fact]
    public async Task A_lost_answer_is_unknown_and_a_cluster_that_is_not_there_did_nothing()
    {
        cluster.Answers = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        Assert.Equal("The cluster did not answer within 1 seconds", Assert.IsType<Unknown>(await Driver.CreateAsync(Map(), Ct)).Problem);
        Assert.IsType<Unobservable>(await Driver.ObserveAsync(Map(), Ct));

        cluster.Answers = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        Assert.IsType<Unknown>(await Driver.CreateAsync(Map(), Ct));

        await PointAsync($"http://127.0.0.1:{Platform.Data.LoopbackPorts.Free()}");
        var refused = Assert.IsType<Failed>(await Driver.CreateAsync(Map(), Ct));
        Assert.False(refused.Terminal);
        Assert.DoesNotContain(Token, refused.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_no_object_or_too_large_is_no_object()
    {
        cluster.Answers = context => context.Response.WriteAsync("<html>Sign in</html>");
        Assert.IsType<Unobservable>(await Driver.ObserveAsync(Map(), Ct));

        cluster.Answers = context => context.Response.WriteAsync($"\"{new string('x', 5_000_000)}\"");
        Assert.StartsWith("The cluster's answer is larger than", Assert.IsType<Unobservable>(await Driver.ObserveAsync(Map(), Ct)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_cluster_repeats_of_a_secret_is_struck_out()
    {
        cluster.Answers = context => FaultyCluster.RefuseAsync(context, 422, "Secret \"one\" is invalid: data: Invalid value: \"hunter22\"");
        var manifest = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Secret", ["stringData"] = new JsonObject { ["password"] = "hunter22" } };

        var failed = Assert.IsType<Failed>(await Driver.CreateAsync(Resource(manifest), Ct));

        Assert.Equal("Secret \"one\" is invalid: data: Invalid value: \"***\"", failed.Problem);
    }

    [Fact]
    public async Task A_manifest_without_a_kind_is_refused_and_reaches_no_other_path()
    {
        cluster.Answers = _ => throw new InvalidOperationException("Nothing is to be asked.");
        foreach (var manifest in (JsonObject[])[[], new JsonObject { ["apiVersion"] = "v1" }, new JsonObject { ["apiVersion"] = "v1?x=y", ["kind"] = "ConfigMap" }, new JsonObject { ["apiVersion"] = "a/b/c", ["kind"] = "ConfigMap" }, new JsonObject { ["apiVersion"] = "../v1", ["kind"] = "ConfigMap" }])
        {
            Assert.IsType<Absent>(await Driver.ObserveAsync(Resource(manifest), Ct));
            Assert.True(Assert.IsType<Failed>(await Driver.CreateAsync(Resource(manifest), Ct)).Terminal);
        }
    }

    [Theory]
    [InlineData("..", "default")]
    [InlineData(".", "default")]
    [InlineData("one/status", "default")]
    [InlineData("one%2Fstatus", "default")]
    [InlineData("one", "..")]
    [InlineData("one", "a/configmaps/b")]
    public async Task A_name_that_is_another_path_is_never_asked_for(string name, string ns)
    {
        var asked = 0;
        cluster.Answers = context =>
        {
            asked++;
            return FaultyCluster.RefuseAsync(context, 404, "not found");
        };
        var named = Resource(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns } });

        Assert.IsType<Absent>(await Driver.ObserveAsync(named, Ct));
        Assert.True(Assert.IsType<Failed>(await Driver.CreateAsync(named, Ct)).Terminal);
        Assert.IsType<Done>(await Driver.DeleteAsync(named, Ct));
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        var paths = new List<string>();
        cluster.Answers = context =>
        {
            paths.Add(context.Request.Path);
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        };

        Assert.IsType<Unobservable>(await Driver.ObserveAsync(Map(), Ct));

        Assert.Equal(["/api/v1/namespaces/default/configmaps/one"], paths);
    }

    private Task PointAsync(string url) => host.ApplyAsync($$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: faulty, namespace: flagstone-system}
        data:
          kubeconfig: {{TestCluster.Encoded($$"""
            apiVersion: v1
            kind: Config
            clusters: [{name: here, cluster: {server: "{{url}}"} }]
            users: [{name: me, user: {token: {{Token}} } }]
            contexts: [{name: now, context: {cluster: here, user: me} }]
            current-context: now
            """)}}
        ---
        apiVersion: kubernetes.crossplane.io/v1alpha1
        kind: ProviderConfig
        metadata: {name: default}
        spec:
          credentials:
            source: Secret
            secretRef: {namespace: flagstone-system, name: faulty, key: kubeconfig}
        """);

    private static ManagedResource Map() => Resource(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["data"] = new JsonObject { ["a"] = "1" } });

    private static ManagedResource Resource(JsonObject manifest)
    {
        var document = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "one" },
            ["spec"] = new JsonObject { ["forProvider"] = new JsonObject { ["manifest"] = manifest.DeepClone() } },
        };
        return new ManagedResource(KubernetesKinds.Object, KubernetesKinds.Object.Key("", "one"), document, "one", "", new Dictionary<string, string>());
    }
}
