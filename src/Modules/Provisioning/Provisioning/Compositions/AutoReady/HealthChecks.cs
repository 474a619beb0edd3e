using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions.AutoReady;

/// <summary>When a resource is healthy: Kubernetes' own kinds each have a rule, since they have no condition Ready; all others are by that.</summary>
internal static class HealthChecks
{
    private static readonly Dictionary<string, Func<JsonObject, bool>> Checks = new(StringComparer.Ordinal)
    {
        ["apps/Deployment"] = Deployment,
        ["apps/StatefulSet"] = StatefulSet,
        ["apps/DaemonSet"] = DaemonSet,
        ["apps/ReplicaSet"] = ReplicaSet,
        ["batch/Job"] = job => Has(job, "Complete"),
        ["batch/CronJob"] = CronJob,
        ["autoscaling/HorizontalPodAutoscaler"] = Autoscaler,
        ["networking.k8s.io/Ingress"] = HasIngress,
        ["/PersistentVolumeClaim"] = claim => claim["status"].Text("phase") == "Bound",
        ["/Pod"] = Pod,
        ["/Service"] = service => service["spec"].Text("type") != "LoadBalancer" || HasIngress(service),
        // These say nothing of themselves: being there is all there is.
        ["/ConfigMap"] = _ => true,
        ["/Secret"] = _ => true,
        ["/ServiceAccount"] = _ => true,
        ["/Namespace"] = space => space["status"].Text("phase") is "" or "Active",
        ["networking.k8s.io/NetworkPolicy"] = _ => true,
        ["rbac.authorization.k8s.io/Role"] = _ => true,
        ["rbac.authorization.k8s.io/RoleBinding"] = _ => true,
        ["rbac.authorization.k8s.io/ClusterRole"] = _ => true,
        ["rbac.authorization.k8s.io/ClusterRoleBinding"] = _ => true,
    };

    public static bool IsHealthy(JsonObject document)
    {
        var apiVersion = document.Text("apiVersion");
        var group = apiVersion.Contains('/', StringComparison.Ordinal) ? apiVersion.Split('/')[0] : "";
        return Checks.TryGetValue($"{group}/{document.Text("kind")}", out var check) ? check(document) : Has(document, "Ready");
    }

    private static bool Deployment(JsonObject document) =>
        Count(document, "updatedReplicas") == Replicas(document) && Count(document, "availableReplicas") == Replicas(document) && Has(document, "Available");

    private static bool StatefulSet(JsonObject document) =>
        Count(document, "readyReplicas") == Replicas(document) && Count(document, "currentReplicas") == Replicas(document)
        && document["status"].Text("currentRevision") == document["status"].Text("updateRevision");

    private static bool DaemonSet(JsonObject document)
    {
        var wanted = Count(document, "desiredNumberScheduled");
        return wanted is not null && Count(document, "numberReady") == wanted && Count(document, "updatedNumberScheduled") == wanted
            && Count(document, "numberAvailable") == wanted;
    }

    private static bool ReplicaSet(JsonObject document) =>
        Count(document, "observedGeneration") >= (Whole(document.At("metadata", "generation")) ?? 0) && !Has(document, "ReplicaFailure")
        && Count(document, "availableReplicas") >= Replicas(document);

    private static bool CronJob(JsonObject document) =>
        document["spec"]?["suspend"] is JsonValue v && v.GetValueKind() == JsonValueKind.True
        || (document["status"].Text("lastScheduleTime") is { Length: > 0 } scheduled
            && string.CompareOrdinal(document["status"].Text("lastSuccessfulTime"), scheduled) >= 0);

    private static bool Autoscaler(JsonObject document) =>
        (Has(document, "ScalingActive") || Has(document, "AbleToScale") || Has(document, "ScalingLimited"))
        && !Readiness.HasCondition(document, "AbleToScale", "False");

    private static bool Pod(JsonObject document) => document["status"].Text("phase") switch
    {
        "Succeeded" => true,
        // A pod that is to end is healthy once it has.
        "Running" => document["spec"].Text("restartPolicy") is "" or "Always" && Has(document, "Ready"),
        _ => false,
    };

    private static bool HasIngress(JsonObject document) => document.At("status", "loadBalancer")?["ingress"] is JsonArray { Count: > 0 };

    private static bool Has(JsonObject document, string condition) => Readiness.HasCondition(document, condition, "True");

    private static long Replicas(JsonObject document) => Whole(document.At("spec", "replicas")) ?? 1;

    private static long? Count(JsonObject document, string member) => Whole(document.At("status", member));

    private static long? Whole(JsonNode? node) => Numbers.IsNumber(node) ? (long)Numbers.Float(node!) : null;
}
