using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Drift;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Providers.Simulated;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests;

/// <summary>What changed outside: seen, noted field by field, and put back, kept or left alone as people decide.</summary>
public sealed class DriftTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    private static readonly KindId Buckets = new("s3buckets", "platform.example.com");
    private static readonly KindId Simulated = new("buckets", "simulated.flagstone.dev");
    private static readonly Caller Someone = new(new Actor("u-drift"), "tester", Role.Administrator);

    [Fact]
    public async Task What_changed_outside_is_noted_and_put_back()
    {
        var bucket = await MadeAsync("reverted", "");
        await ChangeOutsideAsync(bucket, 7);

        await platform.ReconcileAsync("managed", bucket);
        await platform.ReconcileAsync("managed", bucket);

        Assert.Equal("30", await OutsideAsync(bucket));
        var drifted = Assert.Single(await DriftAsync("reverted"));
        Assert.Equal(("settled", "bucket"), (drifted.State, drifted.Template));
        // As a decision names it.
        Assert.Equal("buckets.simulated.flagstone.dev", drifted.Resource);
        var field = Assert.Single(drifted.Fields);
        Assert.Equal(("forProvider.retentionDays", "30", "7"), (field.Path, field.Wanted!.ToJsonString(), field.Actual!.ToJsonString()));
    }

    [Fact]
    public async Task A_claim_that_reports_drift_keeps_it_until_it_is_accepted()
    {
        var bucket = await MadeAsync("reported", "flagstone.dev/drift: report");
        await ChangeOutsideAsync(bucket, 7);

        await platform.ReconcileAsync("managed", bucket);

        Assert.Equal("7", await OutsideAsync(bucket));
        Assert.Equal("Drifted", (await platform.FindAsync(bucket))!.FindCondition("UpToDate")!.Reason);
        Assert.Equal("open", Assert.Single(await DriftAsync("reported")).State);

        Assert.Null(await DecideAsync("reported", bucket, "accept", "forProvider.retentionDays"));
        await platform.ReconcileAsync("managed", bucket);
        Assert.Equal("settled", Assert.Single(await DriftAsync("reported")).State);
        Assert.Equal("7", await OutsideAsync(bucket));

        // What was accepted is what is wanted now: another value is drift again.
        await ChangeOutsideAsync(bucket, 8);
        await platform.ReconcileAsync("managed", bucket);
        Assert.Equal("7", Assert.Single(Assert.Single(await DriftAsync("reported")).Fields).Wanted!.ToJsonString());

        Assert.Null(await DecideAsync("reported", bucket, "revert", "forProvider.retentionDays"));
        await platform.ReconcileAsync("managed", bucket);
        Assert.Equal("30", Assert.Single(Assert.Single(await DriftAsync("reported")).Fields).Wanted!.ToJsonString());
    }

    [Fact]
    public async Task What_a_claim_only_reports_is_put_back_when_someone_decides_so()
    {
        var bucket = await MadeAsync("decided", "flagstone.dev/drift: report");
        await ChangeOutsideAsync(bucket, 7);
        await platform.ReconcileAsync("managed", bucket);

        Assert.Null(await DecideAsync("decided", bucket, "revert", "forProvider.retentionDays"));
        await platform.ReconcileAsync("managed", bucket);
        await platform.ReconcileAsync("managed", bucket);

        Assert.Equal("30", await OutsideAsync(bucket));
        Assert.Equal("settled", Assert.Single(await DriftAsync("decided")).State);

        // It was decided of that change, not of the next.
        await ChangeOutsideAsync(bucket, 8);
        await platform.ReconcileAsync("managed", bucket);
        Assert.Equal("8", await OutsideAsync(bucket));
    }

    [Fact]
    public async Task What_is_accepted_and_excepted_is_told_until_it_is_reverted()
    {
        var bucket = await MadeAsync("told", "");
        await ChangeOutsideAsync(bucket, 7);
        await platform.ReconcileAsync("managed", bucket);

        Assert.Null(await DecideAsync("told", bucket, "accept", "forProvider.retentionDays"));
        Assert.Null(await DecideAsync("told", bucket, "except", "forProvider.retentionDays"));
        var decided = Assert.Single(await DriftAsync("told"));
        Assert.Equal(["forProvider.retentionDays"], decided.Accepted);
        Assert.Equal(["forProvider.retentionDays"], decided.Excepted);

        Assert.Null(await DecideAsync("told", bucket, "revert", "forProvider.retentionDays"));
        var reverted = Assert.Single(await DriftAsync("told"));
        Assert.Empty(reverted.Accepted.Concat(reverted.Excepted));
    }

    [Fact]
    public void A_decided_field_is_put_back_and_the_others_stay_as_they_are_there()
    {
        var document = JsonNode.Parse("""{ "spec": { "forProvider": { "a": 1, "b": 2 } } }""")!.AsObject();
        DriftRules.Revert(document, ["forProvider.a"]);

        var partly = DriftRules.Reverting(document, [new FieldDrift("forProvider.a", 1, 10), new FieldDrift("forProvider.b", 2, 20)]);

        Assert.Equal("""{"a":1,"b":20}""", partly!.At("spec", "forProvider")!.ToJsonString());
        Assert.Null(DriftRules.Reverting(document, [new FieldDrift("forProvider.b", 2, 20)]));
    }

    [Fact]
    public async Task The_search_is_switched_off_by_administrators_alone_and_on_again_by_whom_the_claim_is_to_change()
    {
        var bucket = await MadeAsync("switched", "");
        var (claim, decisions) = (new ResourceKey(Buckets, "default", "switched"), platform.Services.GetRequiredService<DriftDecisions>());

        Assert.Equal(403, (await decisions.SwitchAsync(Someone with { Role = Role.Viewer }, claim, DriftMode.Off))!.Status);
        Assert.Equal(403, (await decisions.SwitchAsync(Someone with { Role = Role.Developer }, claim, DriftMode.Off))!.Status);
        Assert.Null(await decisions.SwitchAsync(Someone, claim, DriftMode.Off));
        await ComposedAsync(bucket, "off");
        await ChangeOutsideAsync(bucket, 7);
        await platform.ReconcileAsync("managed", bucket);
        Assert.Equal("7", await OutsideAsync(bucket));

        Assert.Null(await decisions.SwitchAsync(Someone with { Role = Role.Developer }, claim, DriftMode.Revert));
        await ComposedAsync(bucket, "revert");
        await platform.ReconcileAsync("managed", bucket);
        Assert.Equal("30", await OutsideAsync(bucket));
    }

    [Fact]
    public async Task An_excepted_field_may_be_whatever_it_is()
    {
        var bucket = await MadeAsync("excepted", "");
        await ChangeOutsideAsync(bucket, 7);
        await platform.ReconcileAsync("managed", bucket);
        Assert.Null(await DecideAsync("excepted", bucket, "except", "forProvider.retentionDays"));

        foreach (var days in (int[])[8, 9])
        {
            await ChangeOutsideAsync(bucket, days);
            await platform.ReconcileAsync("managed", bucket);
            await platform.ReconcileAsync("managed", bucket);
            Assert.Equal($"{days}", await OutsideAsync(bucket));
        }
    }

    [Fact]
    public async Task A_claim_may_switch_the_search_for_drift_off()
    {
        var bucket = await MadeAsync("off", "flagstone.dev/drift: \"off\"");
        await ChangeOutsideAsync(bucket, 7);

        await platform.ReconcileAsync("managed", bucket);

        Assert.Equal("7", await OutsideAsync(bucket));
        Assert.Empty(await DriftAsync("off"));
        Assert.True((await platform.FindAsync(bucket))!.IsTrue("Synced"));
    }

    [Fact]
    public async Task A_change_of_the_claim_is_no_drift()
    {
        var bucket = await MadeAsync("changed", "");

        await platform.MutateAsync(new ResourceKey(Buckets, "default", "changed"), claim => claim["spec"]!["parameters"]!["retentionDays"] = 60);

        await platform.WaitAsync("the change", async () => await OutsideAsync(bucket) == "60");
        Assert.Empty(await DriftAsync("changed"));
    }

    [Theory]
    [InlineData("forget", "forProvider.retentionDays", "There is no action 'forget'")]
    [InlineData("accept", "forProvider.color", "'forProvider.color' did not drift")]
    public async Task A_decision_that_makes_no_sense_is_refused(string action, string path, string why)
    {
        var bucket = await MadeAsync($"refused-{action}", "");

        Assert.Contains(why, await DecideAsync($"refused-{action}", bucket, action, path), StringComparison.Ordinal);
    }

    private async Task<ResourceKey> MadeAsync(string name, string annotation)
    {
        await platform.ApplyAsync(Claim(name, annotation));
        await platform.HasAsync(new ResourceKey(Buckets, "default", name), "Ready");
        return (await platform.Store.ListAsync(new ListQuery(Simulated), TestContext.Current.CancellationToken)).Items
            .Single(i => i.ToDocument().Label("crossplane.io/claim-name") == name).Key;
    }

    /// <summary>Until the composite says what its claim says of drift.</summary>
    private async Task ComposedAsync(ResourceKey managed, string mode)
    {
        var composite = new ResourceKey(new KindId("xs3buckets", "platform.example.com"), "", (await platform.FindAsync(managed))!.Label("crossplane.io/composite"));
        await platform.WaitAsync($"the composite to say {mode}", async () => (await platform.FindAsync(composite))!.Annotation(DriftRules.ModeAnnotation) == mode);
    }

    private static string Claim(string name, string annotation) => $$"""
        apiVersion: platform.example.com/v1alpha1
        kind: S3Bucket
        metadata: { name: {{name}}, namespace: default, annotations: { {{annotation}} } }
        spec: {}
        """;

    private async Task ChangeOutsideAsync(ResourceKey key, int days)
    {
        var (things, resource) = await ThingAsync(key);
        var made = (await things.FindAsync(resource, TestContext.Current.CancellationToken))!;
        made["forProvider"]!["retentionDays"] = days;
        await things.ChangeAsync(resource, made, TestContext.Current.CancellationToken);
    }

    private async Task<string> OutsideAsync(ResourceKey key)
    {
        var (things, resource) = await ThingAsync(key);
        return (await things.FindAsync(resource, TestContext.Current.CancellationToken))!["forProvider"]!["retentionDays"]!.ToJsonString();
    }

    private async Task<(SimulatedThings Things, ManagedResource Resource)> ThingAsync(ResourceKey key)
    {
        var document = (await platform.FindAsync(key))!;
        return (platform.Services.GetRequiredService<SimulatedThings>(), new ManagedResource(
            platform.Kinds.Find(Simulated)!, key, document, document.Annotation("crossplane.io/external-name"), "", new Dictionary<string, string>()));
    }

    private async Task<IReadOnlyList<DriftedResource>> DriftAsync(string claim) => await platform.Services.GetRequiredService<ClaimInsights>().DriftAsync(
        platform.Kinds.Find(Buckets)!, (await platform.FindAsync(new ResourceKey(Buckets, "default", claim)))!, TestContext.Current.CancellationToken);

    private async Task<string?> DecideAsync(string claim, ResourceKey managed, string action, string path) =>
        (await platform.Services.GetRequiredService<DriftDecisions>().DecideAsync(
            Someone, platform.Kinds.Find(Buckets)!, (await platform.FindAsync(new ResourceKey(Buckets, "default", claim)))!,
            new DriftDecision(managed.Kind.ToString(), managed.Name, action, [path], "for the test"), TestContext.Current.CancellationToken))?.Detail;
}
