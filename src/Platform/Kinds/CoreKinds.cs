using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Kinds;

/// <summary>Kubernetes' own kinds, so that what people have is applied unchanged. Those that only a cluster enforces are stored, and say so.</summary>
internal static partial class CoreKinds
{
    private const int MaxDataKey = 253;

    private static readonly PrinterColumn Age = new("Age", ".metadata.creationTimestamp", "date");

    public static IEnumerable<KindDefinition> All()
    {
        yield return BuiltIn("", "v1", "namespaces", "Namespace", "ns") with
        {
            Namespaced = false,
            NameRule = NameRule.DnsLabel,
            HasStatus = false,
            Columns = [new("Status", ".status.phase"), Age],
            Normalize = NormalizeNamespace,
        };
        yield return BuiltIn("", "v1", "secrets", "Secret") with
        {
            Sealed = true,
            Columns = [new("Type", ".type"), Count("Data", "data"), Age],
            Normalize = NormalizeSecret,
            Validate = ValidateSecret,
        };
        yield return BuiltIn("", "v1", "configmaps", "ConfigMap", "cm") with
        {
            Columns = [Count("Data", "data"), Age],
            Validate = (next, _) => CheckDataKeys(next, "data").Concat(CheckDataKeys(next, "binaryData")),
        };
        yield return BuiltIn("", "v1", "serviceaccounts", "ServiceAccount", "sa") with { Columns = [Count("Secrets", "secrets"), Age] };
        yield return BuiltIn("", "v1", "services", "Service", "svc") with
        {
            NameRule = NameRule.DnsLabel,
            HasStatus = true,
            Normalize = NormalizeService,
            Columns =
            [
                new("Type", ".spec.type"), new("Cluster-IP", ".spec.clusterIP"),
                new("External-IP", "") { Value = _ => "<none>" },
                new("Port(s)", "") { Value = Ports }, Age,
                new("Selector", "", Priority: 1) { Value = o => Pairs(o.At("spec", "selector")) },
            ],
        };
        yield return BuiltIn("apps", "v1", "deployments", "Deployment", "deploy") with
        {
            HasStatus = true,
            Categories = ["all"],
            Normalize = NormalizeDeployment,
            Validate = ValidateDeployment,
            Columns =
            [
                new("Ready", "") { Value = o => $"{Number(o.At("status", "readyReplicas"))}/{Number(o.At("spec", "replicas"))}" },
                new("Up-to-date", "", "integer") { Value = o => Number(o.At("status", "updatedReplicas")) },
                new("Available", "", "integer") { Value = o => Number(o.At("status", "availableReplicas")) },
                Age,
                new("Containers", "", Priority: 1) { Value = o => Names(o.At("spec", "template", "spec", "containers"), "name") },
                new("Images", "", Priority: 1) { Value = o => Names(o.At("spec", "template", "spec", "containers"), "image") },
                new("Selector", "", Priority: 1) { Value = o => Pairs(o.At("spec", "selector", "matchLabels")) },
            ],
        };
        yield return Cluster("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol") with
        {
            Columns = [new("Pod-Selector", "") { Value = o => Pairs(o.At("spec", "podSelector", "matchLabels")) }, Age],
        };
        yield return Cluster("rbac.authorization.k8s.io", "v1", "roles", "Role") with
        {
            NameRule = NameRule.PathSegment,
            Columns = [new("Created At", ".metadata.creationTimestamp")],
        };
        yield return Cluster("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding") with
        {
            NameRule = NameRule.PathSegment,
            Columns = [new("Role", "") { Value = o => $"{o.At("roleRef").Text("kind")}/{o.At("roleRef").Text("name")}" }, Age],
        };
        yield return Cluster("monitoring.coreos.com", "v1", "servicemonitors", "ServiceMonitor", "smon") with { BuiltIn = false };
        yield return Cluster("monitoring.coreos.com", "v1", "prometheusrules", "PrometheusRule", "promrule") with { BuiltIn = false };
        yield return Cluster("external-secrets.io", "v1", "externalsecrets", "ExternalSecret", "es") with { BuiltIn = false, OtherVersions = ["v1beta1"] };
    }

    private static KindDefinition BuiltIn(string group, string version, string plural, string kind, params string[] shortNames) => new()
    {
        Id = new KindId(plural, group),
        Version = version,
        Kind = kind,
        ShortNames = shortNames,
        BuiltIn = true,
        CountsGenerations = group is not ("" or "rbac.authorization.k8s.io"),
        Schema = BuiltInSchemas.Find(kind),
    };

    private static KindDefinition Cluster(string group, string version, string plural, string kind, params string[] shortNames) =>
        BuiltIn(group, version, plural, kind, shortNames) with { ClusterOnly = true, HasStatus = true };

    private static void NormalizeNamespace(JsonObject document)
    {
        var metadata = document.Metadata();
        if (metadata["labels"] is not JsonObject labels)
        {
            metadata["labels"] = labels = [];
        }

        labels["kubernetes.io/metadata.name"] = document.NameOf();
        if (!document.IsDeleting())
        {
            document["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") };
            document["status"] = new JsonObject { ["phase"] = "Active" };
        }
    }

    private static void NormalizeSecret(JsonObject document)
    {
        if (document["stringData"] is JsonObject texts)
        {
            if (document["data"] is not JsonObject data)
            {
                document["data"] = data = [];
            }

            foreach (var (key, value) in texts)
            {
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value?.ToString() ?? ""));
            }

            document.Remove("stringData");
        }

        document["type"] ??= "Opaque";
    }

    private static IEnumerable<ProblemCause> CheckDataKeys(JsonObject document, string member) =>
        (document[member] as JsonObject ?? []).Where(d => !DataKey().IsMatch(d.Key) || d.Key is "." or ".." || d.Key.Length > MaxDataKey).Select(d => new ProblemCause(
            $"{member}[{d.Key}]", "FieldValueInvalid",
            $"Invalid value: \"{d.Key}\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"));

    private static IEnumerable<ProblemCause> ValidateSecret(JsonObject next, JsonObject? before)
    {
        foreach (var bad in CheckDataKeys(next, "data"))
        {
            yield return bad;
        }

        foreach (var (key, value) in next["data"] as JsonObject ?? [])
        {
            var text = value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : null;
            // The value itself is not shown: it may be the secret in clear text.
            if (text is null || !Convert.TryFromBase64String(text, new byte[text.Length], out _))
            {
                yield return new ProblemCause($"data[{key}]", "FieldValueInvalid", "Invalid value: must be base64; put clear text under stringData");
            }
        }

        if (before is not null && before.Text("type") != next.Text("type"))
        {
            yield return new ProblemCause("type", "FieldValueInvalid", $"Invalid value: \"{next.Text("type")}\": field is immutable");
        }
    }

    private static void NormalizeService(JsonObject document)
    {
        if (document["spec"] is not JsonObject spec)
        {
            return;
        }

        spec["type"] ??= "ClusterIP";
        spec["sessionAffinity"] ??= "None";
        foreach (var port in (spec["ports"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            port["protocol"] ??= "TCP";
            port["targetPort"] ??= port["port"]?.DeepClone();
        }
    }

    private static void NormalizeDeployment(JsonObject document)
    {
        if (document["spec"] is JsonObject spec)
        {
            spec["replicas"] ??= 1;
        }
    }

    private static IEnumerable<ProblemCause> ValidateDeployment(JsonObject next, JsonObject? before)
    {
        var labels = next.At("spec", "template", "metadata", "labels");
        foreach (var (label, value) in next.At("spec", "selector", "matchLabels") as JsonObject ?? [])
        {
            if (labels.Text(label) != value?.ToString())
            {
                yield return new ProblemCause("spec.template.metadata.labels", "FieldValueInvalid", $"Invalid value: `selector` does not match template `labels`: {label}");
            }
        }

        if (before is not null && !JsonNode.DeepEquals(before.At("spec", "selector"), next.At("spec", "selector")))
        {
            yield return new ProblemCause("spec.selector", "FieldValueInvalid", "Invalid value: field is immutable");
        }
    }

    private static PrinterColumn Count(string name, string member) =>
        new(name, "", "integer") { Value = o => o[member] switch { JsonObject map => map.Count, JsonArray list => list.Count, _ => 0 } };

    private static JsonNode Number(JsonNode? node) => node?.DeepClone() ?? 0;

    private static JsonNode Pairs(JsonNode? map) =>
        map is JsonObject { Count: > 0 } pairs ? string.Join(',', pairs.Select(p => $"{p.Key}={p.Value}")) : "<none>";

    private static JsonNode Names(JsonNode? list, string member) =>
        string.Join(',', (list as JsonArray)?.Select(i => i.Text(member)) ?? []);

    private static JsonNode Ports(JsonObject service) =>
        service.At("spec", "ports") is JsonArray { Count: > 0 } ports
            ? string.Join(',', ports.Select(p => $"{p.At("port")}/{p.Text("protocol")}"))
            : "<none>";

    [GeneratedRegex(@"\A[-._a-zA-Z0-9]+\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex DataKey();
}
