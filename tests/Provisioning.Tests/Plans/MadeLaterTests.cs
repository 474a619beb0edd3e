using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Plans;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Plans;

/// <summary>What a plan says of resources that a composition makes only after others.</summary>
public sealed class MadeLaterTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    private static readonly Caller Someone = new(new Actor("u-later"), "tester", Role.Administrator);

    private const string Ready = """
            - step: ready
              functionRef: { name: function-auto-ready }
        """;

    [Fact]
    public async Task What_needs_a_status_is_made_later_and_is_no_warning()
    {
        var plan = await PlanAsync("Rope", $$"""
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources:
                  - name: first
                    base: { apiVersion: v1, kind: ConfigMap, metadata: { namespace: default } }
                  - name: second
                    base: { apiVersion: kms.aws.upbound.io/v1beta1, kind: Key, spec: { forProvider: { region: us-east-1 } } }
                    patches:
                      - { fromFieldPath: status.zone, toFieldPath: spec.forProvider.description, policy: { fromFieldPath: Required } }
                  - name: third
                    base: { apiVersion: v1, kind: ConfigMap, metadata: { namespace: default } }
                    patches:
                      - { fromFieldPath: spec.motto, toFieldPath: data.motto, policy: { fromFieldPath: Required } }
        {{Ready}}
        """);

        Assert.Equal([new LaterResource("second", "kms.aws.upbound.io/v1beta1", "Key", "status.zone of the composite")], plan.MadeLater);
        // Nobody but a person gives what is missing in the spec: that is a warning still.
        Assert.StartsWith("not adding new composed resource \"third\"", Assert.Single(plan.Warnings), StringComparison.Ordinal);
        Assert.Contains("Key second: made later", plan.Cost.After.Unknown);
        var markdown = PlanMarkdown.Write(new PlanView(plan, null));
        Assert.Contains("- 2 to create, 1 made later\n", markdown, StringComparison.Ordinal);
        Assert.Contains("| Key `second` | status.zone of the composite |", markdown, StringComparison.Ordinal);
        var preview = PlanPreview.Of(plan)!;
        Assert.Equal("1 to create, 1 made later", preview["summary"]!.ToString());
        Assert.Equal("""["Key second: waits for status.zone of the composite"]""", preview["madeLater"]!.ToJsonString());
    }

    [Fact]
    public async Task What_is_made_in_a_sequence_is_made_later_however_long_the_chain()
    {
        var plan = await PlanAsync("Chain", $$"""
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources:
                  - { name: a, base: { apiVersion: v1, kind: ConfigMap, metadata: { namespace: default } } }
                  - { name: b, base: { apiVersion: v1, kind: ConfigMap, metadata: { namespace: default } } }
                  - { name: c, base: { apiVersion: v1, kind: ConfigMap, metadata: { namespace: default } } }
        {{Ready}}
            - step: order
              functionRef: { name: function-sequencer }
              input:
                apiVersion: sequencer.fn.crossplane.io/v1beta1
                kind: Input
                rules: [{ sequence: [a, b, c] }]
        """);

        Assert.Equal(["a"], plan.Resources.Select(r => r.Template).OfType<string>());
        Assert.Equal([("b", "a to be ready"), ("c", "a to be ready")], plan.MadeLater.Select(l => (l.Template, l.WaitsFor)));
    }

    [Fact]
    public async Task What_a_template_adds_once_another_is_there_is_made_later()
    {
        var plan = await PlanAsync("Knot", $$$"""
            - step: compose
              functionRef: { name: function-go-templating }
              input:
                apiVersion: gotemplating.fn.crossplane.io/v1beta1
                kind: GoTemplate
                source: Inline
                inline:
                  template: |
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: { namespace: default, annotations: { gotemplating.fn.crossplane.io/composition-resource-name: first } }
                    {{ if hasKey (.observed.resources | default dict) "first" }}
                    ---
                    apiVersion: v1
                    kind: Secret
                    metadata: { namespace: default, annotations: { gotemplating.fn.crossplane.io/composition-resource-name: second } }
                    {{ end }}
        {{{Ready}}}
        """);

        Assert.Equal(["first"], plan.Resources.Select(r => r.Template).OfType<string>());
        Assert.Equal([new LaterResource("second", "v1", "Secret", "what is made before it")], plan.MadeLater);
    }

    [Fact]
    public async Task A_composed_thing_that_would_get_another_external_name_is_warned_of()
    {
        const string Composition = """
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources:
                  - name: key
                    base: { apiVersion: kms.aws.upbound.io/v1beta1, kind: Key, spec: { forProvider: { region: us-east-1 } } }
                    patches:
                      - { fromFieldPath: spec.motto, toFieldPath: "metadata.annotations[crossplane.io/external-name]" }
        """;
        await OfferAsync("Label", Composition);
        await platform.ApplyAsync(YamlWriter.Write(Asking("Label", "before")));
        var keys = new KindId("keys", "kms.aws.upbound.io");
        await platform.WaitAsync("the key", async () => (await platform.Store.ListAsync(new ListQuery(keys), TestContext.Current.CancellationToken)).Items
            .Any(k => k.ToDocument().Annotation("crossplane.io/external-name") == "before"));

        var plan = await PlanAsync(Asking("Label", "after"));

        Assert.Contains(plan.Warnings, w => w.Contains("external-name changes from 'before' to 'after'", StringComparison.Ordinal) && w.Contains("stays behind", StringComparison.Ordinal));
        Assert.Empty((await PlanAsync(Asking("Label", "before"))).Warnings);
    }

    [Fact]
    public async Task What_waits_while_its_composite_is_young_is_told_without_a_warning()
    {
        await OfferAsync("Cord", """
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources:
                  - name: first
                    base: { apiVersion: v1, kind: ConfigMap, metadata: { namespace: default } }
                    patches:
                      - { fromFieldPath: status.zone, toFieldPath: data.zone, policy: { fromFieldPath: Required } }
        """);
        await platform.ApplyAsync(YamlWriter.Write(Asking("Cord", null)));
        var key = new ResourceKey(new KindId("cords", "later.example.org"), "", "cord");
        await platform.HasAsync(key, "Ready", "False");

        var uid = (await platform.FindAsync(key))!.UidOf();
        var told = await platform.Services.GetRequiredService<ClaimReader>().EventsAsync(new HashSet<string> { uid }, TestContext.Current.CancellationToken);

        Assert.Contains(told, e => e.Text("type") == "Normal" && e.Text("message").StartsWith("not adding new composed resource \"first\"", StringComparison.Ordinal));
        Assert.DoesNotContain(told, e => e.Text("type") == "Warning");
    }

    private async Task<ClaimPlan> PlanAsync(string kind, string pipeline)
    {
        await OfferAsync(kind, pipeline);
        return await PlanAsync(Asking(kind, null));
    }

    private async Task<ClaimPlan> PlanAsync(JsonObject composite) => Assert.IsType<Planned>(
        await platform.Services.GetRequiredService<IProvisioning>().PlanAsync(Someone, composite, TestContext.Current.CancellationToken)).Plan;

    private static JsonObject Asking(string kind, string? motto) => new()
    {
        ["apiVersion"] = "later.example.org/v1",
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = kind.ToLowerInvariant() },
        ["spec"] = motto is null ? [] : new JsonObject { ["motto"] = motto },
    };

    private async Task OfferAsync(string kind, string pipeline)
    {
        await platform.ApplyAsync($$"""
            apiVersion: apiextensions.crossplane.io/v2
            kind: CompositeResourceDefinition
            metadata: { name: {{kind.ToLowerInvariant()}}s.later.example.org }
            spec:
              group: later.example.org
              scope: Cluster
              names: { kind: {{kind}}, plural: {{kind.ToLowerInvariant()}}s }
              versions:
                - name: v1
                  served: true
                  referenceable: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties:
                        spec: { type: object, properties: { motto: { type: string } } }
                        status: { type: object, properties: { zone: { type: string } } }
            """);
        await platform.WaitAsync("the kind", () => Task.FromResult(platform.Kinds.TryFind("later.example.org/v1", kind, out _)));
        await platform.ApplyAsync($$"""
            apiVersion: apiextensions.crossplane.io/v1
            kind: Composition
            metadata: { name: {{kind.ToLowerInvariant()}} }
            spec:
              compositeTypeRef: { apiVersion: later.example.org/v1, kind: {{kind}} }
              mode: Pipeline
              pipeline:
            {{pipeline}}
            """);
    }
}
