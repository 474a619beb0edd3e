using System.Globalization;
using System.Text.Json.Nodes;
using Amazon.S3;
using Amazon.S3.Model;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Providers.Aws.S3;

/// <summary>How long a bucket keeps what was replaced, and what was never finished: the rules of Upbound's kind as S3's, and back.</summary>
internal static class BucketLifecycle
{
    /// <summary>The members of a rule that are understood; a rule with others is refused.</summary>
    private static readonly HashSet<string> Known = ["id", "status", "filter", "noncurrentVersionExpiration", "abortIncompleteMultipartUpload", "expiration"];

    /// <summary>Why the rules cannot be set; null when they can.</summary>
    public static string? Problem(BucketTarget target) => Rules(target) switch
    {
        [] => "spec.forProvider.rule holds no rule",
        var rules => rules.SelectMany(r => r).Select(m => m.Key).FirstOrDefault(m => !Known.Contains(m)) is { } unknown
            ? $"spec.forProvider.rule has {unknown}, which is not mapped. Take it out, or see docs/guides/aws.md" : null,
    };

    public static JsonObject Wanted(BucketTarget target) => new() { ["rule"] = new JsonArray([.. Rules(target).Select(JsonNode? (r) => Plain(r))]) };

    public static async Task<JsonObject?> ReadAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct)
    {
        var answer = await client.GetLifecycleConfigurationAsync(new GetLifecycleConfigurationRequest { BucketName = target.Bucket }, ct);
        var rules = answer.Configuration?.Rules ?? [];
        return rules.Count == 0 ? null : new JsonObject { ["rule"] = new JsonArray([.. rules.Select(JsonNode? (r) => Plain(r))]) };
    }

    public static Task PutAsync(IAmazonS3 client, BucketTarget target, CancellationToken ct) => client.PutLifecycleConfigurationAsync(
        new PutLifecycleConfigurationRequest
        {
            BucketName = target.Bucket,
            Configuration = new LifecycleConfiguration { Rules = [.. Rules(target).Select(Rule)] },
        }, ct);

    private static LifecycleRule Rule(JsonObject rule)
    {
        var made = new LifecycleRule
        {
            Id = rule.Text("id"),
            Status = LifecycleRuleStatus.FindValue(rule.Text("status") is { Length: > 0 } status ? status : "Enabled"),
            Filter = new LifecycleFilter { LifecycleFilterPredicate = new LifecyclePrefixPredicate { Prefix = First(rule["filter"]).Text("prefix") } },
        };
        if (Number(First(rule["noncurrentVersionExpiration"]), "noncurrentDays") is { } noncurrent)
        {
            made.NoncurrentVersionExpiration = new LifecycleRuleNoncurrentVersionExpiration { NoncurrentDays = noncurrent };
        }

        if (Number(First(rule["abortIncompleteMultipartUpload"]), "daysAfterInitiation") is { } unfinished)
        {
            made.AbortIncompleteMultipartUpload = new LifecycleRuleAbortIncompleteMultipartUpload { DaysAfterInitiation = unfinished };
        }

        if (Number(First(rule["expiration"]), "days") is { } days)
        {
            made.Expiration = new LifecycleRuleExpiration { Days = days };
        }

        return made;
    }

    private static JsonObject Plain(JsonObject rule) => Plain(
        rule.Text("id"), rule.Text("status"), First(rule["filter"]).Text("prefix"), Number(First(rule["noncurrentVersionExpiration"]), "noncurrentDays"),
        Number(First(rule["abortIncompleteMultipartUpload"]), "daysAfterInitiation"), Number(First(rule["expiration"]), "days"));

    private static JsonObject Plain(LifecycleRule rule) => Plain(
        rule.Id ?? "", rule.Status?.Value ?? "", (rule.Filter?.LifecycleFilterPredicate as LifecyclePrefixPredicate)?.Prefix ?? "",
        rule.NoncurrentVersionExpiration?.NoncurrentDays, rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation, rule.Expiration?.Days);

    /// <summary>What two rules are compared by: defaults written out, and what S3 adds of itself left out.</summary>
    private static JsonObject Plain(string id, string status, string prefix, int? noncurrent, int? unfinished, int? days) => new()
    {
        ["id"] = id, ["status"] = status.Length > 0 ? status : "Enabled", ["prefix"] = prefix, ["noncurrentDays"] = noncurrent, ["daysAfterInitiation"] = unfinished, ["days"] = days,
    };

    private static List<JsonObject> Rules(BucketTarget target) => [.. (target.ForProvider["rule"] as JsonArray ?? []).OfType<JsonObject>()];

    /// <summary>Upbound writes a single block as a list of one, and in later versions as the block.</summary>
    private static JsonNode? First(JsonNode? block) => block is JsonArray list ? list.FirstOrDefault() : block;

    private static int? Number(JsonNode? block, string member) =>
        int.TryParse(block?[member]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
