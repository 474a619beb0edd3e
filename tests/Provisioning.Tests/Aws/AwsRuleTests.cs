using System.Text.Json.Nodes;
using Amazon.Runtime;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Providers.Aws;
using Flagstone.Provisioning.Providers.Aws.CloudControl;

namespace Flagstone.Provisioning.Tests.Aws;

public sealed class AwsRuleTests
{
    [Theory]
    [InlineData("*", "cud")]
    [InlineData("Observe,Create,Update,Delete,LateInitialize", "cud")]
    [InlineData("Observe,Create,Update,Delete", "cud")]
    [InlineData("Observe,Create,Update,LateInitialize", "cu")]
    [InlineData("Observe,Create,Update", "cu")]
    [InlineData("Observe,Create,Delete,LateInitialize", "cd")]
    [InlineData("Observe,Create,LateInitialize", "c")]
    [InlineData("Observe,Create,Delete", "cd")]
    [InlineData("Observe,Create", "c")]
    [InlineData("Observe,Delete", "d")]
    [InlineData("Observe,Update", "u")]
    [InlineData("Observe,LateInitialize", "")]
    [InlineData("Observe,Update,LateInitialize", "u")]
    [InlineData("Observe", "")]
    [InlineData("", "paused")]
    [InlineData("*,Observe", null)]
    [InlineData("Create", null)]
    [InlineData("Create,Delete", null)]
    [InlineData("Observe,Delete,LateInitialize", null)]
    [InlineData("Observe,Update,Delete", null)]
    [InlineData("LateInitialize", null)]
    public void Fifteen_combinations_of_management_policies_mean_something(string actions, string? allowed)
    {
        var list = new JsonArray([.. actions.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(a => (JsonNode)a)]);
        var policy = ManagementPolicy.Of(new JsonObject { ["spec"] = new JsonObject { ["managementPolicies"] = list } });

        Assert.Equal(allowed is null, policy.Problem is not null);
        Assert.Equal(allowed ?? "", policy.Paused ? "paused" : (policy.Create ? "c" : "") + (policy.Update ? "u" : "") + (policy.Delete ? "d" : ""));
    }

    [Theory]
    [InlineData("*", "Orphan", false)]
    [InlineData("*", "Delete", true)]
    [InlineData("Observe,Delete", "Orphan", true)]
    [InlineData("Observe,Create", "Delete", false)]
    public void An_orphan_stays_unless_its_policies_name_deletion(string actions, string deletionPolicy, bool deletes)
    {
        var list = new JsonArray([.. actions.Split(',').Select(a => (JsonNode)a)]);
        Assert.Equal(deletes, ManagementPolicy.Of(new JsonObject { ["spec"] = new JsonObject { ["managementPolicies"] = list, ["deletionPolicy"] = deletionPolicy } }).Delete);
    }

    [Theory]
    [InlineData("lower", "\"Postgres\"", "\"postgres\"", true)]
    [InlineData("", "\"Postgres\"", "\"postgres\"", false)]
    [InlineData("version", "\"15\"", "\"15.4\"", true)]
    [InlineData("version", "\"15\"", "\"150.1\"", false)]
    [InlineData("version", "\"15.5\"", "\"15.4\"", false)]
    [InlineData("key", "\"1234-abcd\"", "\"arn:aws:kms:eu-central-1:1:key/1234-abcd\"", true)]
    [InlineData("key", "\"234-abcd\"", "\"arn:aws:kms:eu-central-1:1:key/1234-abcd\"", false)]
    [InlineData("set", """["b","a"]""", """["a","b"]""", true)]
    [InlineData("set", """["b","b"]""", """["a","b"]""", false)]
    [InlineData("", """["b","a"]""", """["a","b"]""", false)]
    [InlineData("", "20", "\"20\"", true)]
    [InlineData("", "true", "\"true\"", true)]
    [InlineData("", "false", null, true)]
    [InlineData("", "0", null, true)]
    [InlineData("", "true", null, false)]
    [InlineData("", """{"a":1}""", """{"a":1,"b":2}""", true)]
    [InlineData("", """{"a":1,"c":false}""", """{"a":1,"b":2}""", true)]
    [InlineData("policy", """{"Statement":[{"Action":"s3:*","Effect":"Deny"}]}""", """{"Statement":{"Effect":"Deny","Action":["s3:*"]}}""", true)]
    [InlineData("policy", """{"Statement":[{"Action":["a","b"]}]}""", """{"Statement":[{"Action":["b","a"]}]}""", true)]
    [InlineData("policy", """{"Statement":[{"Action":["a"]}]}""", """{"Statement":[{"Action":["b"]}]}""", false)]
    [InlineData("json", """{"maxReceiveCount":5}""", """{"maxReceiveCount":"5"}""", true)]
    public void What_the_provider_rewrites_by_rule_is_no_drift(string mark, string wanted, string? actual, bool satisfied) =>
        Assert.Equal(satisfied, PropertyDrift.IsSatisfied(AwsProperty.Parse($"Property {mark}"), JsonNode.Parse(wanted)!, actual is null ? null : JsonNode.Parse(actual)));

    [Fact]
    public void The_tags_of_others_are_kept_and_those_of_aws_are_not_sent()
    {
        var resource = AwsPlatform.Resource("iam/Role", "tagged", new JsonObject { ["tags"] = new JsonObject { ["team"] = "red" } });
        var actual = new JsonObject { ["Tags"] = AwsTags.ToList([new("aws:cloudformation:stack", "s"), new("owner", "ops"), new("team", "blue")]) };
        var (desired, problem) = DesiredState.Make(AwsKinds.Get(resource.Key.Kind), resource, resource.ForProvider, new Dictionary<string, string>());
        var drift = PropertyDrift.Between(AwsKinds.Get(resource.Key.Kind), resource, resource.ForProvider, desired, actual);

        Assert.Null(problem);
        var operation = Assert.Single(drift.Patch);
        Assert.Equal(["flagstone.dev/uid", "owner", "team"], AwsTags.Read(operation!["value"]).Keys);
        Assert.Equal(["forProvider.tags[flagstone.dev/uid]", "forProvider.tags[team]"], drift.Fields.Select(f => f.Path));
    }

    /// <summary>The facts of CloudFormation's types, as the conformance folder has them: a field that is create-only there is so here.</summary>
    [Fact]
    public void What_can_only_be_replaced_is_marked_so_where_the_facts_are_known()
    {
        var folder = Environment.GetEnvironmentVariable("FLAGSTONE_CONFORMANCE") ?? Conformance();
        var file = Path.Combine(folder, "crossplane", "aws", "cfn_types_subset.json");
        Assert.SkipUnless(File.Exists(file), $"{file} is not there");
        var types = JsonNode.Parse(File.ReadAllText(file))!["types"]!.AsObject();
        var wrong = new List<string>();
        foreach (var kind in AwsKinds.All.Where(k => k.Service == "cloudcontrol" && types.ContainsKey(k.Type)))
        {
            var facts = types[kind.Type]!;
            foreach (var (field, property) in kind.Properties)
            {
                if (facts.At("properties", property.Name) is null)
                {
                    wrong.Add($"{kind.Type} has no {property.Name}");
                }

                if (facts["replacement"].Text(property.Name) == "yes" && !property.Fixed)
                {
                    wrong.Add($"{field} is create-only");
                }

                if (property.Fixed && facts["replacement"].Text(property.Name).Length == 0)
                {
                    wrong.Add($"{field} can be changed");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task The_client_has_the_operations_that_no_reconcile_needs_too()
    {
        await using var server = new CloudControlServer(TimeProvider.System) { Looks = 5 };
        await server.StartAsync();
        using var http = new HttpClient();
        var client = Client(server, http, TimeSpan.FromSeconds(30));
        var started = await client.CreateResourceAsync("AWS::IAM::Role", new JsonObject { ["RoleName"] = "r" }, "token", CancellationToken.None);
        Assert.True(started.GoesOn);
        Assert.Equal(started.RequestToken, Assert.Single((await client.ListResourceRequestsAsync(["CREATE"], ["PENDING", "IN_PROGRESS"], "", CancellationToken.None)).Items).RequestToken);
        Assert.Equal("CANCEL_COMPLETE", (await client.CancelResourceRequestAsync(started.RequestToken, CancellationToken.None)).Status);
        var late = await Assert.ThrowsAsync<CloudControlException>(() => client.CancelResourceRequestAsync(started.RequestToken, CancellationToken.None));
        Assert.Equal("ConcurrentModificationException", late.Code);

        server.Put("AWS::IAM::Role", "there", new JsonObject { ["RoleName"] = "there" });
        Assert.Equal("there", Assert.Single((await client.ListResourcesAsync("AWS::IAM::Role", "", CancellationToken.None)).Items).Identifier);
    }

    [Fact]
    public async Task A_call_that_is_not_answered_in_time_or_breaks_off_leaves_open_whether_it_was_done()
    {
        await using var server = new CloudControlServer(TimeProvider.System) { LosesCreations = 1 };
        await server.StartAsync();
        using var http = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => Client(server, http, TimeSpan.FromSeconds(30)).CreateResourceAsync(
            "AWS::IAM::Role", new JsonObject { ["RoleName"] = "lost" }, "token", CancellationToken.None));
        Assert.NotNull(server.Find("AWS::IAM::Role", "lost"));

        server.Holds = new TaskCompletionSource();
        await Assert.ThrowsAsync<TimeoutException>(() => Client(server, http, TimeSpan.FromMilliseconds(200)).GetResourceAsync("AWS::IAM::Role", "lost", CancellationToken.None));
    }

    [Fact]
    public async Task A_wrong_key_is_refused()
    {
        await using var server = new CloudControlServer(TimeProvider.System);
        await server.StartAsync();
        using var http = new HttpClient();
        var client = new CloudControlClient(http, TimeProvider.System, server.Url, "eu-central-1", new BasicAWSCredentials(CloudControlServer.KeyId, "wrong"), TimeSpan.FromSeconds(30));
        Assert.Equal("InvalidSignatureException", (await Assert.ThrowsAsync<CloudControlException>(() => client.GetResourceAsync("AWS::IAM::Role", "r", CancellationToken.None))).Code);
    }

    private static CloudControlClient Client(CloudControlServer server, HttpClient http, TimeSpan timeout) =>
        new(http, TimeProvider.System, server.Url, "eu-central-1", new SessionAWSCredentials(CloudControlServer.KeyId, CloudControlServer.SecretKey, "session"), timeout);

    /// <summary>Beside the checkout, as <c>Conformance.Tests</c> looks for it.</summary>
    private static string Conformance()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "conformance");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return "shared/conformance";
    }
}
