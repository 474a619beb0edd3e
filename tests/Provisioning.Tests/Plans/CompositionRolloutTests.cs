using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Plans;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Plans;

/// <summary>What the console applies of a composition that was edited there.</summary>
public sealed class CompositionRolloutTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    private static readonly KindId Compositions = new("compositions", "apiextensions.crossplane.io");
    private static readonly Caller Someone = new(new Actor("u-rollout"), "tester", Role.Administrator);

    [Fact]
    public async Task What_was_edited_is_applied_and_what_the_platform_noted_meanwhile_is_in_nobodys_way()
    {
        var opened = await OpenAsync("edited");
        // The first revision is made after it was opened: the version has moved.
        await platform.HasAsync(Key("edited"), "Current");

        Assert.Null(await ApplyAsync(Someone, opened, Read(opened.Replace("first", "second", StringComparison.Ordinal))));

        await platform.WaitAsync("the second revision", async () => (await platform.FindAsync(Key("edited")))!.At("status", "revision")?.GetValue<long>() == 2);
        Assert.Contains("second", (await Rollout.FindAsync("edited", Ct))!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_another_changed_meanwhile_is_not_lost()
    {
        var opened = await OpenAsync("contested");
        await platform.ApplyAsync(Composition("contested", "theirs"));

        var problem = await ApplyAsync(Someone, opened, Read(opened.Replace("first", "mine", StringComparison.Ordinal)));

        Assert.Equal(409, problem!.Status);
        Assert.Contains("it was changed since you began to edit it", problem.Detail, StringComparison.Ordinal);
        var stored = (await Rollout.FindAsync("contested", Ct))!;
        Assert.Contains("theirs", stored, StringComparison.Ordinal);
        // On the text that is there now it is no conflict any more.
        Assert.Null(await ApplyAsync(Someone, stored, Read(opened.Replace("first", "mine", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Who_may_not_change_compositions_applies_none()
    {
        var opened = await OpenAsync("guarded");

        var problem = await ApplyAsync(Someone with { Role = Role.Developer }, opened, Read(opened.Replace("first", "second", StringComparison.Ordinal)));

        Assert.Equal(403, problem!.Status);
    }

    [Fact]
    public async Task What_kubectl_noted_of_its_last_apply_stays()
    {
        const string Applied = "kubectl.kubernetes.io/last-applied-configuration";
        var opened = await OpenAsync("noted");
        await platform.MutateAsync(Key("noted"), d => d.Metadata()["annotations"] = new JsonObject { [Applied] = "{}" });

        Assert.Null(await ApplyAsync(Someone, opened, Read(opened.Replace("first", "second", StringComparison.Ordinal))));

        Assert.Equal("{}", (await platform.FindAsync(Key("noted")))!.Annotation(Applied));
    }

    private CompositionRollout Rollout => platform.Services.GetRequiredService<CompositionRollout>();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static ResourceKey Key(string name) => new(Compositions, "", name);

    private async Task<string> OpenAsync(string name)
    {
        await platform.ApplyAsync(Composition(name, "first"));
        return (await Rollout.FindAsync(name, Ct))!;
    }

    private Task<Problem?> ApplyAsync(Caller caller, string opened, JsonObject manifest) => Rollout.ApplyAsync(caller, opened, manifest, Ct);

    private static JsonObject Read(string yaml) => YamlReader.TryReadAll(yaml, null, out var documents, out _) ? (JsonObject)documents[0].Root! : throw new FormatException(yaml);

    private static string Composition(string name, string description) => $$"""
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata: { name: {{name}} }
        spec:
          compositeTypeRef: { apiVersion: platform.example.com/v1alpha1, kind: XS3Bucket }
          mode: Pipeline
          pipeline:
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources:
                  - name: key
                    base: { apiVersion: kms.aws.upbound.io/v1beta1, kind: Key, spec: { forProvider: { region: eu-west-1, description: {{description}} } } }
        """;
}
