using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Tests.Compositions;

/// <summary>Composites of Crossplane 2, revisions and how they roll out, tests of compositions, environment configs and usages: over the whole engine.</summary>
public sealed class RevisionTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    private static readonly KindId Keys = new("keys", "kms.aws.upbound.io");
    private static readonly KindId Revisions = new("compositionrevisions", "apiextensions.crossplane.io");
    private static readonly KindId Compositions = new("compositions", "apiextensions.crossplane.io");

    [Fact]
    public async Task A_change_of_a_composition_rolls_out_to_automatic_claims_and_leaves_manual_ones()
    {
        await OfferAsync("Lock", "first");
        await platform.ApplyAsync(Claim("Lock", "auto", "") + Claim("Lock", "pinned", "compositionUpdatePolicy: Manual"));
        var kind = new KindId("locks", "test.example.org");
        var pinned = await platform.HasAsync(new ResourceKey(kind, "default", "pinned"), "Ready");
        await platform.HasAsync(new ResourceKey(kind, "default", "auto"), "Ready");

        await platform.ApplyAsync(Composition("Lock", "second"));

        await platform.WaitAsync("the roll-out", async () => await DescriptionAsync("auto") == "second");
        Assert.Equal("first", await DescriptionAsync("pinned"));
        var of = (await RevisionsAsync("lock")).OrderBy(r => r.At("spec", "revision")!.GetValue<long>()).ToList();
        Assert.Equal([1, 2], of.Select(r => r.At("spec", "revision")!.GetValue<long>()));
        await platform.WaitAsync("the claim to say which revision it is on", async () =>
            (await platform.FindAsync(new ResourceKey(kind, "default", "auto")))!.At("spec", "compositionRevisionRef").Text("name") == of[1].NameOf());
        Assert.Equal(of[0].NameOf(), pinned.At("spec", "compositionRevisionRef").Text("name"));

        // What was said before, said again, is the newest: nothing is made twice.
        await platform.ApplyAsync(Composition("Lock", "first"));
        await platform.WaitAsync("the way back", async () => await DescriptionAsync("auto") == "first");
        Assert.Equal(2, (await RevisionsAsync("lock")).Count);
        Assert.Equal(3, (await platform.FindAsync(new ResourceKey(Revisions, "", of[0].NameOf())))!.At("spec", "revision")!.GetValue<long>());
    }

    [Fact]
    public async Task A_revision_whose_tests_fail_is_not_used()
    {
        await OfferAsync("Bolt", "first");
        await platform.ApplyAsync(RotationTest("Bolt", "bolt-rotates") + Claim("Bolt", "kept", ""));
        await platform.HasAsync(new ResourceKey(new KindId("bolts", "test.example.org"), "default", "kept"), "Ready");

        await platform.ApplyAsync(Composition("Bolt", "second", rotates: false));

        var composition = await platform.HasAsync(new ResourceKey(Compositions, "", "bolt"), "Current", "False");
        Assert.Equal(
            "Revision 2 is not used: bolt-rotates: key.spec.forProvider.enableKeyRotation is false instead of true", composition.FindCondition("Current")!.Message);
        Assert.Equal("first", await DescriptionAsync("kept"));
        Assert.Equal(1, composition.At("status", "revision")!.GetValue<long>());
        Assert.Equal("False", (await RevisionsAsync("bolt")).MaxBy(r => r.At("spec", "revision")!.GetValue<long>())!.FindCondition("Tested")!.Status);
    }

    [Fact]
    public async Task A_composition_that_came_before_its_kind_passes_its_tests_once_the_kind_is_served()
    {
        await platform.ApplyAsync(Composition("Chain", "first") + "\n---\n" + RotationTest("Chain", "chain-rotates"));
        var early = await platform.HasAsync(new ResourceKey(Compositions, "", "chain"), "Current", "False");
        Assert.EndsWith("kind XChain, or its claim's kind, is not served", early.FindCondition("Current")!.Message, StringComparison.Ordinal);

        await platform.ApplyAsync(Definition("Chain"));

        await platform.HasAsync(new ResourceKey(Compositions, "", "chain"), "Current");
    }

    [Fact]
    public async Task A_composition_is_tested_however_many_tests_the_others_have()
    {
        await OfferAsync("Hasp", "first");
        // More than one page of them, before this one's in the order of names.
        await platform.ApplyAsync(string.Concat(Enumerable.Range(0, 201).Select(i => RotationTest("Nothing", $"a-{i}") + "\n---\n")) + RotationTest("Hasp", "hasp-rotates"));

        await platform.ApplyAsync(Composition("Hasp", "second", rotates: false));

        var composition = await platform.HasAsync(new ResourceKey(Compositions, "", "hasp"), "Current", "False");
        Assert.Contains("hasp-rotates", composition.FindCondition("Current")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revision_may_be_chosen_by_its_labels()
    {
        await OfferAsync("Latch", "first", "channel: stable");
        await platform.ApplyAsync(Claim("Latch", "careful", "compositionRevisionSelector: { matchLabels: { channel: stable } }") + Claim("Latch", "eager", ""));
        await platform.HasAsync(new ResourceKey(new KindId("latches", "test.example.org"), "default", "careful"), "Ready");

        await platform.ApplyAsync(Composition("Latch", "second", labels: "channel: canary"));

        await platform.WaitAsync("the canary", async () => await DescriptionAsync("eager") == "second");
        Assert.Equal("first", await DescriptionAsync("careful"));
    }

    [Fact]
    public async Task A_composite_of_crossplane_2_lies_in_its_namespace_and_composes_there()
    {
        await platform.ApplyAsync("""
            apiVersion: apiextensions.crossplane.io/v2
            kind: CompositeResourceDefinition
            metadata:
              name: apps.test.example.org
            spec:
              group: test.example.org
              names: { kind: App, plural: apps }
              versions:
                - name: v1
                  served: true
                  referenceable: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties:
                        spec: { type: object, properties: { motto: { type: string } } }
                        status: { type: object, properties: { told: { type: string } } }
            ---
            apiVersion: apiextensions.crossplane.io/v1
            kind: Composition
            metadata:
              name: apps
            spec:
              compositeTypeRef: { apiVersion: test.example.org/v1, kind: App }
              mode: Pipeline
              pipeline:
                - step: compose
                  functionRef: { name: function-patch-and-transform }
                  input:
                    apiVersion: pt.fn.crossplane.io/v1beta1
                    kind: Resources
                    resources:
                      - name: settings
                        base: { apiVersion: v1, kind: ConfigMap }
                        connectionDetails:
                          - { name: motto, type: FromFieldPath, fromFieldPath: data.motto }
                        patches:
                          - { fromFieldPath: spec.motto, toFieldPath: data.motto }
                          - { type: ToCompositeFieldPath, fromFieldPath: data.motto, toFieldPath: status.told }
                - step: ready
                  functionRef: { name: crossplane-contrib-function-auto-ready }
            """);
        await platform.WaitAsync("the kind", () => Task.FromResult(platform.Kinds.TryFind("test.example.org/v1", "App", out _)));
        await platform.ApplyAsync("""
            apiVersion: test.example.org/v1
            kind: App
            metadata: { name: web, namespace: default }
            spec: { motto: calm }
            """);
        var key = new ResourceKey(new KindId("apps", "test.example.org"), "default", "web");

        var app = await platform.HasAsync(key, "Ready");

        Assert.Equal("calm", app["status"].Text("told"));
        Assert.Equal("apps", app.At("spec", "crossplane", "compositionRef").Text("name"));
        Assert.Equal(["ConfigMap", "Secret"], app.At("spec", "crossplane", "resourceRefs")!.AsArray().Select(r => r.Text("kind")).Order());
        var secret = await platform.FindAsync(new ResourceKey(new KindId("secrets", ""), "default", "web-connection"));
        Assert.Equal("calm", PlatformHost.Values(secret!)["motto"]);

        await platform.DeleteAsync(key);
        await platform.IsGoneAsync(key);
    }

    [Fact]
    public async Task An_environment_config_reaches_what_is_composed_and_so_does_its_change()
    {
        await OfferAsync("Gate", "first");
        await platform.ApplyAsync("""
            apiVersion: apiextensions.crossplane.io/v1beta1
            kind: EnvironmentConfig
            metadata: { name: region }
            data: { motto: north }
            ---
            apiVersion: apiextensions.crossplane.io/v1
            kind: Composition
            metadata: { name: gate }
            spec:
              compositeTypeRef: { apiVersion: test.example.org/v1, kind: XGate }
              mode: Pipeline
              pipeline:
                - step: environment
                  functionRef: { name: function-environment-configs }
                  input:
                    apiVersion: environmentconfigs.fn.crossplane.io/v1beta1
                    kind: Input
                    spec: { environmentConfigs: [ { type: Reference, ref: { name: region } } ] }
                - step: compose
                  functionRef: { name: function-patch-and-transform }
                  input:
                    apiVersion: pt.fn.crossplane.io/v1beta1
                    kind: Resources
                    resources:
                      - name: key
                        base: { apiVersion: kms.aws.upbound.io/v1beta1, kind: Key, spec: { forProvider: { region: eu-west-1 } } }
                        patches:
                          - { type: FromEnvironmentFieldPath, fromFieldPath: motto, toFieldPath: spec.forProvider.description }
            """ + Claim("Gate", "reader", ""));
        await platform.WaitAsync("the environment", async () => await DescriptionAsync("reader") == "north");

        await platform.ApplyAsync("""
            apiVersion: apiextensions.crossplane.io/v1beta1
            kind: EnvironmentConfig
            metadata: { name: region }
            data: { motto: south }
            """);

        await platform.WaitAsync("the change", async () => await DescriptionAsync("reader") == "south");
    }

    [Fact]
    public async Task What_is_in_use_is_not_deleted_and_goes_once_it_is_not()
    {
        await platform.ApplyAsync("""
            apiVersion: kms.aws.upbound.io/v1beta1
            kind: Key
            metadata: { name: used }
            spec: { forProvider: { region: eu-west-1 } }
            ---
            apiVersion: kms.aws.upbound.io/v1beta1
            kind: Key
            metadata: { name: user }
            spec: { forProvider: { region: eu-west-1 } }
            ---
            apiVersion: protection.crossplane.io/v1beta1
            kind: ClusterUsage
            metadata: { name: user-uses-used }
            spec:
              of: { apiVersion: kms.aws.upbound.io/v1beta1, kind: Key, resourceRef: { name: used } }
              by: { apiVersion: kms.aws.upbound.io/v1beta1, kind: Key, resourceRef: { name: user } }
            """);
        var usage = new ResourceKey(new KindId("clusterusages", "protection.crossplane.io"), "", "user-uses-used");
        await platform.HasAsync(usage, "Ready");
        Assert.Equal("true", (await platform.FindAsync(new ResourceKey(Keys, "", "used")))!.Label("crossplane.io/in-use"));

        Assert.Equal(
            "usage: Key 'used' is in use: Key 'user' uses it (usage 'user-uses-used'). Delete what uses it, or the usage, first.",
            await platform.RefusalOfDeletionAsync(new ResourceKey(Keys, "", "used")));

        await platform.DeleteAsync(new ResourceKey(Keys, "", "user"));
        await platform.IsGoneAsync(new ResourceKey(Keys, "", "user"));
        await platform.ReconcileAsync("usage", usage);
        await platform.ReconcileAsync("usage", usage);
        await platform.IsGoneAsync(usage);
        await platform.DeleteAsync(new ResourceKey(Keys, "", "used"));
        await platform.IsGoneAsync(new ResourceKey(Keys, "", "used"));
    }

    private async Task OfferAsync(string kind, string motto, string labels = "")
    {
        await platform.ApplyAsync(Definition(kind));
        await platform.WaitAsync("the kind", () => Task.FromResult(platform.Kinds.TryFind("test.example.org/v1", kind, out _)));
        await platform.ApplyAsync(Composition(kind, motto, labels: labels));
    }

    private static string Definition(string kind) => $$"""
        apiVersion: apiextensions.crossplane.io/v1
        kind: CompositeResourceDefinition
        metadata:
          name: x{{Plural(kind)}}.test.example.org
        spec:
          group: test.example.org
          names: { kind: X{{kind}}, plural: x{{Plural(kind)}} }
          claimNames: { kind: {{kind}}, plural: {{Plural(kind)}} }
          versions:
            - { name: v1, served: true, referenceable: true, schema: { openAPIV3Schema: { type: object } } }
        """;

    private static string Composition(string kind, string motto, bool rotates = true, string labels = "") => $$"""
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata: { name: {{kind.ToLowerInvariant()}}, labels: { {{labels}} } }
        spec:
          compositeTypeRef: { apiVersion: test.example.org/v1, kind: X{{kind}} }
          mode: Pipeline
          pipeline:
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources:
                  - name: key
                    base:
                      apiVersion: kms.aws.upbound.io/v1beta1
                      kind: Key
                      spec: { forProvider: { region: eu-west-1, description: {{motto}}, enableKeyRotation: {{(rotates ? "true" : "false")}} } }
        """;

    private static string RotationTest(string kind, string name) => $$"""
        apiVersion: flagstone.dev/v1alpha1
        kind: CompositionTest
        metadata: { name: {{name}} }
        spec:
          compositionRef: { name: {{kind.ToLowerInvariant()}} }
          claim:
            apiVersion: test.example.org/v1
            kind: {{kind}}
            metadata: { name: a, namespace: default }
            spec: {}
          expect:
            resources:
              key: { spec: { forProvider: { enableKeyRotation: true } } }
        """;

    private static string Claim(string kind, string name, string spec) => $$"""

        ---
        apiVersion: test.example.org/v1
        kind: {{kind}}
        metadata: { name: {{name}}, namespace: default }
        spec: { {{spec}} }
        """;

    private static string Plural(string kind) => kind.ToLowerInvariant() + (kind.EndsWith("ch", StringComparison.Ordinal) ? "es" : "s");

    private async Task<string> DescriptionAsync(string claim) =>
        (await platform.Store.ListAsync(new ListQuery(Keys), TestContext.Current.CancellationToken)).Items.Select(i => i.ToDocument())
            .FirstOrDefault(k => k.Label("crossplane.io/claim-name") == claim)?.At("spec", "forProvider").Text("description") ?? "";

    private async Task<IReadOnlyList<JsonObject>> RevisionsAsync(string composition) =>
        [.. (await platform.Store.ListAsync(new ListQuery(Revisions), TestContext.Current.CancellationToken)).Items.Select(i => i.ToDocument())
            .Where(r => r.Label("crossplane.io/composition-name") == composition)];
}
