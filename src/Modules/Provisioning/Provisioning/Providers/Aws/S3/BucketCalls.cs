using System.Text.Json.Nodes;
using Amazon.S3;
using Amazon.S3.Model;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Aws.S3;

/// <summary>A bucket itself.</summary>
internal static class BucketCalls
{
    public static async Task<Observation> ObserveAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        var tags = await TagsAsync(client, target.Bucket, ct);
        // An emulator that has no tags: whose the bucket is says the intent to make it.
        var isOurs = tags is null && CreateIntent.IsOpen(target.Resource.Document);
        if (!isOurs && AwsTags.WhyForeign(target.Resource, tags, $"The bucket '{target.Bucket}'") is { } foreign)
        {
            return new Foreign(foreign);
        }

        var missing = Missing(target, tags ?? []);
        var outlived = AwsTags.Outlived(target.Resource, tags ?? []);
        var unmapped = target.ForProvider.Select(f => f.Key).FirstOrDefault(f => f is not ("region" or "tags" or "tagsAll") && !target.Kind.Properties.ContainsKey(f));
        return new Present(
            // Without tags anywhere only those that someone asked for are missed.
            (tags is null ? target.ForProvider["tags"] is JsonObject { Count: > 0 } : missing.Count + outlived.Count > 0)
                ? $"tags are missing, differ or are too many: {string.Join(", ", missing.Keys.Concat(outlived))}" : null,
            null,
            new JsonObject
            {
                ["arn"] = $"arn:{target.Session.Partition}:s3:::{target.Bucket}",
                ["id"] = target.Bucket,
                ["region"] = target.Session.Region,
                ["tags"] = AwsTags.Put(target.Resource, tags ?? []),
            },
            new Dictionary<string, string> { ["bucket"] = target.Bucket, ["region"] = target.Session.Region })
        {
            Drift =
            [
                .. missing.Select(t => new FieldDrift($"forProvider.tags[{t.Key}]", t.Value, tags is not null && tags.TryGetValue(t.Key, out var other) ? other : null)),
                .. outlived.Select(t => new FieldDrift($"forProvider.tags[{t}]", null, tags![t])),
            ],
            Unfixable = unmapped is null ? null : $"spec.forProvider.{unmapped} is not mapped: S3 has kinds of their own for versioning, encryption, public access and policy",
        };
    }

    public static async Task<DriverOutcome> CreateAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        // The tags come with the bucket: one without them would be nobody's.
        var configuration = new PutBucketConfiguration { Tags = Tags(AwsTags.Wanted(target.Resource)) };
        if (target.Session.Region != "us-east-1")
        {
            configuration.LocationConstraint = target.Session.Region;
        }

        await client.PutBucketAsync(new PutBucketRequest
        {
            BucketName = target.Bucket,
            PutBucketConfiguration = configuration,
            ObjectLockEnabledForBucket = IsTrue(target, "objectLockEnabled"),
        }, ct);
        return Done.Plain;
    }

    public static async Task<DriverOutcome> UpdateAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        var tags = await TagsAsync(client, target.Bucket, ct) ?? [];
        foreach (var key in AwsTags.Outlived(target.Resource, tags))
        {
            tags.Remove(key);
        }

        foreach (var (key, value) in AwsTags.Wanted(target.Resource))
        {
            tags[key] = value;
        }

        await client.PutBucketTaggingAsync(new PutBucketTaggingRequest
        {
            BucketName = target.Bucket,
            TagSet = Tags(tags.Where(t => !t.Key.StartsWith("aws:", StringComparison.Ordinal))),
        }, ct);
        return Done.Plain;
    }

    public static async Task<DriverOutcome> DeleteAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        try
        {
            await client.DeleteBucketAsync(new DeleteBucketRequest { BucketName = target.Bucket }, ct);
            return Done.Plain;
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchBucket")
        {
            return Done.Plain;
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "BucketNotEmpty")
        {
            if (!IsTrue(target, "forceDestroy"))
            {
                return new Failed("The bucket is not empty. Empty it, or set spec.forProvider.forceDestroy") { Terminal = true };
            }

            await EmptyAsync(client, target.Bucket, ct);
            return new Waiting("The bucket is being emptied");
        }
    }

    /// <summary>A page of what is in it; the next reconcile takes the next.</summary>
    private static async Task EmptyAsync(IAmazonS3 client, string bucket, CancellationToken ct)
    {
        List<KeyVersion> page;
        try
        {
            var versions = await client.ListVersionsAsync(new ListVersionsRequest { BucketName = bucket }, ct);
            page = [.. (versions.Versions ?? []).Select(v => new KeyVersion { Key = v.Key, VersionId = v.VersionId })];
        }
        catch (AmazonS3Exception e) when (S3Driver.IsNotServed(e))
        {
            var objects = await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, ct);
            page = [.. (objects.S3Objects ?? []).Select(o => new KeyVersion { Key = o.Key })];
        }

        if (page.Count > 0)
        {
            await client.DeleteObjectsAsync(new DeleteObjectsRequest { BucketName = bucket, Objects = page, Quiet = true }, ct);
        }
    }

    /// <summary>Null where the endpoint has no tags.</summary>
    private static async Task<Dictionary<string, string>?> TagsAsync(IAmazonS3 client, string bucket, CancellationToken ct)
    {
        try
        {
            var answer = await client.GetBucketTaggingAsync(new GetBucketTaggingRequest { BucketName = bucket }, ct);
            return (answer.TagSet ?? []).ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal);
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchTagSet")
        {
            return [];
        }
        catch (AmazonS3Exception e) when (S3Driver.IsNotServed(e))
        {
            return null;
        }
    }

    private static Dictionary<string, string> Missing(BucketTarget target, Dictionary<string, string> tags) =>
        AwsTags.Wanted(target.Resource).Where(t => tags.GetValueOrDefault(t.Key) != t.Value).ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal);

    private static List<Tag> Tags(IEnumerable<KeyValuePair<string, string>> tags) => [.. tags.Select(t => new Tag { Key = t.Key, Value = t.Value })];

    private static bool IsTrue(BucketTarget target, string field) => target.ForProvider[field]?.ToString() == "true";
}
