using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Flagstone.Provisioning.Tests;

public sealed class ClaimTests(PlatformHost platform) : IClassFixture<PlatformHost>
{
    private static readonly KindId Instances = new("postgresqlinstances", "platform.example.com");
    private static readonly KindId Composites = new("xpostgresqlinstances", "platform.example.com");
    private static readonly KindId Secrets = new("secrets", "");

    [Fact]
    public async Task The_claim_of_the_source_document_becomes_ready_with_its_connection_secret()
    {
        await platform.ApplyAsync("""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: claims-service
            ---
            apiVersion: platform.example.com/v1alpha1
            kind: PostgreSQLInstance
            metadata:
              name: claims-service-db
              namespace: claims-service
            spec:
              parameters:
                storageGB: 50
                instanceClass: db.t3.medium
                multiAZ: true
              compositionRef:
                name: postgresql-aws-standard
              writeConnectionSecretToRef:
                name: claims-service-db-connection
            """);

        var claim = await platform.HasAsync(new ResourceKey(Instances, "claims-service", "claims-service-db"), "Ready");

        Assert.True(claim.IsTrue("Synced"));
        var secret = (await platform.FindAsync(new ResourceKey(Secrets, "claims-service", "claims-service-db-connection")))!;
        Assert.Equal("connection.crossplane.io/v1alpha1", secret.Text("type"));
        var values = PlatformHost.Values(secret);
        // AWS keeps the password: the secret says where.
        Assert.Equal(["database", "endpoint", "port", "secretArn", "username"], values.Keys.Order());
        Assert.EndsWith(".simulated.invalid", values["endpoint"], StringComparison.Ordinal);

        var instance = Assert.Single((await platform.Store.ListAsync(new ListQuery(new KindId("instances", "rds.aws.upbound.io")), TestContext.Current.CancellationToken)).Items).ToDocument();
        var asked = instance.At("spec", "forProvider")!;
        Assert.Equal(50, asked["allocatedStorage"]!.GetValue<int>());
        Assert.Equal(14, asked["backupRetentionPeriod"]!.GetValue<int>());
        Assert.True(asked["storageEncrypted"]!.GetValue<bool>());
        Assert.False(asked["publiclyAccessible"]!.GetValue<bool>());
        Assert.Equal("claims-service", asked["tags"].Text("cost-centre"));
        Assert.True(instance.At("status", "simulated")!.GetValue<bool>());
        Assert.Equal("SIMULATED", instance.FindCondition("Ready")!.Message);
    }

    [Fact]
    public async Task A_local_claim_gives_a_database_that_its_secret_opens_and_that_goes_with_it()
    {
        await platform.ApplyAsync("""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: orders
            ---
            apiVersion: platform.example.com/v1alpha1
            kind: PostgreSQLInstance
            metadata:
              name: orders-db
              namespace: orders
            spec:
              writeConnectionSecretToRef:
                name: orders-db-connection
            """);
        var key = new ResourceKey(Instances, "orders", "orders-db");
        var claim = await platform.HasAsync(key, "Ready");
        Assert.Equal(20, claim.At("spec", "parameters", "storageGB")!.GetValue<int>());
        var values = PlatformHost.Values((await platform.FindAsync(new ResourceKey(Secrets, "orders", "orders-db-connection")))!);

        var login = new NpgsqlConnectionStringBuilder
        {
            Host = values["endpoint"], Port = int.Parse(values["port"], null), Username = values["username"], Password = values["password"], Database = values["database"], Pooling = false,
        };
        await using (var connection = new NpgsqlConnection(login.ConnectionString))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = new NpgsqlCommand("CREATE TABLE visit (id int); INSERT INTO visit VALUES (7); SELECT id FROM visit", connection);
            Assert.Equal(7, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        }

        await platform.DeleteAsync(key);
        await platform.IsGoneAsync(key);
        await platform.IsGoneAsync(new ResourceKey(Composites, "", claim.At("spec", "resourceRef").Text("name")));
        await platform.IsGoneAsync(new ResourceKey(Secrets, "orders", "orders-db-connection"));
        await using var closed = new NpgsqlConnection(login.ConnectionString);
        await Assert.ThrowsAsync<PostgresException>(() => closed.OpenAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_claim_that_names_a_composition_that_is_not_there_says_so_and_goes_on_when_it_comes()
    {
        await platform.ApplyAsync("""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: typo
            ---
            apiVersion: platform.example.com/v1alpha1
            kind: PostgreSQLInstance
            metadata:
              name: db
              namespace: typo
            spec:
              parameters:
                storageGB: 20
              compositionRef:
                name: postgresql-locale
            """);
        var key = new ResourceKey(Instances, "typo", "db");

        var claim = await platform.HasAsync(key, "Synced", "False");

        Assert.Equal(
            "cannot get Composition: composition \"postgresql-locale\" is not there. Use one of: postgresql-aws-standard, postgresql-local; or apply one of that name.",
            claim.FindCondition("Synced")!.Message);
        Assert.Null(claim.At("spec", "resourceRef"));

        // Mode Resources, as Crossplane 1 had it, with what its CRD defaulted left out.
        await platform.ApplyAsync("""
            apiVersion: apiextensions.crossplane.io/v1
            kind: Composition
            metadata:
              name: postgresql-locale
            spec:
              compositeTypeRef:
                apiVersion: platform.example.com/v1alpha1
                kind: XPostgreSQLInstance
              resources:
                - base:
                    apiVersion: kms.aws.upbound.io/v1beta1
                    kind: Key
                    spec:
                      forProvider:
                        region: us-east-1
                  patches:
                    - fromFieldPath: spec.parameters.storageGB
                      toFieldPath: spec.forProvider.description
                      transforms:
                        - type: string
                          string:
                            fmt: "%d GB"
            """);
        await platform.HasAsync(key, "Ready");
        var made = (await platform.Store.ListAsync(new ListQuery(new KindId("keys", "kms.aws.upbound.io")), TestContext.Current.CancellationToken)).Items
            .Select(i => i.ToDocument()).Single(k => k.Label("crossplane.io/claim-namespace") == "typo");
        Assert.Equal("20 GB", made.At("spec", "forProvider").Text("description"));
    }

    [Fact]
    public async Task What_a_claim_and_its_namespace_say_no_longer_goes_from_its_composite_too()
    {
        await platform.ApplyAsync("""
            apiVersion: v1
            kind: Namespace
            metadata: { name: relabelled, labels: { flagstone.dev/team: red } }
            ---
            apiVersion: platform.example.com/v1alpha1
            kind: S3Bucket
            metadata: { name: files, namespace: relabelled, labels: { cost: "42", flagstone.dev/environment: dev }, annotations: { flagstone.dev/drift: "off" } }
            spec: { parameters: {} }
            """);
        var key = new ResourceKey(new KindId("s3buckets", "platform.example.com"), "relabelled", "files");
        var claim = await platform.HasAsync(key, "Ready");
        var composite = new ResourceKey(new KindId("xs3buckets", "platform.example.com"), "", claim.At("spec", "resourceRef").Text("name"));
        var made = (await platform.FindAsync(composite))!;
        Assert.Equal(("42", "red", "off"), (made.Label("cost"), made.Label("flagstone.dev/team"), made.Annotation("flagstone.dev/drift")));
        // That something may be thrown away says its namespace alone.
        Assert.Equal("", made.Label("flagstone.dev/environment"));

        await platform.MutateAsync(key, d =>
        {
            d["metadata"]!["labels"] = new JsonObject { ["flagstone.dev/environment"] = "production" };
            d["metadata"]!["annotations"]!.AsObject().Remove("flagstone.dev/drift");
        });
        await platform.MutateAsync(new ResourceKey(new KindId("namespaces", ""), "", "relabelled"), d => d["metadata"]!["labels"] = new JsonObject { ["flagstone.dev/service"] = "files" });

        await platform.WaitAsync("the composite to follow", async () => (await platform.FindAsync(composite))!.Label("flagstone.dev/service") == "files");
        var now = (await platform.FindAsync(composite))!;
        Assert.Equal(("", "", ""), (now.Label("cost"), now.Label("flagstone.dev/team"), now.Annotation("flagstone.dev/drift")));
        Assert.Equal(("production", "files"), (now.Label("flagstone.dev/environment"), now.Label("crossplane.io/claim-name")));
    }

    [Fact]
    public async Task A_claim_that_names_anothers_composite_shows_nothing_of_it()
    {
        await platform.ApplyAsync("""
            apiVersion: platform.example.com/v1alpha1
            kind: SQSQueue
            metadata: { name: theirs, namespace: default }
            spec: { parameters: {} }
            """);
        var theirs = await platform.HasAsync(new ResourceKey(new KindId("sqsqueues", "platform.example.com"), "default", "theirs"), "Ready");
        await platform.ApplyAsync($"""
            apiVersion: platform.example.com/v1alpha1
            kind: SQSQueue
            metadata: {"{"} name: mine, namespace: default {"}"}
            spec: {"{"} parameters: {"{ }"}, resourceRef: {"{"} apiVersion: platform.example.com/v1alpha1, kind: XSQSQueue, name: {theirs.At("spec", "resourceRef").Text("name")} {"}"} {"}"}
            """);
        var key = new ResourceKey(new KindId("sqsqueues", "platform.example.com"), "default", "mine");
        var mine = await platform.HasAsync(key, "Synced", "False");

        var tree = await platform.Services.GetRequiredService<ClaimReader>().TreeAsync(platform.Kinds.Find(key.Kind)!, mine, TestContext.Current.CancellationToken);

        Assert.Contains("belongs to another claim", mine.FindCondition("Synced")!.Message, StringComparison.Ordinal);
        Assert.Null(Assert.Single(tree.Children).Document);
    }

    [Fact]
    public async Task A_composite_below_a_claims_own_is_shown_though_it_carries_the_claims_reference()
    {
        await platform.ApplyAsync("""
            apiVersion: apiextensions.crossplane.io/v1
            kind: CompositeResourceDefinition
            metadata: { name: xouters.nested.example.org }
            spec:
              group: nested.example.org
              names: { kind: XOuter, plural: xouters }
              claimNames: { kind: Outer, plural: outers }
              versions: [ { name: v1, served: true, referenceable: true, schema: { openAPIV3Schema: { type: object } } } ]
            ---
            apiVersion: apiextensions.crossplane.io/v1
            kind: Composition
            metadata: { name: outers }
            spec:
              compositeTypeRef: { apiVersion: nested.example.org/v1, kind: XOuter }
              mode: Resources
              resources:
                - name: inner
                  base: { apiVersion: platform.example.com/v1alpha1, kind: XSQSQueue, spec: { parameters: {} } }
                  patches: [ { type: FromCompositeFieldPath, fromFieldPath: spec.claimRef, toFieldPath: spec.claimRef } ]
            """);
        await platform.WaitAsync("the kind", () => Task.FromResult(platform.Kinds.TryFind("nested.example.org/v1", "Outer", out _)));
        await platform.ApplyAsync("""
            apiVersion: nested.example.org/v1
            kind: Outer
            metadata: { name: shell, namespace: default }
            spec: {}
            """);
        var key = new ResourceKey(new KindId("outers", "nested.example.org"), "default", "shell");
        var reader = platform.Services.GetRequiredService<ClaimReader>();

        await platform.WaitAsync("the inner composite in the claim's tree", async () =>
            (await reader.TreeAsync(platform.Kinds.Find(key.Kind)!, (await platform.FindAsync(key))!, TestContext.Current.CancellationToken)).All
                .Any(n => n.Kind == "XSQSQueue" && n.Document?.At("spec", "claimRef").Text("name") == "shell"));
    }

    [Fact]
    public async Task What_is_settled_is_left_alone()
    {
        await platform.ApplyAsync("""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: calm
            ---
            apiVersion: platform.example.com/v1alpha1
            kind: PostgreSQLInstance
            metadata:
              name: db
              namespace: calm
            spec:
              writeConnectionSecretToRef:
                name: db
            """);
        var key = new ResourceKey(Instances, "calm", "db");
        var claim = await platform.HasAsync(key, "Ready");
        var composite = new ResourceKey(Composites, "", claim.At("spec", "resourceRef").Text("name"));
        var before = (await platform.FindAsync(composite))!;

        await platform.ReconcileAsync("composite", composite);
        await platform.ReconcileAsync("claim", key);

        Assert.Equal(before.Metadata().Text("resourceVersion"), (await platform.FindAsync(composite))!.Metadata().Text("resourceVersion"));
        Assert.Equal(claim.Metadata().Text("resourceVersion"), (await platform.FindAsync(key))!.Metadata().Text("resourceVersion"));
    }
}
