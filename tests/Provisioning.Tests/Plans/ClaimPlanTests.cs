using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Plans;

/// <summary>A platform with one more rule, which judges what is composed.</summary>
public sealed class PlannedHost : IAsyncLifetime
{
    public PlatformHost Platform { get; } = new() { Adds = services => services.AddSingleton<IAdmissionRule, NoLargeDatabases>() };

    public ValueTask InitializeAsync() => Platform.InitializeAsync();

    public ValueTask DisposeAsync() => Platform.DisposeAsync();

    private sealed class NoLargeDatabases : IAdmissionRule
    {
        public string Name => "no-large-databases";

        public ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct) => new(
            request.Kind.Kind == "Instance" && request.Next?.At("spec", "forProvider", "allocatedStorage") is { } size && int.Parse(size.ToJsonString(), CultureInfo.InvariantCulture) > 500
                ? AdmissionVerdict.Deny("databases have at most 500 GB here")
                : AdmissionVerdict.Allowed);
    }
}

public sealed class ClaimPlanTests(PlannedHost host) : IClassFixture<PlannedHost>
{
    private static readonly KindId Instances = new("postgresqlinstances", "platform.example.com");
    private static readonly KindId Composites = new("xpostgresqlinstances", "platform.example.com");
    private static readonly Caller Someone = new(new Actor("u-test"), "tester", Role.Administrator);

    private PlatformHost Platform => host.Platform;

    [Fact]
    public async Task A_plan_of_a_new_claim_creates_all_that_it_becomes_and_stores_nothing()
    {
        await NamespaceAsync("plan-new");

        var plan = await PlanAsync(Claim("plan-new", 50, "postgresql-aws-standard"));

        Assert.Null(await Platform.FindAsync(new ResourceKey(Instances, "plan-new", "db")));
        Assert.DoesNotContain(
            (await Platform.Store.ListAsync(new ListQuery(Composites), TestContext.Current.CancellationToken)).Items,
            c => c.ToDocument().Label("crossplane.io/claim-namespace") == "plan-new");
        Assert.Empty(plan.Refusals);
        Assert.Equal("postgresql-aws-standard", plan.Composition);
        Assert.All(plan.Resources, r => Assert.Equal(PlanActions.Create, r.Action));
        Assert.Equal(["PostgreSQLInstance", "XPostgreSQLInstance"], plan.Resources.Take(2).Select(r => r.Kind));
        var database = Assert.Single(plan.Resources, r => r.Kind == "Instance");
        Assert.Null(database.Name);
        Assert.Equal("50", database.Desired!.At("spec", "forProvider", "allocatedStorage")!.ToJsonString());
        Assert.Equal("unknown", plan.RequiredApprovals);

        // db.t3.medium with 50 GB, and a key.
        Assert.Null(plan.Cost.Before.Monthly);
        Assert.Equal((0.072m * 730) + (50 * 0.115m) + 1, plan.Cost.After.Monthly);
        Assert.Contains("Instance instance: backups beyond the storage's size, charged by use", plan.Cost.After.Unknown);
        Assert.Equal("2024-12-01", plan.Cost.After.Date);
    }

    [Fact]
    public async Task A_claim_that_became_what_its_plan_said_has_nothing_to_plan_and_a_change_of_it_has()
    {
        await NamespaceAsync("plan-again");
        var planned = await PlanAsync(Claim("plan-again", 50, "postgresql-aws-standard"));
        await Platform.ApplyAsync(YamlWriter.Write(Claim("plan-again", 50, "postgresql-aws-standard")));
        await Platform.HasAsync(new ResourceKey(Instances, "plan-again", "db"), "Ready");

        var again = await PlanAsync(Claim("plan-again", 50, "postgresql-aws-standard"));

        Assert.All(again.Resources, r => Assert.True(r.Action == PlanActions.Unchanged, $"{r.Kind} {r.Template}: {string.Join(", ", r.Changes.Select(c => $"{c.Op} {c.Path}"))}"));
        // What needs the name of a secret that AWS has yet to make comes when it is known.
        Assert.Equal(planned.Resources.Select(r => r.Template), again.Resources.Where(r => r.Template != "access").Select(r => r.Template));
        Assert.False(again.HasChanges);

        var larger = await PlanAsync(Claim("plan-again", 60, "postgresql-aws-standard"));

        var database = Assert.Single(larger.Resources, r => r.Kind == "Instance");
        Assert.Equal(PlanActions.Change, database.Action);
        var change = Assert.Single(database.Changes);
        Assert.Equal(("replace", "/spec/forProvider/allocatedStorage", "60", "50"), (change.Op, change.Path, change.Value!.ToJsonString(), change.Before!.ToJsonString()));
        Assert.All(larger.Resources.Where(r => r.Kind is "Key" or "SubnetGroup" or "SecurityGroup"), r => Assert.Equal(PlanActions.Unchanged, r.Action));
    }

    [Fact]
    public async Task A_plan_of_another_composition_deletes_what_the_first_one_made()
    {
        await NamespaceAsync("plan-other");
        await Platform.ApplyAsync(YamlWriter.Write(Claim("plan-other", 50, "postgresql-aws-standard")));
        await Platform.HasAsync(new ResourceKey(Instances, "plan-other", "db"), "Ready");

        var plan = await PlanAsync(Claim("plan-other", 50, "postgresql-local"));

        Assert.Equal("postgresql-local", plan.Composition);
        Assert.All(plan.Resources.Where(r => r.Kind is "Role" or "Database" or "Grant"), r => Assert.Equal(PlanActions.Create, r.Action));
        var gone = plan.Resources.Where(r => r.Action == PlanActions.Delete).ToList();
        Assert.Contains(gone, r => r.Kind == "Instance");
        Assert.All(gone, r => Assert.Null(r.Desired));
        Assert.Contains(plan.Warnings, w => w.StartsWith("Instance ", StringComparison.Ordinal) && w.Contains("and its data", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_rule_that_would_refuse_a_part_is_named_with_the_part()
    {
        await NamespaceAsync("plan-refused");

        var plan = await PlanAsync(Claim("plan-refused", 600, "postgresql-aws-standard"));

        var refusal = Assert.Single(plan.Refusals);
        Assert.Equal(("Instance", "no-large-databases", "databases have at most 500 GB here"), (refusal.Kind, refusal.Rule, refusal.Message));
        Assert.DoesNotContain(plan.Resources, r => r.Kind == "Instance");
    }

    [Fact]
    public async Task A_composition_that_is_not_there_is_a_refusal_as_the_reconcile_words_it()
    {
        await NamespaceAsync("plan-typo");

        var plan = await PlanAsync(Claim("plan-typo", 50, "postgresql-locale"));

        var refusal = Assert.Single(plan.Refusals);
        Assert.Equal("composition", refusal.Rule);
        Assert.StartsWith("cannot get Composition: composition \"postgresql-locale\" is not there. Use one of: ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_composite_that_is_composed_is_planned_with_what_it_is_made_of()
    {
        await Platform.ApplyAsync("""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: plan-nested
            ---
            apiVersion: apiextensions.crossplane.io/v1
            kind: CompositeResourceDefinition
            metadata:
              name: xstacks.example.com
            spec:
              group: example.com
              names: { kind: XStack, plural: xstacks }
              claimNames: { kind: Stack, plural: stacks }
              versions:
                - name: v1
                  served: true
                  referenceable: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties:
                        spec:
                          type: object
                          properties:
                            size: { type: integer }
            ---
            apiVersion: apiextensions.crossplane.io/v1
            kind: Composition
            metadata:
              name: stack
            spec:
              compositeTypeRef: { apiVersion: example.com/v1, kind: XStack }
              resources:
                - name: database
                  base:
                    apiVersion: platform.example.com/v1alpha1
                    kind: XPostgreSQLInstance
                    spec:
                      compositionRef: { name: postgresql-aws-standard }
                      parameters: { storageGB: 20 }
                  patches:
                    - fromFieldPath: spec.size
                      toFieldPath: spec.parameters.storageGB
            """);
        await Platform.WaitAsync("kind Stack", () => Task.FromResult(Platform.Kinds.TryFind("example.com/v1", "Stack", out _)));
        var stack = new JsonObject
        {
            ["apiVersion"] = "example.com/v1",
            ["kind"] = "Stack",
            ["metadata"] = new JsonObject { ["name"] = "s", ["namespace"] = "plan-nested" },
            ["spec"] = new JsonObject { ["size"] = 30 },
        };

        var plan = await PlanAsync(stack);

        Assert.Empty(plan.Refusals);
        Assert.Equal(["Stack", "XStack", "XPostgreSQLInstance"], plan.Resources.Take(3).Select(r => r.Kind));
        Assert.Equal("30", Assert.Single(plan.Resources, r => r.Kind == "Instance").Desired!.At("spec", "forProvider", "allocatedStorage")!.ToJsonString());

        await Platform.ApplyAsync(YamlWriter.Write(stack));
        await Platform.HasAsync(new ResourceKey(new KindId("stacks", "example.com"), "plan-nested", "s"), "Ready");
        var again = await PlanAsync(stack);
        Assert.Equal(plan.Resources.Select(r => r.Template), again.Resources.Where(r => r.Template != "access").Select(r => r.Template));
        Assert.All(again.Resources, r => Assert.True(r.Action == PlanActions.Unchanged, $"{r.Kind} {r.Template}: {string.Join(", ", r.Changes.Select(c => $"{c.Op} {c.Path}"))}"));
    }

    [Fact]
    public async Task A_field_whose_patch_no_longer_applies_goes_as_the_plan_says_and_one_that_someone_else_set_stays()
    {
        await Platform.ApplyAsync("""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: plan-less
            ---
            apiVersion: apiextensions.crossplane.io/v1
            kind: CompositeResourceDefinition
            metadata:
              name: xlocks.example.com
            spec:
              group: example.com
              names: { kind: XLock, plural: xlocks }
              claimNames: { kind: Lock, plural: locks }
              versions:
                - name: v1
                  served: true
                  referenceable: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties:
                        spec:
                          type: object
                          properties:
                            note: { type: string }
            ---
            apiVersion: apiextensions.crossplane.io/v1
            kind: Composition
            metadata:
              name: lock
            spec:
              compositeTypeRef: { apiVersion: example.com/v1, kind: XLock }
              resources:
                - name: key
                  base:
                    apiVersion: kms.aws.upbound.io/v1beta1
                    kind: Key
                    spec:
                      forProvider: { region: us-east-1 }
                  patches:
                    - fromFieldPath: spec.note
                      toFieldPath: spec.forProvider.description
            """);
        await Platform.WaitAsync("kind Lock", () => Task.FromResult(Platform.Kinds.TryFind("example.com/v1", "Lock", out _)));
        var claim = new ResourceKey(new KindId("locks", "example.com"), "plan-less", "l");
        await Platform.ApplyAsync(YamlWriter.Write(Lock("for invoices")));
        var composite = new ResourceKey(new KindId("xlocks", "example.com"), "", (await Platform.HasAsync(claim, "Ready")).At("spec", "resourceRef").Text("name"));
        var key = (await KeyAsync()).Item1;
        var edited = (await Platform.FindAsync(key))!;
        edited["spec"]!["forProvider"]!["tags"] = new JsonObject { ["theirs"] = "kept" };
        await Platform.ApplyAsync(YamlWriter.Write(edited));

        var plan = await PlanAsync(Lock(null));

        var change = Assert.Single(Assert.Single(plan.Resources, r => r.Kind == "Key").Changes);
        Assert.Equal(("remove", "/spec/forProvider/description", "for invoices"), (change.Op, change.Path, change.Before!.ToString()));

        var without = (await Platform.FindAsync(claim))!;
        without["spec"]!.AsObject().Remove("note");
        await Platform.ApplyAsync(YamlWriter.Write(without));
        await Platform.WaitAsync(
            "the description to go", async () => (await KeyAsync()).Document.At("spec", "forProvider", "description") is null,
            () => "the description");
        Assert.Equal("kept", (await KeyAsync()).Document.At("spec", "forProvider", "tags").Text("theirs"));
        Assert.All((await PlanAsync(Lock(null))).Resources, r => Assert.Equal(PlanActions.Unchanged, r.Action));

        // What settles writes nothing more: neither the composite's apply nor its times.
        await Platform.HasAsync(composite, "Ready");
        var before = (await KeyAsync()).Document;
        await Platform.ReconcileAsync("composite", composite);
        await Platform.ReconcileAsync("composite", composite);
        Assert.Equal(before.ToJsonString(), (await KeyAsync()).Document.ToJsonString());

        async Task<(ResourceKey Key, JsonObject Document)> KeyAsync()
        {
            var all = (await Platform.Store.ListAsync(new ListQuery(new KindId("keys", "kms.aws.upbound.io")), TestContext.Current.CancellationToken)).Items;
            var found = all.Single(k => k.ToDocument().Label("crossplane.io/claim-namespace") == "plan-less");
            return (found.Key, found.ToDocument());
        }

        static JsonObject Lock(string? note) => new()
        {
            ["apiVersion"] = "example.com/v1",
            ["kind"] = "Lock",
            ["metadata"] = new JsonObject { ["name"] = "l", ["namespace"] = "plan-less" },
            ["spec"] = note is null ? [] : new JsonObject { ["note"] = note },
        };
    }

    [Fact]
    public async Task A_misshapen_claim_has_no_plan()
    {
        await NamespaceAsync("plan-bad");
        var claim = Claim("plan-bad", 50, "postgresql-local");
        claim["spec"]!["parameters"]!["storageGB"] = "much";

        var outcome = await PlannerAsync(claim);

        Assert.Equal("invalid", Assert.IsType<PlanRefused>(outcome).Problem.Slug);
    }

    private async Task<ClaimPlan> PlanAsync(JsonObject claim) => Assert.IsType<Planned>(await PlannerAsync(claim)).Plan;

    private Task<PlanOutcome> PlannerAsync(JsonObject claim) =>
        Platform.Services.GetRequiredService<IProvisioning>().PlanAsync(Someone, claim, TestContext.Current.CancellationToken);

    private Task NamespaceAsync(string name) => Platform.ApplyAsync($"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n");

    private static JsonObject Claim(string ns, int size, string composition) => new()
    {
        ["apiVersion"] = "platform.example.com/v1alpha1",
        ["kind"] = "PostgreSQLInstance",
        ["metadata"] = new JsonObject { ["name"] = "db", ["namespace"] = ns },
        ["spec"] = new JsonObject
        {
            ["parameters"] = new JsonObject { ["storageGB"] = size },
            ["compositionRef"] = new JsonObject { ["name"] = composition },
        },
    };
}
