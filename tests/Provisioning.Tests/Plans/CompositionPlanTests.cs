using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Plans;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Plans;

/// <summary>Whom the plan of a composition counts among its users.</summary>
public sealed class CompositionPlanTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    private static readonly Caller Someone = new(new Actor("u-rollout"), "tester", Role.Administrator);

    [Fact]
    public async Task Claims_and_composites_without_a_claim_are_planned_each_once()
    {
        await OfferAsync("Lamp", "apiextensions.crossplane.io/v1", "  claimNames: { kind: LampClaim, plural: lampclaims }\n");
        await platform.ApplyAsync(Asking("LampClaim", "of-a-claim", "default") + Asking("Lamp", "by-hand", ""));
        await platform.HasAsync(new ResourceKey(new KindId("lampclaims", "users.example.org"), "default", "of-a-claim"), "Ready");
        await platform.HasAsync(new ResourceKey(new KindId("lamps", "users.example.org"), "", "by-hand"), "Ready");

        var plan = await PlanAsync(Composition("Lamp", "second"));

        Assert.Equal([("LampClaim", "of-a-claim"), ("Lamp", "by-hand")], plan.Claims.Select(c => (c.Kind, c.Name)));
        Assert.Contains("- Claims and composites that change: **2**; as they are: 0", PlanMarkdown.Write(new PlanView(null, plan)), StringComparison.Ordinal);
        Assert.Contains("### Lamp `by-hand`", PlanMarkdown.Write(new PlanView(null, plan)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Composites_in_a_namespace_are_planned_and_those_that_choose_their_revision_stay()
    {
        await OfferAsync("Wick", "apiextensions.crossplane.io/v2", "");
        await platform.ApplyAsync(Asking("Wick", "follows", "default") + Asking("Wick", "stays", "default", "crossplane: { compositionUpdatePolicy: Manual }"));
        await platform.HasAsync(new ResourceKey(new KindId("wicks", "users.example.org"), "default", "follows"), "Ready");
        await platform.HasAsync(new ResourceKey(new KindId("wicks", "users.example.org"), "default", "stays"), "Ready");

        var plan = await PlanAsync(Composition("Wick", "second"));

        Assert.Equal("follows", Assert.Single(plan.Claims).Name);
        Assert.Equal(["Wick default/stays"], plan.Staying);
        Assert.Equal(0, plan.NotPlanned);
    }

    private async Task<CompositionPlan> PlanAsync(string composition)
    {
        Assert.True(YamlReader.TryReadAll(composition, null, out var documents, out _));
        var (plan, problem) = await platform.Services.GetRequiredService<CompositionPlanner>()
            .PlanAsync(Someone, documents[0].Mapping, TestContext.Current.CancellationToken);
        Assert.True(problem is null, problem?.Detail);
        return plan!;
    }

    private async Task OfferAsync(string kind, string version, string more)
    {
        await platform.ApplyAsync($$"""
            apiVersion: {{version}}
            kind: CompositeResourceDefinition
            metadata: { name: {{kind.ToLowerInvariant()}}s.users.example.org }
            spec:
              group: users.example.org
              names: { kind: {{kind}}, plural: {{kind.ToLowerInvariant()}}s }
            {{more}}  versions:
                - name: v1
                  served: true
                  referenceable: true
                  schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object } } } }
            """);
        await platform.WaitAsync("the kind", () => Task.FromResult(platform.Kinds.TryFind("users.example.org/v1", kind, out _)));
        await platform.ApplyAsync(Composition(kind, "first"));
    }

    private static string Composition(string kind, string motto) => $$"""
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata: { name: {{kind.ToLowerInvariant()}} }
        spec:
          compositeTypeRef: { apiVersion: users.example.org/v1, kind: {{kind}} }
          mode: Pipeline
          pipeline:
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources:
                  - name: settings
                    base: { apiVersion: v1, kind: ConfigMap, metadata: { namespace: default }, data: { motto: {{motto}} } }
            - step: ready
              functionRef: { name: function-auto-ready }
        """;

    private static string Asking(string kind, string name, string ns, string spec = "") => $$"""

        ---
        apiVersion: users.example.org/v1
        kind: {{kind}}
        metadata: { name: {{name}}{{(ns.Length > 0 ? $", namespace: {ns}" : "")}} }
        spec: { {{spec}} }
        """;
}
