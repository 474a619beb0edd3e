using System.Net;
using System.Text.Json.Nodes;
using Amazon.S3;
using Amazon.S3.Model;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Aws.S3;

/// <summary>What is set on a bucket by kinds of its own. S3 has values of its own for most: those are the absence of ours.</summary>
internal static class BucketSettings
{
    private static readonly string[] AccessFlags = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];

    public static async Task<Observation> ObserveAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        var (actual, wanted) = target.Resource.Kind.Kind switch
        {
            "BucketVersioning" => (await VersioningAsync(client, target, ct), Wanted("status", Status(target))),
            "BucketPublicAccessBlock" => (await AccessAsync(client, target, ct), WantedAccess(target)),
            "BucketServerSideEncryptionConfiguration" => (await EncryptionAsync(client, target, ct), WantedEncryption(target)),
            "BucketOwnershipControls" => (await OwnershipAsync(client, target, ct), Wanted("objectOwnership", Ownership(target))),
            "BucketLifecycleConfiguration" => (await BucketLifecycle.ReadAsync(client, target, ct), BucketLifecycle.Wanted(target)),
            _ => (await PolicyAsync(client, target, ct), Wanted("policy", target.ForProvider["policy"]?.DeepClone())),
        };
        if (actual is null)
        {
            return new Absent();
        }

        var isPolicy = target.Resource.Kind.Kind == "BucketPolicy";
        var drift = wanted.Where(w => w.Value is not null && (isPolicy
                ? PolicyText.Of(w.Value, true) != PolicyText.Of(actual[w.Key], true)
                : w.Value is JsonArray ? !JsonNode.DeepEquals(w.Value, actual[w.Key])
                : w.Value.ToString() != (actual[w.Key]?.ToString() ?? "")))
            .Select(w => new FieldDrift($"forProvider.{w.Key}", w.Value?.DeepClone(), actual[w.Key]?.DeepClone())).ToList();
        return new Present(
            drift.Count == 0 ? null : string.Join("; ", drift.Select(d => $"spec.{d.Path} is {d.Actual?.ToJsonString() ?? "not set"} and should be {d.Wanted?.ToJsonString()}")),
            null, new JsonObject { ["id"] = target.Bucket }, new Dictionary<string, string>()) { Drift = drift };
    }

    public static async Task<DriverOutcome> PutAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        switch (target.Resource.Kind.Kind)
        {
            case "BucketVersioning":
                await client.PutBucketVersioningAsync(new PutBucketVersioningRequest
                {
                    BucketName = target.Bucket,
                    VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.FindValue(Status(target)) },
                }, ct);
                break;
            case "BucketPublicAccessBlock":
                var access = WantedAccess(target);
                await client.PutPublicAccessBlockAsync(new PutPublicAccessBlockRequest
                {
                    BucketName = target.Bucket,
                    PublicAccessBlockConfiguration = new PublicAccessBlockConfiguration
                    {
                        BlockPublicAcls = IsTrue(access, "blockPublicAcls"),
                        BlockPublicPolicy = IsTrue(access, "blockPublicPolicy"),
                        IgnorePublicAcls = IsTrue(access, "ignorePublicAcls"),
                        RestrictPublicBuckets = IsTrue(access, "restrictPublicBuckets"),
                    },
                }, ct);
                break;
            case "BucketServerSideEncryptionConfiguration":
                var rule = WantedEncryption(target);
                if (rule.Text("sseAlgorithm").Length == 0)
                {
                    return new Failed("spec.forProvider.rule names no applyServerSideEncryptionByDefault.sseAlgorithm") { Terminal = true };
                }

                await client.PutBucketEncryptionAsync(new PutBucketEncryptionRequest
                {
                    BucketName = target.Bucket,
                    ServerSideEncryptionConfiguration = new ServerSideEncryptionConfiguration
                    {
                        ServerSideEncryptionRules =
                        [
                            new ServerSideEncryptionRule
                            {
                                BucketKeyEnabled = IsTrue(rule, "bucketKeyEnabled"),
                                ServerSideEncryptionByDefault = new ServerSideEncryptionByDefault
                                {
                                    ServerSideEncryptionAlgorithm = ServerSideEncryptionMethod.FindValue(rule.Text("sseAlgorithm")),
                                    ServerSideEncryptionKeyManagementServiceKeyId = rule.Text("kmsMasterKeyId") is { Length: > 0 } key ? key : null,
                                },
                            },
                        ],
                    },
                }, ct);
                break;
            case "BucketOwnershipControls":
                await client.PutBucketOwnershipControlsAsync(new PutBucketOwnershipControlsRequest
                {
                    BucketName = target.Bucket,
                    OwnershipControls = new OwnershipControls { Rules = [new OwnershipControlsRule { ObjectOwnership = ObjectOwnership.FindValue(Ownership(target)) }] },
                }, ct);
                break;
            case "BucketLifecycleConfiguration":
                if (BucketLifecycle.Problem(target) is { } problem)
                {
                    return new Failed(problem) { Terminal = true };
                }

                await BucketLifecycle.PutAsync(client, target, ct);
                break;
            default:
                await client.PutBucketPolicyAsync(new PutBucketPolicyRequest { BucketName = target.Bucket, Policy = target.ForProvider["policy"]?.ToString() ?? "" }, ct);
                break;
        }

        return Done.Plain;
    }

    public static async Task<DriverOutcome> DeleteAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        switch (target.Resource.Kind.Kind)
        {
            case "BucketVersioning":
                // Versioning cannot be taken away, only held.
                await client.PutBucketVersioningAsync(new PutBucketVersioningRequest
                {
                    BucketName = target.Bucket,
                    VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Suspended },
                }, ct);
                break;
            case "BucketPublicAccessBlock":
                await client.DeletePublicAccessBlockAsync(new DeletePublicAccessBlockRequest { BucketName = target.Bucket }, ct);
                break;
            case "BucketServerSideEncryptionConfiguration":
                await client.DeleteBucketEncryptionAsync(new DeleteBucketEncryptionRequest { BucketName = target.Bucket }, ct);
                break;
            case "BucketOwnershipControls":
                await client.DeleteBucketOwnershipControlsAsync(new DeleteBucketOwnershipControlsRequest { BucketName = target.Bucket }, ct);
                break;
            case "BucketLifecycleConfiguration":
                await client.DeleteLifecycleConfigurationAsync(new DeleteLifecycleConfigurationRequest { BucketName = target.Bucket }, ct);
                break;
            default:
                await client.DeleteBucketPolicyAsync(new DeleteBucketPolicyRequest { BucketName = target.Bucket }, ct);
                break;
        }

        return Done.Plain;
    }

    private static async Task<JsonObject?> VersioningAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        var answer = await client.GetBucketVersioningAsync(new GetBucketVersioningRequest { BucketName = target.Bucket }, ct);
        var status = answer.VersioningConfig?.Status?.Value ?? "";
        var isSet = target.Resource.Document.IsDeleting() ? status == "Enabled" : status is "Enabled" or "Suspended";
        return isSet ? new JsonObject { ["status"] = status } : null;
    }

    private static async Task<JsonObject?> AccessAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        var block = (await client.GetPublicAccessBlockAsync(new GetPublicAccessBlockRequest { BucketName = target.Bucket }, ct)).PublicAccessBlockConfiguration;
        return block is null ? null : new JsonObject
        {
            ["blockPublicAcls"] = block.BlockPublicAcls ?? false,
            ["blockPublicPolicy"] = block.BlockPublicPolicy ?? false,
            ["ignorePublicAcls"] = block.IgnorePublicAcls ?? false,
            ["restrictPublicBuckets"] = block.RestrictPublicBuckets ?? false,
        };
    }

    private static async Task<JsonObject?> EncryptionAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        var answer = await client.GetBucketEncryptionAsync(new GetBucketEncryptionRequest { BucketName = target.Bucket }, ct);
        var rule = answer.ServerSideEncryptionConfiguration?.ServerSideEncryptionRules?.FirstOrDefault();
        var (algorithm, key) = (rule?.ServerSideEncryptionByDefault?.ServerSideEncryptionAlgorithm?.Value ?? "", rule?.ServerSideEncryptionByDefault?.ServerSideEncryptionKeyManagementServiceKeyId ?? "");
        // Every bucket has AES256 when nobody set anything.
        return rule is null || (target.Resource.Document.IsDeleting() && algorithm == "AES256") ? null : new JsonObject
        {
            ["sseAlgorithm"] = algorithm,
            ["kmsMasterKeyId"] = key,
            ["bucketKeyEnabled"] = rule.BucketKeyEnabled ?? false,
        };
    }

    private static async Task<JsonObject?> PolicyAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        // Of this call the SDK throws no 404, and takes the error's text for the policy.
        var answer = await client.GetBucketPolicyAsync(new GetBucketPolicyRequest { BucketName = target.Bucket }, ct);
        return answer.HttpStatusCode != HttpStatusCode.NotFound && answer.Policy is { Length: > 0 } policy ? new JsonObject { ["policy"] = policy } : null;
    }

    private static async Task<JsonObject?> OwnershipAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        var answer = await client.GetBucketOwnershipControlsAsync(new GetBucketOwnershipControlsRequest { BucketName = target.Bucket }, ct);
        return answer.OwnershipControls?.Rules?.FirstOrDefault() is { } rule ? new JsonObject { ["objectOwnership"] = rule.ObjectOwnership?.Value } : null;
    }

    private static string Ownership(BucketTarget target) =>
        target.Block("rule").Text("objectOwnership") is { Length: > 0 } ownership ? ownership : "BucketOwnerEnforced";

    private static string Status(BucketTarget target) => target.Block("versioningConfiguration").Text("status") is { Length: > 0 } status ? status : "Enabled";

    private static JsonObject WantedAccess(BucketTarget target) => new(
        AccessFlags.Select(f => new KeyValuePair<string, JsonNode?>(f, target.ForProvider[f]?.ToString() == "true")));

    private static JsonObject WantedEncryption(BucketTarget target)
    {
        var rule = target.Block("rule");
        var byDefault = rule.At("applyServerSideEncryptionByDefault") is JsonArray list ? list.FirstOrDefault() : rule.At("applyServerSideEncryptionByDefault");
        return new JsonObject
        {
            ["sseAlgorithm"] = byDefault.Text("sseAlgorithm"),
            ["kmsMasterKeyId"] = byDefault.Text("kmsMasterKeyId") is { Length: > 0 } key ? key : null,
            ["bucketKeyEnabled"] = rule.At("bucketKeyEnabled")?.DeepClone(),
        };
    }

    private static JsonObject Wanted(string member, JsonNode? value) => new() { [member] = value };

    private static bool IsTrue(JsonObject from, string member) => from[member]?.ToString() == "true";
}
