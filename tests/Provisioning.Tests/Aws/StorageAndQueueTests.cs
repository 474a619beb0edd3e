using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.SQS;
using Amazon.SQS.Model;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Providers.Aws;

namespace Flagstone.Provisioning.Tests.Aws;

/// <summary>Buckets on s3rver and queues on fauxqs, which others wrote.</summary>
public sealed class StorageAndQueueTests : IAsyncLifetime
{
    private static readonly BasicAWSCredentials Keys = new("S3RVER", "S3RVER");

    private readonly Emulators emulators = new();
    private AwsPlatform? aws;
    private AmazonS3Client? s3;
    private AmazonSQSClient? sqs;

    private AwsPlatform Aws => aws!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await emulators.StartAsync();
        s3 = new AmazonS3Client(Keys, new AmazonS3Config { ServiceURL = emulators.S3.ToString(), ForcePathStyle = true, AuthenticationRegion = "eu-central-1" });
        sqs = new AmazonSQSClient(Keys, new AmazonSQSConfig { ServiceURL = emulators.Sqs.ToString(), AuthenticationRegion = "eu-central-1" });
        aws = new AwsPlatform
        {
            Settings =
            {
                [$"{AwsOptions.Section}:S3Url"] = emulators.S3.ToString(),
                [$"{AwsOptions.Section}:S3PathStyle"] = "true",
                [$"{AwsOptions.Section}:SqsUrl"] = emulators.Sqs.ToString(),
            },
        };
        await aws.InitializeAsync();
        // s3rver knows one key pair.
        await aws.Host.ApplyAsync("""
            apiVersion: v1
            kind: Secret
            metadata: {name: s3rver, namespace: flagstone-system}
            stringData: {credentials: "[default]\naws_access_key_id=S3RVER\naws_secret_access_key=S3RVER"}
            ---
            apiVersion: aws.upbound.io/v1beta1
            kind: ProviderConfig
            metadata: {name: s3rver}
            spec: {credentials: {source: Secret, secretRef: {namespace: flagstone-system, name: s3rver, key: credentials}}}
            """);
    }

    public async ValueTask DisposeAsync()
    {
        s3?.Dispose();
        sqs?.Dispose();
        if (aws is not null)
        {
            await aws.DisposeAsync();
        }

        await emulators.DisposeAsync();
    }

    [Fact]
    public async Task A_bucket_is_made_filled_and_deleted_with_what_is_in_it_when_that_is_asked()
    {
        var key = AwsPlatform.Key("s3/Bucket", "orders-files");
        await Aws.ApplyAsync("s3/Bucket", "orders-files", "{region: eu-central-1, forceDestroy: true}", "providerConfigRef: {name: s3rver}");
        var made = await Aws.Host.HasAsync(key, "Ready");
        Assert.True(made.IsTrue("Synced"), made["status"]!.ToJsonString());
        Assert.Equal("arn:aws:s3:::orders-files", made.At("status", "atProvider").Text("arn"));
        Assert.Contains("orders-files", (await s3!.ListBucketsAsync(Token)).Buckets.Select(b => b.BucketName));

        await s3.PutObjectAsync(new PutObjectRequest { BucketName = "orders-files", Key = "a", ContentBody = "x", UseChunkEncoding = false }, Token);
        await Aws.Host.DeleteAsync(key);
        await Aws.Host.IsGoneAsync(key);
        Assert.DoesNotContain("orders-files", ((await s3.ListBucketsAsync(Token)).Buckets ?? []).Select(b => b.BucketName));
    }

    [Fact]
    public async Task A_bucket_with_something_in_it_is_not_deleted_unasked_and_one_of_others_is_left_alone()
    {
        await s3!.PutBucketAsync("of-others", Token);
        await Aws.ApplyAsync("s3/Bucket", "of-others", "{region: eu-central-1}", "providerConfigRef: {name: s3rver}");
        var foreign = await Aws.Host.HasAsync(AwsPlatform.Key("s3/Bucket", "of-others"), "Synced", "False");
        Assert.Contains("does not belong to this resource", foreign.FindCondition("Synced")!.Message, StringComparison.Ordinal);

        await Aws.ApplyAsync("s3/Bucket", "kept", "{region: eu-central-1}", "providerConfigRef: {name: s3rver}");
        await Aws.Host.HasAsync(AwsPlatform.Key("s3/Bucket", "kept"), "Ready");
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = "kept", Key = "a", ContentBody = "x", UseChunkEncoding = false }, Token);
        await Aws.Host.DeleteAsync(AwsPlatform.Key("s3/Bucket", "kept"));
        var kept = await Aws.Host.HasAsync(AwsPlatform.Key("s3/Bucket", "kept"), "Synced", "False");
        Assert.Contains("The bucket is not empty", kept.FindCondition("Synced")!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BucketVersioning", "{bucket: plain, versioningConfiguration: [{status: Enabled}]}", "BucketAlreadyExists")] // s3rver takes it for another creation
    [InlineData("BucketPublicAccessBlock", "{bucket: plain, blockPublicAcls: true}", "does not implement")]
    [InlineData("BucketServerSideEncryptionConfiguration", "{bucket: plain, rule: [{applyServerSideEncryptionByDefault: [{sseAlgorithm: AES256}]}]}", "does not implement")]
    [InlineData("BucketPolicy", """{bucket: plain, policy: '{"Version":"2012-10-17","Statement":[]}'}""", "does not implement")]
    public async Task What_an_endpoint_does_not_implement_is_said_and_can_go(string kind, string forProvider, string expected)
    {
        await s3!.PutBucketAsync("plain", Token);
        await Aws.ApplyAsync($"s3/{kind}", "setting", forProvider, "providerConfigRef: {name: s3rver}");
        var refused = await Aws.Host.HasAsync(AwsPlatform.Key($"s3/{kind}", "setting"), "Synced", "False");
        Assert.Contains(expected, refused.FindCondition("Synced")!.Message, StringComparison.Ordinal);
        await Aws.Host.DeleteAsync(AwsPlatform.Key($"s3/{kind}", "setting"));
        await Aws.Host.IsGoneAsync(AwsPlatform.Key($"s3/{kind}", "setting"));
    }

    [Fact]
    public async Task A_queue_gets_its_url_is_mended_and_deleted()
    {
        var key = AwsPlatform.Key("sqs/Queue", "jobs");
        await Aws.ApplyAsync("sqs/Queue", "dead", "{region: eu-central-1}", "providerConfigRef: {name: s3rver}");
        var dead = await Aws.Host.HasAsync(AwsPlatform.Key("sqs/Queue", "dead"), "Ready");
        var redrive = new JsonObject { ["deadLetterTargetArn"] = dead.At("status", "atProvider").Text("arn"), ["maxReceiveCount"] = 5 };
        await Aws.ApplyAsync(
            "sqs/Queue", "jobs", $"{{region: eu-central-1, visibilityTimeoutSeconds: 45, messageRetentionSeconds: 86400, redrivePolicy: '{redrive.ToJsonString()}', tags: {{team: red}}}}",
            "providerConfigRef: {name: s3rver}");
        var made = await Aws.Host.HasAsync(key, "Ready");
        var url = made.Annotation(Names.ExternalNameAnnotation);
        Assert.True(made.IsTrue("Synced"), made["status"]!.ToJsonString());
        Assert.StartsWith("http", url, StringComparison.Ordinal);
        Assert.EndsWith("/jobs", url, StringComparison.Ordinal);
        Assert.Equal("red", (await sqs!.ListQueueTagsAsync(new ListQueueTagsRequest { QueueUrl = url }, Token)).Tags["team"]);

        await sqs.SetQueueAttributesAsync(new SetQueueAttributesRequest { QueueUrl = url, Attributes = new() { ["VisibilityTimeout"] = "7" } }, Token);
        await sqs.UntagQueueAsync(new UntagQueueRequest { QueueUrl = url, TagKeys = ["team"] }, Token);
        await Aws.ReconcileAsync("sqs/Queue", "jobs");
        var mended = await sqs.GetQueueAttributesAsync(new GetQueueAttributesRequest { QueueUrl = url, AttributeNames = ["All"] }, Token);
        Assert.Equal("45", mended.Attributes["VisibilityTimeout"]);
        Assert.Equal("red", (await sqs.ListQueueTagsAsync(new ListQueueTagsRequest { QueueUrl = url }, Token)).Tags["team"]);

        await Aws.ApplyAsync(
            "sqs/QueuePolicy", "jobs", """{queueUrlRef: {name: jobs}, policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":["sqs:*"],"Resource":"*"}]}'}""",
            "providerConfigRef: {name: s3rver}");
        await Aws.Host.HasAsync(AwsPlatform.Key("sqs/QueuePolicy", "jobs"), "Ready");
        Assert.Contains("Deny", (await sqs.GetQueueAttributesAsync(new GetQueueAttributesRequest { QueueUrl = url, AttributeNames = ["Policy"] }, Token)).Attributes["Policy"], StringComparison.Ordinal);

        await Aws.Host.DeleteAsync(AwsPlatform.Key("sqs/QueuePolicy", "jobs"));
        await Aws.Host.IsGoneAsync(AwsPlatform.Key("sqs/QueuePolicy", "jobs"));
        await Aws.Host.DeleteAsync(key);
        await Aws.Host.IsGoneAsync(key);
        await Assert.ThrowsAsync<QueueDoesNotExistException>(() => sqs.GetQueueUrlAsync("jobs", Token));
    }
}
