using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Managed.Health;
using Flagstone.Provisioning.Providers.Kubernetes;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Kubernetes;

public sealed class PlatformClusterTests(PlatformCluster cluster) : KubernetesTests(cluster), IClassFixture<PlatformCluster>;

public sealed class ApiServerTests(ApiServerCluster cluster) : KubernetesTests(cluster), IClassFixture<ApiServerCluster>;

public abstract class KubernetesTests(TestCluster cluster) : IAsyncLifetime
{
    private const string Maps = "api/v1/namespaces/default/configmaps";

    private PlatformHost Host => cluster.Host;

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(cluster.Missing is null, cluster.Missing ?? "");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_manifest_is_applied_mirrored_changed_and_deleted()
    {
        await ApplyMapAsync("whole", "a: \"1\", b: \"2\"");
        var made = await Host.HasAsync(Key("whole"), "Ready");
        Assert.True(made.IsTrue("Synced"));
        Assert.Equal("1", made.At("status", "atProvider", "manifest", "data").Text("a"));
        Assert.Null(made.At("status", "atProvider", "manifest", "metadata", "managedFields"));

        // What others own stays; what the manifest drops goes.
        await cluster.PatchAsync($"{Maps}/whole", """{"data":{"theirs":"kept"}}""");
        await ApplyMapAsync("whole", "a: \"3\"");
        await Host.WaitAsync("the change in the cluster", async () => (await cluster.GetAsync($"{Maps}/whole"))!["data"].Text("a") == "3");
        var data = (await cluster.GetAsync($"{Maps}/whole"))!["data"]!.AsObject();
        Assert.Equal(["a", "theirs"], data.Select(d => d.Key).Order(StringComparer.Ordinal));

        await Host.DeleteAsync(Key("whole"));
        await Host.IsGoneAsync(Key("whole"));
        Assert.Null(await cluster.GetAsync($"{Maps}/whole"));
    }

    [Fact]
    public async Task What_others_change_of_ours_is_said_field_by_field_and_mended()
    {
        await ApplyMapAsync("drifts", "a: \"1\"", "managementPolicies: [Observe, Create, Delete]");
        await Host.HasAsync(Key("drifts"), "Ready");
        await cluster.PatchAsync($"{Maps}/drifts", """{"data":{"a":"2"},"metadata":{"labels":{"theirs":"yes"}}}""");

        var present = Assert.IsType<Present>(await ObserveAsync("drifts"));
        var field = Assert.Single(present.Drift);
        Assert.Equal(("forProvider.manifest.data.a", "1", "2"), (field.Path, field.Wanted?.ToString(), field.Actual?.ToString()));
        await Host.ReconcileAsync(ManagedResourceGrain.Controller, Key("drifts"));
        Assert.Equal(
            "managementPolicies do not let it be updated: spec.forProvider.manifest.data.a is \"2\" and should be \"1\"",
            (await Host.HasAsync(Key("drifts"), "Synced", "False")).FindCondition("Synced")!.Message);

        await Host.MutateAsync(Key("drifts"), d => d["spec"]!.AsObject().Remove("managementPolicies"));
        await Host.HasAsync(Key("drifts"), "Synced");
        var mended = (await cluster.GetAsync($"{Maps}/drifts"))!;
        Assert.Equal(("1", "yes"), (mended["data"].Text("a"), mended.Label("theirs")));
        Assert.Null(Assert.IsType<Present>(await ObserveAsync("drifts")).Difference);
    }

    [Fact]
    public async Task A_deletion_waits_for_the_finalizers_of_others()
    {
        await ApplyMapAsync("held", "a: \"1\"");
        await Host.HasAsync(Key("held"), "Ready");
        await cluster.PatchAsync($"{Maps}/held", """{"metadata":{"finalizers":["example.com/hold"]}}""");
        await Host.DeleteAsync(Key("held"));

        var waits = await Host.HasAsync(Key("held"), "Synced", "False");
        Assert.Equal("v1 ConfigMap 'default/held' is being deleted, and is held by the finalizers example.com/hold", waits.FindCondition("Synced")!.Message);

        await cluster.PatchAsync($"{Maps}/held", """{"metadata":{"finalizers":null}}""");
        await Host.IsGoneAsync(Key("held"));
    }

    [Fact]
    public async Task An_observed_object_is_left_alone_and_an_orphan_outlives_its_resource()
    {
        await cluster.CreateAsync(Maps, "{apiVersion: v1, kind: ConfigMap, metadata: {name: theirs}, data: {a: \"9\"}}");
        await Host.ApplyAsync("""
            apiVersion: kubernetes.crossplane.io/v1alpha1
            kind: Object
            metadata: {name: theirs}
            spec:
              managementPolicy: Observe
              forProvider:
                manifest: {apiVersion: v1, kind: ConfigMap, metadata: {namespace: default}}
            """);
        var seen = await Host.HasAsync(Key("theirs"), "Ready");
        Assert.Equal("9", seen.At("status", "atProvider", "manifest", "data").Text("a"));
        await Host.DeleteAsync(Key("theirs"));
        await Host.IsGoneAsync(Key("theirs"));

        await ApplyMapAsync("orphan", "a: \"1\"", "deletionPolicy: Orphan");
        await Host.HasAsync(Key("orphan"), "Ready");
        await Host.DeleteAsync(Key("orphan"));
        await Host.IsGoneAsync(Key("orphan"));

        Assert.NotNull(await cluster.GetAsync($"{Maps}/theirs"));
        Assert.NotNull(await cluster.GetAsync($"{Maps}/orphan"));
    }

    [Fact]
    public async Task An_object_waits_for_its_kind_and_its_namespace_and_is_ready_when_its_policy_says()
    {
        foreach (var (name, readiness) in ((string, string)[])[("by-ready", "policy: DeriveFromObject"), ("by-all", "policy: AllTrue"), ("by-query", "policy: DeriveFromCelQuery, celQuery: \"has(object.status) && object.status.phase == 'Up'\"")])
        {
            await Host.ApplyAsync($$$"""
                apiVersion: kubernetes.crossplane.io/v1alpha2
                kind: Object
                metadata: {name: {{{name}}}}
                spec:
                  readiness: { {{{readiness}}} }
                  forProvider:
                    manifest: {apiVersion: tests.example.com/v1, kind: Engine, metadata: {namespace: engines}, spec: {size: 1}}
                """);
        }

        var unserved = await Host.HasAsync(Key("by-ready"), "Synced", "False");
        Assert.Equal(("Waiting", "The cluster does not serve tests.example.com/v1 Engine"), (unserved.FindCondition("Synced")!.Reason, unserved.FindCondition("Synced")!.Message));
        await cluster.CreateAsync("apis/apiextensions.k8s.io/v1/customresourcedefinitions", """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: engines.tests.example.com}
            spec:
              group: tests.example.com
              scope: Namespaced
              names: {kind: Engine, plural: engines}
              versions:
                - name: v1
                  served: true
                  storage: true
                  subresources: {status: {}}
                  schema:
                    openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer, default: 1}, mode: {type: string, default: slow}}}, status: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
            """);
        await cluster.CreateAsync("api/v1/namespaces", "{apiVersion: v1, kind: Namespace, metadata: {name: engines}}");

        foreach (var name in (string[])["by-ready", "by-all", "by-query"])
        {
            await Host.HasAsync(Key(name), "Synced");
            Assert.False((await Host.FindAsync(Key(name)))!.IsTrue("Ready"));
            await cluster.PatchAsync(
                $"apis/tests.example.com/v1/namespaces/engines/engines/{name}/status",
                """{"status":{"phase":"Up","conditions":[{"type":"Ready","status":"True","reason":"Up"},{"type":"Oiled","status":"True","reason":"Full"}]}}""");
            await Host.HasAsync(Key(name), "Ready");
        }

        // The cluster's defaults are no drift.
        var present = Assert.IsType<Present>(await ObserveAsync("by-ready"));
        Assert.Equal("slow", present.AtProvider.At("manifest", "spec").Text("mode"));
        Assert.Empty(present.Drift);
    }

    [Fact]
    public async Task Values_come_from_references_and_go_to_the_connection_secret_and_no_secret_is_told()
    {
        await ApplyMapAsync("secretive-copy", "unset: \"1\"", """
            references:
                - dependsOn: {apiVersion: v1, kind: ConfigMap, name: source, namespace: default}
                - patchesFrom: {apiVersion: v1, kind: ConfigMap, name: source, namespace: default, fieldPath: data.city}
                  toFieldPath: data.town
            """);
        var waits = await Host.HasAsync(Key("secretive-copy"), "Synced", "False");
        Assert.Equal("ConfigMap 'source' is not there yet", waits.FindCondition("Synced")!.Message);
        await Host.ApplyAsync("{apiVersion: v1, kind: ConfigMap, metadata: {name: source, namespace: default}, data: {city: Bern}}");
        await Host.HasAsync(Key("secretive-copy"), "Ready");
        Assert.Equal("Bern", (await cluster.GetAsync($"{Maps}/secretive-copy"))!["data"].Text("town"));

        await Host.ApplyAsync($$$"""
            apiVersion: kubernetes.crossplane.io/v1alpha2
            kind: Object
            metadata: {name: secretive}
            spec:
              connectionDetails:
                - {apiVersion: v1, kind: Secret, namespace: default, name: secretive, fieldPath: data.password, toConnectionSecretKey: password}
                - {apiVersion: v1, kind: Secret, namespace: default, name: secretive, fieldPath: metadata.name, toConnectionSecretKey: name}
              writeConnectionSecretToRef: {name: secretive-connection, namespace: flagstone-system}
              references:
                - patchesFrom: {apiVersion: v1, kind: Secret, name: given, namespace: flagstone-system, fieldPath: data}
              forProvider:
                manifest: {apiVersion: v1, kind: Secret, metadata: {namespace: default}, data: {}}
            """);
        await Host.ApplyAsync($$"""
            apiVersion: v1
            kind: Secret
            metadata: {name: given, namespace: flagstone-system}
            data: {password: {{TestCluster.Encoded("hunter22")}}}
            """);
        await Host.HasAsync(Key("secretive"), "Ready");
        var secret = await Host.FindAsync(new ResourceKey(new KindId("secrets", ""), "flagstone-system", "secretive-connection"));
        Assert.Equal(("hunter22", "secretive"), (PlatformHost.Values(secret!)["password"], PlatformHost.Values(secret!)["name"]));

        await cluster.PatchAsync("api/v1/namespaces/default/secrets/secretive", $$$"""{"data":{"password":"{{{TestCluster.Encoded("stolen11")}}}"}}""");
        var present = Assert.IsType<Present>(await ObserveAsync("secretive"));
        Assert.Equal("(hidden)", Assert.Single(present.Drift).Actual!.ToString());
        var told = (await Host.FindAsync(Key("secretive")))!.ToJsonString() + present.Difference + present.AtProvider.ToJsonString();
        foreach (var value in (string[])[TestCluster.Encoded("hunter22"), TestCluster.Encoded("stolen11"), "hunter22", "stolen11"])
        {
            Assert.DoesNotContain(value, told, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_the_cluster_refuses_says_why_and_is_no_fault_of_the_cluster()
    {
        await Host.ApplyAsync("""
            apiVersion: kubernetes.crossplane.io/v1alpha2
            kind: Object
            metadata: {name: refused}
            spec:
              forProvider:
                manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: Not_A_Name, namespace: default}}
            """);

        var refused = (await Host.HasAsync(Key("refused"), "Synced", "False")).FindCondition("Synced")!;
        Assert.StartsWith("create failed: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Not_A_Name", refused.Message, StringComparison.Ordinal);
        Assert.True(Host.Services.GetRequiredService<ProviderHealth>().Find("kubernetes")!.Refused > 0);
    }

    [Fact]
    public async Task A_manifest_that_names_another_object_moves_nothing_and_says_so()
    {
        await ApplyMapAsync("first", "a: \"1\"");
        await Host.HasAsync(Key("first"), "Ready");
        await Host.MutateAsync(Key("first"), d => d.At("spec", "forProvider", "manifest", "metadata")!["name"] = "second");

        var stuck = (await Host.HasAsync(Key("first"), "Synced", "False")).FindCondition("Synced")!;
        Assert.Equal("ReplacementNeeded", stuck.Reason);
        Assert.Null(await cluster.GetAsync($"{Maps}/second"));
        await Host.DeleteAsync(Key("first"));
        await Host.IsGoneAsync(Key("first"));
        Assert.Null(await cluster.GetAsync($"{Maps}/first"));
    }

    [Fact]
    public async Task A_namespace_has_objects_and_configs_and_secrets_of_its_own()
    {
        await Host.ApplyAsync($$$"""
            apiVersion: v1
            kind: Namespace
            metadata: {name: team-a}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: cluster, namespace: team-a}
            data: {kubeconfig: {{{TestCluster.Encoded(cluster.Kubeconfig)}}}}
            ---
            apiVersion: kubernetes.m.crossplane.io/v1alpha1
            kind: ProviderConfig
            metadata: {name: own, namespace: team-a}
            spec: {credentials: {source: Secret, secretRef: {name: cluster, key: kubeconfig} } }
            ---
            apiVersion: kubernetes.m.crossplane.io/v1alpha1
            kind: ProviderConfig
            metadata: {name: others, namespace: team-a}
            spec: {credentials: {source: Secret, secretRef: {namespace: flagstone-system, name: cluster, key: kubeconfig} } }
            """);
        foreach (var config in (string[])["own", "others"])
        {
            await Host.ApplyAsync($$$"""
                apiVersion: kubernetes.m.crossplane.io/v1alpha1
                kind: Object
                metadata: {name: by-{{{config}}}, namespace: team-a}
                spec:
                  providerConfigRef: {kind: ProviderConfig, name: {{{config}}}}
                  connectionDetails:
                    - {apiVersion: v1, kind: ConfigMap, namespace: default, name: by-{{{config}}}, fieldPath: data.a, toConnectionSecretKey: a}
                  writeConnectionSecretToRef: {name: by-{{{config}}}}
                  forProvider:
                    manifest: {apiVersion: v1, kind: ConfigMap, metadata: {namespace: default}, data: {a: "1"}}
                """);
        }

        await Host.HasAsync(KubernetesKinds.NamespacedObject.Key("team-a", "by-own"), "Ready");
        Assert.Equal("1", PlatformHost.Values((await Host.FindAsync(new ResourceKey(new KindId("secrets", ""), "team-a", "by-own")))!)["a"]);
        var refused = await Host.HasAsync(KubernetesKinds.NamespacedObject.Key("team-a", "by-others"), "Synced", "False");
        Assert.Equal("observe failed: ProviderConfig 'others': its secret must lie in its own namespace 'team-a'", refused.FindCondition("Synced")!.Message);
    }

    [Fact]
    public async Task A_kind_that_nobody_here_makes_is_made_by_a_Crossplane_in_the_cluster()
    {
        await cluster.CreateAsync("apis/apiextensions.k8s.io/v1/customresourcedefinitions", """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: topics.pubsub.gcp.example.com}
            spec:
              group: pubsub.gcp.example.com
              scope: Cluster
              names: {kind: Topic, plural: topics}
              versions:
                - name: v1beta1
                  served: true
                  storage: true
                  subresources: {status: {}}
                  schema:
                    openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
            """);
        var kind = ManagedKinds.Make("topics", "pubsub.gcp.example.com", "v1beta1", "Topic");
        await using var platform = new PlatformHost
        {
            Settings = { [$"{KubernetesOptions.Section}:Delegate"] = "true", [$"{KubernetesOptions.Section}:Kubeconfig"] = cluster.KubeconfigFile },
            Adds = services => services.AddSingleton(kind).AddSingleton<IProviderDriver>(s => new Serving(s.GetRequiredService<DelegatingDriver>(), kind)),
        };
        await platform.InitializeAsync();
        await platform.ApplyAsync("""
            apiVersion: pubsub.gcp.example.com/v1beta1
            kind: Topic
            metadata: {name: orders, labels: {team: a}}
            spec:
              forProvider: {region: eu, size: 1}
              writeConnectionSecretToRef: {name: orders-topic, namespace: default}
            """);
        const string Path = "apis/pubsub.gcp.example.com/v1beta1/topics/orders";
        var waits = await platform.HasAsync(kind.Key("", "orders"), "Synced");
        Assert.Equal("Crossplane has not looked at it yet", waits.FindCondition("Ready")!.Message);
        var theirs = (await cluster.GetAsync(Path))!;
        Assert.Equal(("eu", "a"), (theirs.At("spec", "forProvider").Text("region"), theirs.Label("team")));
        Assert.Empty(theirs.Annotation("flagstone.dev/create-token") + theirs.Annotation(Claims.Names.ExternalNameAnnotation));

        // What Crossplane does: it fills in, makes a secret, and says so.
        await cluster.PatchAsync(Path, """{"metadata":{"finalizers":["finalizer.managedresource.crossplane.io"]},"spec":{"forProvider":{"late":"initialized"}}}""");
        await cluster.CreateAsync("api/v1/namespaces/default/secrets", $$"""
            apiVersion: v1
            kind: Secret
            metadata:
              name: orders-topic
              ownerReferences: [{apiVersion: pubsub.gcp.example.com/v1beta1, kind: Topic, name: orders, uid: {{theirs.UidOf()}}, controller: true}]
            data: {url: {{TestCluster.Encoded("pubsub://orders")}}}
            """);
        await cluster.PatchAsync(Path + "/status", """{"status":{"atProvider":{"id":"t-1"},"conditions":[{"type":"Ready","status":"True","reason":"Available"},{"type":"Synced","status":"False","reason":"ReconcileError","message":"cannot update size"}]}}""");
        var ready = await platform.HasAsync(kind.Key("", "orders"), "Ready");
        Assert.Equal("t-1", ready.At("status", "atProvider").Text("id"));
        Assert.Equal("Crossplane says: ReconcileError: cannot update size", ready.FindCondition("Synced")!.Message);
        Assert.Equal("pubsub://orders", PlatformHost.Values((await platform.FindAsync(new ResourceKey(new KindId("secrets", ""), "default", "orders-topic")))!)["url"]);

        await platform.MutateAsync(kind.Key("", "orders"), d => d["spec"]!["forProvider"]!["size"] = 2);
        await platform.WaitAsync("the change in the cluster", async () => (await cluster.GetAsync(Path))!["spec"]!["forProvider"]!["size"]!.ToJsonString() == "2");
        Assert.Equal("initialized", (await cluster.GetAsync(Path)).At("spec", "forProvider").Text("late"));

        await platform.DeleteAsync(kind.Key("", "orders"));
        await platform.WaitAsync("the deletion in the cluster", async () => (await cluster.GetAsync(Path))!.IsDeleting());
        Assert.NotNull(await platform.FindAsync(kind.Key("", "orders")));
        await cluster.PatchAsync(Path, """{"metadata":{"finalizers":null}}""");
        await platform.IsGoneAsync(kind.Key("", "orders"));
    }

    private static ResourceKey Key(string name) => KubernetesKinds.Object.Key("", name);

    private Task ApplyMapAsync(string name, string data, string more = "") => Host.ApplyAsync($$$"""
        apiVersion: kubernetes.crossplane.io/v1alpha2
        kind: Object
        metadata:
          name: {{{name}}}
        spec:
          {{{more}}}
          forProvider:
            manifest:
              apiVersion: v1
              kind: ConfigMap
              metadata: {namespace: default}
              data: { {{{data}}} }
        """);

    private async Task<Observation> ObserveAsync(string name)
    {
        var document = (await Host.FindAsync(Key(name)))!;
        var resource = new ManagedResource(KubernetesKinds.Object, Key(name), document, name, "", new Dictionary<string, string>());
        return await Host.Services.GetRequiredService<ProviderDrivers>().Find(Key(name).Kind)!.ObserveAsync(resource, TestContext.Current.CancellationToken);
    }

    /// <summary>What the fallback does: the delegate for a kind that no driver lists.</summary>
    private sealed class Serving(DelegatingDriver inner, KindDefinition kind) : IProviderDriver
    {
        public string Provider => inner.Provider;

        public IReadOnlyList<KindDefinition> Kinds => [kind];

        public Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct) => inner.ObserveAsync(resource, ct);

        public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) => inner.CreateAsync(resource, ct);

        public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => inner.UpdateAsync(resource, ct);

        public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct) => inner.DeleteAsync(resource, ct);
    }
}
