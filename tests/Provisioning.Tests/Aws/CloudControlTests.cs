using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Providers.Aws;

namespace Flagstone.Provisioning.Tests.Aws;

/// <summary>Resources made by Cloud Control, through the reconcile.</summary>
public sealed class CloudControlTests
{
    private const string Instance = "AWS::RDS::DBInstance";

    private const string InstanceSpec =
        """{engine: Postgres, engineVersion: "15", instanceClass: db.t4g.micro, allocatedStorage: 20, username: app, dbName: app, port: 5432, """
        + "autoGeneratePassword: true, storageEncrypted: true, publiclyAccessible: false, multiAz: false, backupRetentionPeriod: 7, "
        + """vpcSecurityGroupIds: [sg-1, sg-2], skipFinalSnapshot: true, tags: {team: red, cost-center: "7"}}""";

    private const string Secret = "writeConnectionSecretToRef: {name: NAME-rds, namespace: flagstone-system}";

    [Fact]
    public async Task An_instance_is_made_once_connected_compared_without_noise_mended_and_deleted()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        aws.CloudControl.Looks = 2;
        await aws.ApplyAsync("rds/Instance", "orders-db", InstanceSpec, Secret.Replace("NAME", "orders-db", StringComparison.Ordinal));
        var made = await aws.Host.HasAsync(AwsPlatform.Key("rds/Instance", "orders-db"), "Ready");

        Assert.True(made.IsTrue("Synced"), made["status"]!.ToJsonString());
        Assert.True(made.IsTrue("AsyncOperation"));
        Assert.Null(Operation.Of(made));
        Assert.Equal("orders-db.example.rds.amazonaws.com:5432", made.At("status", "atProvider").Text("endpoint"));
        Assert.Equal(1, aws.CloudControl.Creations);
        Assert.Empty(aws.CloudControl.Patches);
        var secret = PlatformHost.Values((await aws.Host.FindAsync(new ResourceKey(ConnectionSecrets.Kind, "flagstone-system", "orders-db-rds")))!);
        Assert.Equal(("orders-db.example.rds.amazonaws.com", "5432", "app"), (secret["endpoint"], secret["port"], secret["username"]));
        Assert.Equal(32, secret["password"].Length);
        var there = aws.CloudControl.Find(Instance, "orders-db")!;
        Assert.Equal("20", there.Text("AllocatedStorage"));
        Assert.Equal(made.UidOf(), AwsTags.Read(there["Tags"])[AwsTags.Uid]);

        await aws.ReconcileAsync("rds/Instance", "orders-db");
        Assert.Empty(aws.CloudControl.Patches);

        aws.CloudControl.Change(Instance, "orders-db", p => { p["BackupRetentionPeriod"] = 1; p["Tags"] = new JsonArray(); });
        await aws.Host.MutateAsync(AwsPlatform.Key("rds/Instance", "orders-db"), d => d.Annotate("example.com/looked-at", "now"));
        await aws.Host.WaitAsync("the drift to be mended", () => Task.FromResult(aws.CloudControl.Find(Instance, "orders-db")!["BackupRetentionPeriod"]!.GetValue<int>() == 7));
        Assert.True(aws.CloudControl.Patches.TryPeek(out var patch));
        Assert.Equal(["/BackupRetentionPeriod", "/Tags"], patch.Select(o => o.Text("path")));
        Assert.All(patch, o => Assert.Equal("replace", o.Text("op")));

        await aws.Host.DeleteAsync(AwsPlatform.Key("rds/Instance", "orders-db"));
        await aws.Host.IsGoneAsync(AwsPlatform.Key("rds/Instance", "orders-db"));
        Assert.Null(aws.CloudControl.Find(Instance, "orders-db"));
    }

    [Fact]
    public async Task Lost_answers_make_nothing_twice_whoever_names_it()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        aws.CloudControl.LosesCreations = 2;
        aws.CloudControl.Looks = 2;
        await aws.ApplyAsync("kms/Key", "lost-key", "{description: one, enableKeyRotation: true, deletionWindowInDays: 30}");
        var key = await aws.Host.HasAsync(AwsPlatform.Key("kms/Key", "lost-key"), "Ready");

        Assert.Equal(1, aws.CloudControl.Creations);
        Assert.Equal(aws.CloudControl.Identifiers("AWS::KMS::Key").Single(), key.Annotation(Names.ExternalNameAnnotation));
        Assert.Equal(0, aws.CloudControl.LosesCreations);

        // Without tags the token alone tells.
        aws.CloudControl.LosesCreations = 1;
        aws.CloudControl.Looks = 0;
        await aws.ApplyAsync("kms/Alias", "lost-alias", "{targetKeyIdRef: {name: lost-key}}");
        var alias = await aws.Host.HasAsync(AwsPlatform.Key("kms/Alias", "lost-alias"), "Ready");
        Assert.Equal(2, aws.CloudControl.Creations);
        Assert.Equal(key.Annotation(Names.ExternalNameAnnotation), aws.CloudControl.Find("AWS::KMS::Alias", "alias/lost-alias").Text("TargetKeyId"));
        Assert.Equal("lost-alias", alias.Annotation(Names.ExternalNameAnnotation));
    }

    [Fact]
    public async Task The_handle_of_an_operation_survives_a_restart()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        aws.CloudControl.Looks = 1000;
        await aws.ApplyAsync("kms/Key", "slow-key", "{description: slow}");
        var key = AwsPlatform.Key("kms/Key", "slow-key");
        JsonObject? before = null;
        await aws.Host.WaitAsync("the operation in the ledger", async () => Operation.Of(before = (await aws.Host.FindAsync(key))!) is not null && before.FindCondition("AsyncOperation") is not null);
        Assert.Equal(("False", "Creating"), (before!.FindCondition("Ready")!.Status, before!.FindCondition("Ready")!.Reason));

        await aws.Host.StopAsync();
        var calls = aws.CloudControl.Calls.Count(c => c == "CreateResource");
        await aws.Host.StartAsync();
        Assert.Equal(Operation.Of(before!), Operation.Of((await aws.Host.FindAsync(key))!));
        aws.CloudControl.Looks = 0;
        aws.CloudControl.HurryAll();
        await aws.Host.HasAsync(key, "Ready");

        Assert.Equal(1, aws.CloudControl.Creations);
        Assert.Equal(calls, aws.CloudControl.Calls.Count(c => c == "CreateResource"));
    }

    [Fact]
    public async Task A_request_that_the_service_forgot_is_told_by_the_name_or_parked()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        aws.CloudControl.Looks = 1000;
        await aws.ApplyAsync("kms/Key", "forgotten", "{description: slow}");
        var key = AwsPlatform.Key("kms/Key", "forgotten");
        await aws.Host.WaitAsync("the operation in the ledger", async () => Operation.Of((await aws.Host.FindAsync(key))!) is not null);

        // The first call was two days ago.
        await aws.Host.MutateAsync(key, d => d.Annotate(Names.CreatePendingAnnotation, "2001-01-01T00:00:00Z"));
        aws.CloudControl.ForgetRequests();
        aws.CloudControl.ForgetTokens();
        JsonObject? parked = null;
        await aws.Host.WaitAsync("the creation to be parked", async () => (parked = await aws.Host.FindAsync(key))!.FindCondition("Synced")?.Message.StartsWith("cannot determine creation result", StringComparison.Ordinal) == true);
        Assert.Equal(1, aws.CloudControl.Calls.Count(c => c == "CreateResource"));

        // Someone decides: it is this one.
        aws.CloudControl.Put("AWS::KMS::Key", "found-by-hand", new JsonObject
        {
            ["KeyId"] = "found-by-hand", ["Description"] = "slow", ["Tags"] = AwsTags.ToList([new(AwsTags.Uid, parked!.UidOf())]),
        });
        await aws.Host.MutateAsync(key, d => d.Annotate(Names.ExternalNameAnnotation, "found-by-hand"));
        await aws.Host.HasAsync(key, "Ready");
        Assert.Equal(1, aws.CloudControl.Calls.Count(c => c == "CreateResource"));
    }

    [Fact]
    public async Task What_is_not_ours_is_neither_changed_nor_deleted_until_it_is_handed_over()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        aws.CloudControl.Put("AWS::IAM::Role", "shared", new JsonObject { ["RoleName"] = "shared", ["Description"] = "of others" });
        const string Spec = """{description: ours, assumeRolePolicy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole"],"Principal":{"Service":"ec2.amazonaws.com"}}]}'}""";
        await aws.ApplyAsync("iam/Role", "shared", Spec);
        var refused = await aws.Host.HasAsync(AwsPlatform.Key("iam/Role", "shared"), "Synced", "False");
        Assert.Contains("does not belong to this resource", refused.FindCondition("Synced")!.Message, StringComparison.Ordinal);
        await aws.Host.DeleteAsync(AwsPlatform.Key("iam/Role", "shared"));
        await aws.Host.IsGoneAsync(AwsPlatform.Key("iam/Role", "shared"));
        Assert.Equal("of others", aws.CloudControl.Find("AWS::IAM::Role", "shared").Text("Description"));

        await aws.ApplyAsync("iam/Role", "shared", Spec, annotations: "{flagstone.dev/adopt: 'true'}");
        await aws.Host.HasAsync(AwsPlatform.Key("iam/Role", "shared"), "Ready");
        Assert.Equal("ours", aws.CloudControl.Find("AWS::IAM::Role", "shared").Text("Description"));
        Assert.Equal(0, aws.CloudControl.Creations);
    }

    [Fact]
    public async Task What_was_deleted_by_others_is_made_again_under_another_token()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        await aws.ApplyAsync("kms/Key", "again", "{description: one}");
        var first = await aws.Host.HasAsync(AwsPlatform.Key("kms/Key", "again"), "Ready");
        aws.CloudControl.Remove("AWS::KMS::Key", first.Annotation(Names.ExternalNameAnnotation));

        await aws.ReconcileAsync("kms/Key", "again");
        JsonObject? second = null;
        await aws.Host.WaitAsync("the second key", async () =>
            aws.CloudControl.Identifiers("AWS::KMS::Key") is [var id] && (second = await aws.Host.FindAsync(AwsPlatform.Key("kms/Key", "again")))!.Annotation(Names.ExternalNameAnnotation) == id);

        Assert.Equal(2, aws.CloudControl.Creations);
        Assert.NotEqual(first.Annotation(Names.CreateTokenAnnotation), second!.Annotation(Names.CreateTokenAnnotation));
    }

    [Fact]
    public async Task What_only_another_thing_could_have_is_said_and_never_made_anew()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        await aws.ApplyAsync("rds/Instance", "plain", InstanceSpec, Secret.Replace("NAME", "plain", StringComparison.Ordinal));
        await aws.Host.HasAsync(AwsPlatform.Key("rds/Instance", "plain"), "Ready");
        aws.CloudControl.Change(Instance, "plain", p => p["StorageEncrypted"] = false);

        await aws.ReconcileAsync("rds/Instance", "plain");
        var seen = await aws.Host.HasAsync(AwsPlatform.Key("rds/Instance", "plain"), "Synced", "False");

        Assert.Equal("ReplacementNeeded", seen.FindCondition("Synced")!.Reason);
        Assert.StartsWith("spec.forProvider.storageEncrypted is false and should be true", seen.FindCondition("Synced")!.Message, StringComparison.Ordinal);
        Assert.Empty(aws.CloudControl.Patches);
        Assert.Equal(1, aws.CloudControl.Creations);
    }

    [Fact]
    public async Task Management_policies_are_kept_and_drift_is_said()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        await aws.ApplyAsync("iam/Role", "kept", """{description: wanted, assumeRolePolicy: '{"Statement":[]}'}""", """managementPolicies: ["Observe", "Create", "Delete"]""");
        await aws.Host.HasAsync(AwsPlatform.Key("iam/Role", "kept"), "Ready");
        aws.CloudControl.Change("AWS::IAM::Role", "kept", p => p["Description"] = "moved");
        await aws.ReconcileAsync("iam/Role", "kept");
        var kept = await aws.Host.HasAsync(AwsPlatform.Key("iam/Role", "kept"), "Synced", "False");
        Assert.Equal("UpdateRestricted", kept.FindCondition("Synced")!.Reason);
        Assert.Contains("spec.forProvider.description is \"moved\" and should be \"wanted\"", kept.FindCondition("Synced")!.Message, StringComparison.Ordinal);

        aws.CloudControl.Put("AWS::EC2::VPC", "vpc-1", new JsonObject { ["VpcId"] = "vpc-1", ["CidrBlock"] = "10.0.0.0/16" });
        await aws.ApplyAsync("ec2/VPC", "company", "{cidrBlock: 10.9.0.0/16}", """managementPolicies: ["Observe"]""", "{crossplane.io/external-name: vpc-1}");
        var observed = await aws.Host.HasAsync(AwsPlatform.Key("ec2/VPC", "company"), "Ready");
        Assert.True(observed.IsTrue("Synced"));
        Assert.Equal("vpc-1", observed.At("status", "atProvider").Text("id"));
        await aws.Host.DeleteAsync(AwsPlatform.Key("ec2/VPC", "company"));
        await aws.Host.IsGoneAsync(AwsPlatform.Key("ec2/VPC", "company"));
        Assert.NotNull(aws.CloudControl.Find("AWS::EC2::VPC", "vpc-1"));

        await aws.ApplyAsync("kms/Key", "odd", "{description: odd}", """managementPolicies: ["Create", "Delete"]""");
        var odd = await aws.Host.HasAsync(AwsPlatform.Key("kms/Key", "odd"), "Synced", "False");
        Assert.Contains("[Create, Delete] is not a combination that is supported", odd.FindCondition("Synced")!.Message, StringComparison.Ordinal);

        await aws.ApplyAsync("kms/Key", "paused", "{description: odd}", annotations: "{crossplane.io/paused: 'true'}");
        Assert.Equal("ReconcilePaused", (await aws.Host.HasAsync(AwsPlatform.Key("kms/Key", "paused"), "Synced", "False")).FindCondition("Synced")!.Reason);
        Assert.Equal(1, aws.CloudControl.Creations);
    }

    [Fact]
    public async Task References_wait_for_what_they_name_and_take_what_it_is()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        await aws.ApplyAsync("rds/SubnetGroup", "private", "{description: private, subnetIdSelector: {matchLabels: {access: private}}}");
        var waiting = await aws.Host.HasAsync(AwsPlatform.Key("rds/SubnetGroup", "private"), "Synced", "False");
        Assert.Equal("Waiting", waiting.FindCondition("Synced")!.Reason);

        foreach (var name in (string[])["a", "b"])
        {
            aws.CloudControl.Put("AWS::EC2::Subnet", $"subnet-{name}", new JsonObject { ["SubnetId"] = $"subnet-{name}" });
            await aws.Host.ApplyAsync($$"""
                apiVersion: ec2.aws.upbound.io/v1beta1
                kind: Subnet
                metadata: {name: {{name}}, labels: {access: private}, annotations: {crossplane.io/external-name: "subnet-{{name}}" } }
                spec: {forProvider: {}, managementPolicies: [Observe] }
                """);
            await aws.Host.HasAsync(AwsPlatform.Key("ec2/Subnet", name), "Ready");
        }

        await aws.Host.HasAsync(AwsPlatform.Key("rds/SubnetGroup", "private"), "Ready");
        Assert.Equal("""["subnet-a","subnet-b"]""", aws.CloudControl.Given("AWS::RDS::DBSubnetGroup")["SubnetIds"]!.ToJsonString());
    }

    [Fact]
    public async Task Secrets_show_in_no_condition_and_in_no_annotation()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        aws.CloudControl.End("InvalidRequest");
        await aws.ApplyAsync("rds/Instance", "loud", InstanceSpec, Secret.Replace("NAME", "loud", StringComparison.Ordinal));
        var failed = await aws.Host.HasAsync(AwsPlatform.Key("rds/Instance", "loud"), "Synced", "False");

        var password = aws.CloudControl.Given(Instance).Text("MasterUserPassword");
        Assert.Equal(32, password.Length);
        Assert.Contains("ended with InvalidRequest", failed.FindCondition("Synced")!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(password, failed.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(CloudControlServer.SecretKey, failed.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_no_type_is_refused_and_can_go()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        await aws.ApplyAsync("iam/RolePolicyAttachment", "attached", "{role: r, policyArn: p}");
        var refused = await aws.Host.HasAsync(AwsPlatform.Key("iam/RolePolicyAttachment", "attached"), "Synced", "False");
        Assert.Contains("managedPolicyArns", refused.FindCondition("Synced")!.Message, StringComparison.Ordinal);
        await aws.Host.DeleteAsync(AwsPlatform.Key("iam/RolePolicyAttachment", "attached"));
        await aws.Host.IsGoneAsync(AwsPlatform.Key("iam/RolePolicyAttachment", "attached"));

        await aws.ApplyAsync("kms/Key", "strange", "{description: x, frobnicate: true}");
        var strange = await aws.Host.HasAsync(AwsPlatform.Key("kms/Key", "strange"), "Synced", "False");
        Assert.Contains("spec.forProvider.frobnicate is not mapped to AWS::KMS::Key", strange.FindCondition("Synced")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_deleted_while_its_creation_goes_on_is_not_left_behind()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        aws.CloudControl.Looks = 3;
        aws.CloudControl.LosesCreations = 1;
        await aws.ApplyAsync("kms/Key", "brief", "{description: brief}");
        var key = AwsPlatform.Key("kms/Key", "brief");
        await aws.Host.WaitAsync("the intent", async () => CreateIntent.IsOpen((await aws.Host.FindAsync(key))!));
        await aws.Host.DeleteAsync(key);
        await aws.Host.IsGoneAsync(key);

        Assert.Equal(1, aws.CloudControl.Creations);
        Assert.Empty(aws.CloudControl.Identifiers("AWS::KMS::Key"));
    }

    [Fact]
    public async Task A_claim_by_the_composition_that_comes_with_the_platform_is_made_at_aws_and_deleted()
    {
        await using var aws = new AwsPlatform();
        await aws.InitializeAsync();
        aws.CloudControl.Looks = 2;
        aws.CloudControl.Put("AWS::EC2::VPC", "vpc-1", new JsonObject { ["VpcId"] = "vpc-1" });
        aws.CloudControl.Put("AWS::EC2::Subnet", "subnet-1", new JsonObject { ["SubnetId"] = "subnet-1" });
        await aws.Host.ApplyAsync("""
            apiVersion: ec2.aws.upbound.io/v1beta1
            kind: VPC
            metadata: {name: company, labels: {access: private}, annotations: {crossplane.io/external-name: vpc-1}}
            spec: {forProvider: {region: us-east-1}, managementPolicies: [Observe]}
            ---
            apiVersion: ec2.aws.upbound.io/v1beta1
            kind: Subnet
            metadata: {name: private-1, labels: {access: private}, annotations: {crossplane.io/external-name: subnet-1}}
            spec: {forProvider: {region: us-east-1}, managementPolicies: [Observe]}
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: shop}
            ---
            apiVersion: platform.example.com/v1alpha1
            kind: PostgreSQLInstance
            metadata: {name: orders, namespace: shop}
            spec:
              compositionRef: {name: postgresql-aws-standard}
              writeConnectionSecretToRef: {name: orders-connection}
            """);
        var claim = new ResourceKey(new KindId("postgresqlinstances", "platform.example.com"), "shop", "orders");
        await aws.Host.HasAsync(claim, "Ready");

        Assert.Equal(7, aws.CloudControl.Creations);
        var given = aws.CloudControl.Given(Instance);
        var keyId = Assert.Single(aws.CloudControl.Identifiers("AWS::KMS::Key"));
        Assert.Equal($"arn:aws:kms:eu-central-1:000000000000:key/{keyId}", given.Text("KmsKeyId"));
        Assert.Equal(aws.CloudControl.Identifiers("AWS::EC2::SecurityGroup").Single(), given["VPCSecurityGroups"]![0]!.ToString());
        Assert.Equal("vpc-1", aws.CloudControl.Given("AWS::EC2::SecurityGroup").Text("VpcId"));
        Assert.Equal("shop", AwsTags.Read(given["Tags"])["cost-centre"]);
        var values = PlatformHost.Values((await aws.Host.FindAsync(new ResourceKey(ConnectionSecrets.Kind, "shop", "orders-connection")))!);
        Assert.Equal(["database", "endpoint", "port", "secretArn", "username"], values.Keys.Order());
        Assert.EndsWith(".rds.amazonaws.com", values["endpoint"], StringComparison.Ordinal);
        Assert.Equal("1", aws.CloudControl.Given("AWS::RDS::DBParameterGroup")["Parameters"].Text("rds.force_ssl"));
        // The service's role may read the password where AWS keeps it, and nothing else.
        var access = aws.CloudControl.Given("AWS::IAM::RolePolicy");
        Assert.Equal("shop", access.Text("RoleName"));
        Assert.Contains(values["secretArn"], access["PolicyDocument"]!.ToJsonString(), StringComparison.Ordinal);
        var instance = Assert.Single((await aws.Host.Store.ListAsync(new ListQuery(new KindId("instances", "rds.aws.upbound.io")), TestContext.Current.CancellationToken)).Items).ToDocument();
        Assert.Null(instance.At("status", "simulated"));

        await aws.Host.DeleteAsync(claim);
        await aws.Host.WaitAsync("all to be gone at AWS", () => Task.FromResult(new[] { Instance, "AWS::KMS::Key", "AWS::EC2::SecurityGroup", "AWS::RDS::DBSubnetGroup" }.All(t => aws.CloudControl.Identifiers(t).Count == 0)));
        Assert.Single(aws.CloudControl.Identifiers("AWS::EC2::VPC"));
    }
}
