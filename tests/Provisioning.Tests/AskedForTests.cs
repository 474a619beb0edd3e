using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Console;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Drift;
using Flagstone.Provisioning.Managed;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests;

/// <summary>What counts as asked for where Crossplane is version 2: composites in a namespace, and not those that such a one is made of.</summary>
public sealed class AskedForTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    private static readonly Caller Someone = new(new Actor("u-asked"), "tester", Role.Administrator);
    private static readonly KindId Objects = new("objects", "kubernetes.m.crossplane.io");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_composite_in_a_namespace_is_listed_and_what_it_composes_is_not()
    {
        await MadeAsync("listed");

        var rows = (await platform.Services.GetRequiredService<ClaimReader>().ListAsync(Someone, Ct)).Rows.Where(r => r.Namespace == "listed").ToList();
        var row = Assert.Single(rows);
        Assert.Equal(("Outer", "web", "outer"), (row.KindName, row.Name, row.Composition));
        var state = Assert.Single(await platform.Services.GetRequiredService<IProvisioning>().ClaimsAsync("listed", Ct));
        Assert.Equal(("Outer", "web", "outer"), (state.Kind, state.Composite, state.Composition));
        var home = await new ClaimsAtHome(platform.Services.GetRequiredService<ClaimReader>()).ReadAsync(Someone, Ct);
        Assert.Equal("/claims/outers.asked.example.org/listed/web", Assert.Single(home.Attention, i => i.Name == "listed/web").Href);
    }

    [Fact]
    public async Task What_drifts_deep_in_it_belongs_to_it()
    {
        var made = await MadeAsync("drifted");
        await platform.Services.GetRequiredService<ResourceGateway>().SetStatusAsync("managed", platform.Kinds.Find(Objects)!, made, document => DriftRules.Note(
            document, [new FieldDrift("forProvider.manifest", JsonValue.Create("a"), JsonValue.Create("b"))], DateTimeOffset.UnixEpoch), Ct);

        var rows = (await platform.Services.GetRequiredService<DriftReader>().ListAsync(Someone, Ct)).Rows;

        var claim = Assert.Single(rows, r => r.Resource.Name == made.Name).Claim!;
        Assert.Equal(("Outer", "drifted", "web"), (claim.KindName, claim.Namespace, claim.Name));
    }

    /// <summary>An Outer that composes an Inner that composes an Object; the key of that.</summary>
    private async Task<ResourceKey> MadeAsync(string ns)
    {
        await platform.ApplyAsync(Offer("Inner", """
            { apiVersion: kubernetes.m.crossplane.io/v1alpha1, kind: Object, spec: { forProvider: { manifest: { apiVersion: v1, kind: ConfigMap, metadata: { name: x } } } } }
            """) + Offer("Outer", "{ apiVersion: asked.example.org/v1, kind: Inner, spec: {} }"));
        await platform.WaitAsync("the kinds", () => Task.FromResult(
            platform.Kinds.TryFind("asked.example.org/v1", "Inner", out _) && platform.Kinds.TryFind("asked.example.org/v1", "Outer", out _)));
        await platform.ApplyAsync($$"""
            apiVersion: v1
            kind: Namespace
            metadata: { name: {{ns}} }
            ---
            apiVersion: asked.example.org/v1
            kind: Outer
            metadata: { name: web, namespace: {{ns}} }
            spec: {}
            """);
        ResourceKey? made = null;
        await platform.WaitAsync("the object", async () =>
            (made = (await platform.Store.ListAsync(new ListQuery(Objects, ns), Ct)).Items is [var first, ..] ? first.Key : null) is not null);
        return made!.Value;
    }

    private static string Offer(string kind, string made) => $$"""

        ---
        apiVersion: apiextensions.crossplane.io/v2
        kind: CompositeResourceDefinition
        metadata: { name: {{kind.ToLowerInvariant()}}s.asked.example.org }
        spec:
          group: asked.example.org
          names: { kind: {{kind}}, plural: {{kind.ToLowerInvariant()}}s }
          versions:
            - name: v1
              served: true
              referenceable: true
              schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object } } } }
        ---
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata: { name: {{kind.ToLowerInvariant()}} }
        spec:
          compositeTypeRef: { apiVersion: asked.example.org/v1, kind: {{kind}} }
          mode: Pipeline
          pipeline:
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources:
                  - name: part
                    base: {{made.Trim()}}
            - step: ready
              functionRef: { name: function-auto-ready }

        """;
}
