using static Flagstone.Platform.Patching.MergeShape;

namespace Flagstone.Platform.Patching;

/// <summary>The merging lists of Kubernetes' own kinds, from the markers on the types in k8s.io/api (1.32).</summary>
internal static class BuiltInShapes
{
    private static readonly MergeShape Metadata = Map(
        ("labels", Map()),
        ("annotations", Map()),
        ("finalizers", Set()),
        ("ownerReferences", List("uid")));
    private static readonly MergeShape Status = Map(("conditions", List("type")));
    private static readonly MergeShape Other = Map(("metadata", Metadata), ("status", Status));

    private static readonly MergeShape Container = Map(
        ("env", List("name")),
        ("ports", List("containerPort", null, "containerPort", "protocol")),
        ("volumeMounts", List("mountPath")),
        ("volumeDevices", List("devicePath")),
        ("resources", Map(("claims", List("name")))));

    private static readonly MergeShape PodSpec = Map(
        ("containers", List("name", Container)),
        ("initContainers", List("name", Container)),
        ("ephemeralContainers", List("name", Container)),
        ("volumes", List("name")),
        ("imagePullSecrets", List("name")),
        ("hostAliases", List("ip")),
        ("topologySpreadConstraints", List("topologyKey", null, "topologyKey", "whenUnsatisfiable")),
        ("schedulingGates", List("name")),
        ("resourceClaims", List("name")));

    private static readonly MergeShape Template = Map(("metadata", Metadata), ("spec", PodSpec));
    private static readonly MergeShape Workload = Kind(Map(("template", Template)));
    private static readonly MergeShape JobTemplate = Map(("metadata", Metadata), ("spec", Map(("template", Template))));
    private static readonly MergeShape Webhooks = Map(("metadata", Metadata), ("webhooks", List("name")));

    private static readonly Dictionary<(string Group, string Kind), MergeShape> Kinds = new()
    {
        [("apps", "Deployment")] = Workload,
        [("apps", "StatefulSet")] = Workload,
        [("apps", "DaemonSet")] = Workload,
        [("apps", "ReplicaSet")] = Workload,
        [("batch", "Job")] = Workload,
        [("batch", "CronJob")] = Kind(Map(("jobTemplate", JobTemplate))),
        [("", "ReplicationController")] = Workload,
        [("", "Pod")] = Map(
            ("metadata", Metadata),
            ("spec", PodSpec),
            ("status", Map(("conditions", List("type")), ("podIPs", List("ip")), ("hostIPs", List("ip"))))),
        [("", "PodTemplate")] = Map(("metadata", Metadata), ("template", Template)),
        [("", "Service")] = Kind(Map(("ports", List("port", null, "port", "protocol")))),
        [("", "ServiceAccount")] = Map(("metadata", Metadata), ("secrets", List("name")), ("imagePullSecrets", List("name"))),
        [("", "Namespace")] = Kind(Map(("finalizers", Set()))),
        [("", "Node")] = Map(
            ("metadata", Metadata),
            ("spec", Map(("podCIDRs", Set()))),
            ("status", Map(("conditions", List("type")), ("addresses", List("type"))))),
        [("admissionregistration.k8s.io", "ValidatingWebhookConfiguration")] = Webhooks,
        [("admissionregistration.k8s.io", "MutatingWebhookConfiguration")] = Webhooks,
    };

    public static MergeShape Find(string group, string kind) => Kinds.GetValueOrDefault((group, kind), Other);

    private static MergeShape Kind(MergeShape spec) => Map(("metadata", Metadata), ("spec", spec), ("status", Status));
}
