using Flagstone.Provisioning.Providers.Aws;

namespace Flagstone.Provisioning.Tests.Aws;

public sealed class BucketSettingsTests
{
    [Fact]
    public async Task A_bucket_carries_its_tags_from_the_start_and_its_settings_are_made_mended_and_taken_away()
    {
        await using var s3 = new BucketSettingsServer();
        await s3.StartAsync();
        await using var aws = new AwsPlatform { Settings = { [$"{AwsOptions.Section}:S3Url"] = s3.Url.ToString(), [$"{AwsOptions.Section}:S3PathStyle"] = "true" } };
        await aws.InitializeAsync();

        (string Kind, string ForProvider, string Setting, string Shows)[] settings =
        [
            ("BucketVersioning", "{bucketRef: {name: files}, versioningConfiguration: [{status: Enabled}]}", "versioning", "<Status>Enabled</Status>"),
            ("BucketPublicAccessBlock", "{bucketRef: {name: files}, blockPublicAcls: true, restrictPublicBuckets: true}", "publicAccessBlock", "<RestrictPublicBuckets>true</RestrictPublicBuckets>"),
            ("BucketServerSideEncryptionConfiguration",
                "{bucketRef: {name: files}, rule: [{bucketKeyEnabled: true, applyServerSideEncryptionByDefault: [{sseAlgorithm: 'aws:kms', kmsMasterKeyId: k1}]}]}", "encryption", "<KMSMasterKeyID>k1</KMSMasterKeyID>"),
            ("BucketPolicy", """{bucketRef: {name: files}, policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["s3:*"]}]}'}""", "policy", "Deny"),
            ("BucketOwnershipControls", "{bucketRef: {name: files}, rule: [{objectOwnership: BucketOwnerEnforced}]}", "ownershipControls", "<ObjectOwnership>BucketOwnerEnforced</ObjectOwnership>"),
            ("BucketLifecycleConfiguration",
                "{bucketRef: {name: files}, rule: [{id: old, status: Enabled, filter: [{prefix: logs/}], noncurrentVersionExpiration: [{noncurrentDays: 30}], abortIncompleteMultipartUpload: [{daysAfterInitiation: 7}]}]}",
                "lifecycle", "<NoncurrentDays>30</NoncurrentDays>"),
        ];
        foreach (var (kind, forProvider, _, _) in settings)
        {
            await aws.ApplyAsync($"s3/{kind}", "files", forProvider);
        }

        await aws.ApplyAsync("s3/Bucket", "files", "{tags: {team: red}}");
        await aws.Host.HasAsync(AwsPlatform.Key("s3/Bucket", "files"), "Ready");
        Assert.Contains(AwsTags.Uid, s3.Settings["files?tagging"], StringComparison.Ordinal);
        foreach (var (kind, _, setting, shows) in settings)
        {
            await aws.Host.HasAsync(AwsPlatform.Key($"s3/{kind}", "files"), "Ready");
            Assert.Contains(shows, s3.Settings[$"files?{setting}"], StringComparison.Ordinal);
        }

        var before = s3.Settings.ToDictionary();
        foreach (var kind in settings.Select(s => s.Kind).Append("Bucket"))
        {
            await aws.ReconcileAsync($"s3/{kind}", "files");
        }

        Assert.Equal(before.Order(new ByKey()), s3.Settings.Order(new ByKey()));
        s3.Settings["files?versioning"] = s3.Settings["files?versioning"].Replace("Enabled", "Suspended", StringComparison.Ordinal);
        s3.Settings["files?tagging"] = s3.Settings["files?tagging"].Replace("red", "blue", StringComparison.Ordinal);
        await aws.ReconcileAsync("s3/BucketVersioning", "files");
        await aws.ReconcileAsync("s3/Bucket", "files");
        Assert.Contains("Enabled", s3.Settings["files?versioning"], StringComparison.Ordinal);
        Assert.Contains("red", s3.Settings["files?tagging"], StringComparison.Ordinal);

        // A tag that the resource names no longer goes; one that somebody else put there stays.
        s3.Settings["files?tagging"] = s3.Settings["files?tagging"].Replace("</TagSet>", "<Tag><Key>audit</Key><Value>2026</Value></Tag></TagSet>", StringComparison.Ordinal);
        await aws.ApplyAsync("s3/Bucket", "files", "{tags: {cost-centre: c7}}");
        await aws.ReconcileAsync("s3/Bucket", "files");
        await aws.ReconcileAsync("s3/Bucket", "files");
        Assert.DoesNotContain("red", s3.Settings["files?tagging"], StringComparison.Ordinal);
        Assert.Contains("audit", s3.Settings["files?tagging"], StringComparison.Ordinal);
        Assert.Contains("c7", s3.Settings["files?tagging"], StringComparison.Ordinal);

        foreach (var kind in settings.Select(s => s.Kind).Append("Bucket"))
        {
            await aws.Host.DeleteAsync(AwsPlatform.Key($"s3/{kind}", "files"));
            await aws.Host.IsGoneAsync(AwsPlatform.Key($"s3/{kind}", "files"));
        }

        Assert.Empty(s3.Buckets);
        Assert.Contains("Suspended", s3.Settings["files?versioning"], StringComparison.Ordinal);
        Assert.False(s3.Settings.ContainsKey("files?policy"));
    }

    private sealed class ByKey : IComparer<KeyValuePair<string, string>>
    {
        public int Compare(KeyValuePair<string, string> x, KeyValuePair<string, string> y) => string.CompareOrdinal(x.Key, y.Key);
    }
}
