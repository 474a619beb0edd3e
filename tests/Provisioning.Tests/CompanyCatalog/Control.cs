using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Tests.CompanyCatalog;

/// <summary>One control of the company: which compositions must have it, and what is wrong with what they rendered; null for nothing.</summary>
internal sealed record Control(string Name, string[] Compositions, Func<Dictionary<string, JsonObject>, string?> Problem)
{
    private const string Database = "postgresql-aws-standard";
    private const string Bucket = "s3bucket-aws-standard";
    private const string Queue = "sqsqueue-aws-standard";
    private const string Cache = "elasticache-aws-standard";

    public static IReadOnlyList<Control> All { get; } =
    [
        new("a key of its own that rotates", [Database, Bucket, Queue, Cache], r => Is(r, "key", "enableKeyRotation", true)),
        new("encryption at rest with that key", [Database], r => Is(r, "instance", "storageEncrypted", true) ?? OwnKey(r, "instance", "kmsKeyId")),
        new("encryption at rest with that key, of objects", [Bucket], r =>
            r["encryption"].At("spec", "forProvider", "rule")![0]!["applyServerSideEncryptionByDefault"]![0] is { } rule
            && rule.Text("sseAlgorithm") == "aws:kms" && Truth(rule.At("kmsMasterKeyIdSelector", "matchControllerRef")) ? null : "objects are not encrypted with its key"),
        new("encryption at rest with that key, of messages", [Queue], r => OwnKey(r, "queue", "kmsMasterKeyId") ?? OwnKey(r, "dead-letters", "kmsMasterKeyId")),
        new("encryption at rest with that key, of the cache", [Cache], r => Is(r, "cluster", "atRestEncryptionEnabled", true) ?? OwnKey(r, "cluster", "kmsKeyId")),
        new("private subnets", [Database, Cache], r =>
            r["subnet-group"].At("spec", "forProvider", "subnetIdSelector", "matchLabels").Text("access") == "private" ? null : "other subnets than private ones"),
        new("no public access", [Database], r => Is(r, "instance", "publiclyAccessible", false)),
        new("no public access to objects", [Bucket], r => Is(r, "private", "blockPublicAcls", true) ?? Is(r, "private", "blockPublicPolicy", true)
            ?? Is(r, "private", "ignorePublicAcls", true) ?? Is(r, "private", "restrictPublicBuckets", true)),
        new("reached from inside the network alone", [Database, Cache], r => Of(r, "inside", "cidrIpv4")?.ToString() == "10.0.0.0/8" ? null : "it is reached from elsewhere"),
        new("backups are kept", [Database], r => Number(r, "instance", "backupRetentionPeriod") >= 7 ? Is(r, "instance", "skipFinalSnapshot", false) : "backups are kept for less than seven days"),
        new("snapshots are kept", [Cache], r => Number(r, "cluster", "snapshotRetentionLimit") >= 7 ? null : "snapshots are kept for less than seven days"),
        new("what was replaced can be brought back", [Bucket], r =>
            r["versions"].At("spec", "forProvider", "versioningConfiguration")![0].Text("status") == "Enabled"
            && r["retention"].At("spec", "forProvider", "rule")![0]!["noncurrentVersionExpiration"]![0]!["noncurrentDays"]!.GetValue<long>() >= 7 ? null : "versions are not kept"),
        new("what cannot be handled is kept", [Queue], r => Number(r, "dead-letters", "messageRetentionSeconds") == 1209600
            && Of(r, "queue", "redrivePolicy")!.ToString().Contains("arn:aws:test:dead-letters", StringComparison.Ordinal) ? null : "there are no dead letters"),
        new("protected from deletion in production", [Database], r => Is(r, "instance", "deletionProtection", true)),
        new("not emptied by a deletion in production", [Bucket], r => Is(r, "bucket", "forceDestroy", false)),
        new("TLS only", [Database], r => r["tls"].At("spec", "forProvider", "parameter")!.AsArray().Any(p => p.Text("name") == "rds.force_ssl" && p.Text("value") == "1")
            && Truth(Of(r, "instance", "parameterGroupNameSelector")?["matchControllerRef"]) ? null : "connections without TLS are taken"),
        new("TLS only, by policy", [Bucket, Queue], r => Policy(r, "tls").Any(s => s.Text("Effect") == "Deny" && s.Text("Principal") == "*"
            && s.At("Condition", "Bool").Text("aws:SecureTransport") == "false") ? null : "requests without TLS are taken"),
        new("TLS only, of the cache", [Cache], r => Is(r, "cluster", "transitEncryptionEnabled", true)),
        new("cost tags", [Database, Bucket, Queue, Cache], Tags),
        new("least privilege for the service's own role", [Database, Bucket, Queue], r =>
            Of(r, "access", "role")?.ToString() != "claims-service" ? "another role gets it"
            : Policy(r, "access").SelectMany(s => Texts(s["Action"]).Concat(Texts(s["Resource"]))).FirstOrDefault(t => t is "*" || t.EndsWith(":*", StringComparison.Ordinal)) is { } wide
                ? $"it may {wide}" : null),
        new("the password is a reference, and rotates", [Database], r => Is(r, "instance", "manageMasterUserPassword", true)
            ?? (Of(r, "instance", "password") is null && Of(r, "instance", "passwordSecretRef") is null ? null : "a password is set")),
        new("the password is made and never written down", [Cache], r => Is(r, "cluster", "autoGenerateAuthToken", true)),
    ];

    private static string? Tags(Dictionary<string, JsonObject> rendered)
    {
        string[] charged = ["Key", "Instance", "Bucket", "Queue", "ReplicationGroup", "SecurityGroup", "SubnetGroup"];
        (string Tag, string Value)[] wanted = [("team", "claims"), ("service", "claims-service"), ("environment", "prod"), ("cost-centre", "cc-4711")];
        return rendered.Values.Where(d => charged.Contains(d.Text("kind")))
            .SelectMany(d => wanted.Where(w => d.At("spec", "forProvider", "tags").Text(w.Tag) != w.Value)
                .Select(w => $"{d.Text("kind")} has the tag {w.Tag} '{d.At("spec", "forProvider", "tags").Text(w.Tag)}' instead of '{w.Value}'"))
            .FirstOrDefault();
    }

    private static string? OwnKey(Dictionary<string, JsonObject> rendered, string template, string field) =>
        Of(rendered, template, field) is null && Truth(Of(rendered, template, $"{field}Selector")?["matchControllerRef"]) ? null : $"{template}.{field} is not its own key";

    private static string? Is(Dictionary<string, JsonObject> rendered, string template, string field, bool wanted) =>
        Of(rendered, template, field) is JsonValue value && value.TryGetValue<bool>(out var got) && got == wanted ? null
            : $"{template}.{field} is {Of(rendered, template, field)?.ToJsonString() ?? "not set"}";

    private static long Number(Dictionary<string, JsonObject> rendered, string template, string field) => long.Parse(Of(rendered, template, field)?.ToString() ?? "-1", null);

    private static bool Truth(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var truth) && truth;

    private static JsonNode? Of(Dictionary<string, JsonObject> rendered, string template, string field) =>
        rendered.TryGetValue(template, out var document) ? document.At("spec", "forProvider", field) : null;

    private static IEnumerable<JsonNode> Policy(Dictionary<string, JsonObject> rendered, string template) =>
        Of(rendered, template, "policy") is { } text ? JsonNode.Parse(text.ToString())!["Statement"]!.AsArray().OfType<JsonNode>() : [];

    private static IEnumerable<string> Texts(JsonNode? node) => node is JsonArray list ? list.Select(i => i?.ToString() ?? "") : node is null ? [] : [node.ToString()];
}
