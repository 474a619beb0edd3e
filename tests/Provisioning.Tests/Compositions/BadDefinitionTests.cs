using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Tests.Compositions;

/// <summary>What is refused with the reason, and with what is in the way.</summary>
public sealed class BadDefinitionTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    [Fact]
    public async Task A_composition_with_an_unknown_function_is_refused()
    {
        var refusal = await platform.RefusalAsync(Composition("""
            - { step: one, functionRef: { name: function-that-nobody-made } }
            """));

        Assert.Contains("spec.pipeline[0].functionRef.name: there is no function function-that-nobody-made here. Use one of: function-patch-and-transform", refusal, StringComparison.Ordinal);
        Assert.Contains("render.crossplane.io/runtime-development-target", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_composition_with_an_unknown_patch_type_is_refused()
    {
        var refusal = await platform.RefusalAsync(Composition("""
            - step: one
              functionRef: { name: function-patch-and-transform }
              input: { resources: [ { name: a, base: {}, patches: [ { type: FromNowhere } ] } ] }
            """));

        Assert.Equal("composition: spec.pipeline[0].input.resources[0].patches[0].type: Invalid value: \"FromNowhere\": unknown patch type", refusal);
    }

    [Fact]
    public async Task A_circle_of_usages_is_refused_with_the_way_round()
    {
        await platform.ApplyAsync(Usage("one", "a", "b") + Usage("two", "b", "c"));

        var refusal = await platform.RefusalAsync(Usage("three", "c", "a"));

        Assert.Equal(
            "usage: the usages go in a circle, so that none of these could ever be deleted: Key 'a' used by Key 'c' used by Key 'b' used by Key 'a'. Take one of them out.",
            refusal);
    }

    [Fact]
    public async Task A_definition_with_live_claims_is_neither_deleted_nor_changed_so_that_they_break()
    {
        await platform.ApplyAsync(Definition(20) + Composition("""
              - step: one
                functionRef: { name: function-patch-and-transform }
                input: { resources: [ { name: a, base: { apiVersion: kms.aws.upbound.io/v1beta1, kind: Key, spec: { forProvider: {} } } } ] }
            """));
        await platform.WaitAsync("the kind", () => Task.FromResult(platform.Kinds.TryFind("bad.example.org/v1", "Thing", out _)));
        await platform.ApplyAsync("""
            apiVersion: bad.example.org/v1
            kind: Thing
            metadata: { name: live, namespace: default }
            spec: { size: 10 }
            """);
        var claim = new ResourceKey(new KindId("things", "bad.example.org"), "default", "live");
        await platform.HasAsync(claim, "Ready");

        var change = await platform.RefusalAsync(Definition(5));
        Assert.StartsWith("composite-definition: what is there would no longer be valid: XThing 'live-", change, StringComparison.Ordinal);
        Assert.Contains("Thing 'default/live': spec.size: Invalid value: 10: spec.size in body should be less than or equal to 5", change, StringComparison.Ordinal);
        Assert.Contains("add a version", change, StringComparison.Ordinal);

        var ruled = await platform.RefusalAsync(Definition(20, "self.size > 10"));
        Assert.Contains("Thing 'default/live': spec: Invalid value: \"object\": failed rule: self.size > 10", ruled, StringComparison.Ordinal);

        await platform.ApplyAsync(Definition(20, "self.size >= oldSelf.size"));
        await platform.WaitAsync("the rule", () => Task.FromResult(platform.Kinds.TryFind("bad.example.org/v1", "Thing", out var thing) && thing.Schema!.Rules.Any(r => r.Rule.Contains("oldSelf", StringComparison.Ordinal))));
        Assert.EndsWith("failed rule: self.size >= oldSelf.size", await platform.RefusalAsync("""
            apiVersion: bad.example.org/v1
            kind: Thing
            metadata: { name: live, namespace: default }
            spec: { size: 9 }
            """), StringComparison.Ordinal);

        var key = new ResourceKey(new KindId("compositeresourcedefinitions", "apiextensions.crossplane.io"), "", "xthings.bad.example.org");
        var deletion = await platform.RefusalOfDeletionAsync(key);
        Assert.StartsWith("composite-definition: 2 resources of its kinds are there, and would go with what they made: XThing 'live-", deletion, StringComparison.Ordinal);
        Assert.EndsWith("Thing 'default/live'. Delete them first.", deletion, StringComparison.Ordinal);

        await platform.DeleteAsync(claim);
        await platform.IsGoneAsync(claim);
        await platform.WaitAsync("the composite to go", async () => await platform.Store.CountAsync(new KindId("xthings", "bad.example.org"), null, TestContext.Current.CancellationToken) == 0);
        await platform.DeleteAsync(key);
    }

    private static string Composition(string pipeline) => $$"""

        ---
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata: { name: things }
        spec:
          compositeTypeRef: { apiVersion: bad.example.org/v1, kind: XThing }
          mode: Pipeline
          pipeline:
        {{string.Join('\n', pipeline.TrimEnd().Split('\n').Select(l => $"    {l}"))}}
        """;

    private static string Definition(int most, string rule = "true") => $$"""
        apiVersion: apiextensions.crossplane.io/v1
        kind: CompositeResourceDefinition
        metadata: { name: xthings.bad.example.org }
        spec:
          group: bad.example.org
          names: { kind: XThing, plural: xthings }
          claimNames: { kind: Thing, plural: things }
          versions:
            - name: v1
              served: true
              referenceable: true
              schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, x-kubernetes-validations: [ { rule: '{{rule}}' } ], properties: { size: { type: integer, maximum: {{most}} } } } } } }
        """;

    private static string Usage(string name, string of, string by) => $$"""

        ---
        apiVersion: protection.crossplane.io/v1beta1
        kind: ClusterUsage
        metadata: { name: {{name}} }
        spec:
          of: { apiVersion: kms.aws.upbound.io/v1beta1, kind: Key, resourceRef: { name: {{of}} } }
          by: { apiVersion: kms.aws.upbound.io/v1beta1, kind: Key, resourceRef: { name: {{by}} } }
        """;
}
