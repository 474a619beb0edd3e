using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Kubernetes;

/// <summary>The kinds of Crossplane's provider-kubernetes 0.x (cluster-scoped) and 1.x (<c>.m.</c>, in namespaces).</summary>
internal static class KubernetesKinds
{
    private const string Group = "kubernetes.crossplane.io";
    private const string NamespacedGroup = "kubernetes.m.crossplane.io";

    private const string ForProvider = """
        {
          "type": "object",
          "required": ["manifest"],
          "properties": { "manifest": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } }
        }
        """;

    private const string Target = """
        "apiVersion": { "type": "string" }, "kind": { "type": "string" }, "name": { "type": "string" }, "namespace": { "type": "string" }
        """;

    private const string More = $$"""
        "watch": { "type": "boolean" },
        "readiness": {
          "type": "object",
          "properties": {
            "policy": { "type": "string", "enum": ["SuccessfulCreate", "DeriveFromObject", "AllTrue", "DeriveFromCelQuery"], "default": "SuccessfulCreate" },
            "celQuery": { "type": "string" }
          }
        },
        "references": {
          "type": "array",
          "items": {
            "type": "object",
            "properties": {
              "dependsOn": { "type": "object", "required": ["name"], "properties": { {{Target}} } },
              "patchesFrom": { "type": "object", "required": ["name"], "properties": { {{Target}}, "fieldPath": { "type": "string" } } },
              "toFieldPath": { "type": "string" }
            }
          }
        },
        "connectionDetails": {
          "type": "array",
          "items": {
            "type": "object",
            "required": ["kind", "name", "fieldPath", "toConnectionSecretKey"],
            "properties": { {{Target}}, "fieldPath": { "type": "string" }, "toConnectionSecretKey": { "type": "string" } }
          }
        },
        """;

    private static readonly PrinterColumn[] Columns =
    [
        new("KIND", ".spec.forProvider.manifest.kind"),
        new("PROVIDERCONFIG", ".spec.providerConfigRef.name"),
        new("SYNCED", ".status.conditions[?(@.type=='Synced')].status"),
        new("READY", ".status.conditions[?(@.type=='Ready')].status"),
        new("AGE", ".metadata.creationTimestamp", "date"),
    ];

    public static KindDefinition Object { get; } = ManagedKinds.Make("objects", Group, "v1alpha2", "Object", ForProvider, More) with
    {
        OtherVersions = ["v1alpha1"],
        Normalize = ReadOldPolicy,
        Columns = Columns,
    };

    public static KindDefinition NamespacedObject { get; } = ManagedKinds.Make("objects", NamespacedGroup, "v1alpha1", "Object", ForProvider, More, namespaced: true) with
    {
        Columns = Columns,
    };

    public static KindDefinition ProviderConfig { get; } = Config("providerconfigs", Group, "ProviderConfig", namespaced: false);

    public static KindDefinition NamespacedProviderConfig { get; } = Config("providerconfigs", NamespacedGroup, "ProviderConfig", namespaced: true);

    public static KindDefinition ClusterProviderConfig { get; } = Config("clusterproviderconfigs", NamespacedGroup, "ClusterProviderConfig", namespaced: false);

    public static IReadOnlyList<KindDefinition> Managed { get; } = [Object, NamespacedObject];

    public static IReadOnlyList<KindDefinition> Configs { get; } = [ProviderConfig, NamespacedProviderConfig, ClusterProviderConfig];

    /// <summary>Version v1alpha1 had <c>managementPolicy</c>, one word for a list of actions.</summary>
    private static void ReadOldPolicy(JsonObject document)
    {
        if (document["spec"] is not JsonObject spec || spec["managementPolicy"] is not { } old)
        {
            return;
        }

        spec.Remove("managementPolicy");
        if (spec["managementPolicies"] is null && old.ToString() switch
            {
                "ObserveCreateUpdate" => (string[])["Observe", "Create", "Update"],
                "ObserveDelete" => ["Observe", "Delete"],
                "Observe" => ["Observe"],
                _ => [],
            } is { Length: > 0 } actions)
        {
            spec["managementPolicies"] = new JsonArray([.. actions.Select(a => (JsonNode)a)]);
        }
    }

    private static KindDefinition Config(string plural, string group, string kind, bool namespaced) => new()
    {
        Id = new KindId(plural, group),
        Version = "v1alpha1",
        Kind = kind,
        Namespaced = namespaced,
        HasStatus = true,
        Categories = ["crossplane", "provider", "kubernetes"],
        Schema = StructuralSchema.Parse("""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["credentials"],
                  "x-kubernetes-preserve-unknown-fields": true,
                  "properties": {
                    "credentials": {
                      "type": "object",
                      "required": ["source"],
                      "x-kubernetes-preserve-unknown-fields": true,
                      "properties": {
                        "source": { "type": "string", "enum": ["None", "Secret", "InjectedIdentity", "Environment", "Filesystem"] },
                        "secretRef": {
                          "type": "object",
                          "required": ["name", "key"],
                          "properties": { "namespace": { "type": "string" }, "name": { "type": "string" }, "key": { "type": "string" } }
                        }
                      }
                    },
                    "identity": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
                  }
                },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
              }
            }
            """),
        Columns = [new("SOURCE", ".spec.credentials.source"), new("AGE", ".metadata.creationTimestamp", "date")],
    };
}
