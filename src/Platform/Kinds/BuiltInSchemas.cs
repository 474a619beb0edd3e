using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Kinds;

/// <summary>
/// Schemas of Kubernetes' own kinds, as far as a typing error in them matters here. What is not named under a pod's template is kept:
/// a cluster, which knows its version, judges it.
/// </summary>
internal static class BuiltInSchemas
{
    private const string Open = """{ "type": "object", "x-kubernetes-preserve-unknown-fields": true }""";

    private static readonly Dictionary<string, string> Schemas = new(StringComparer.Ordinal)
    {
        ["ConfigMap"] = """
            {
              "type": "object",
              "properties": {
                "data": { "type": "object", "additionalProperties": { "type": "string" }, "description": "Configuration as texts." },
                "binaryData": { "type": "object", "additionalProperties": { "type": "string", "format": "byte" } },
                "immutable": { "type": "boolean" }
              }
            }
            """,
        ["Secret"] = """
            {
              "type": "object",
              "properties": {
                "data": { "type": "object", "additionalProperties": { "type": "string" }, "description": "The secret values, in base64. They are sealed at rest." },
                "stringData": { "type": "object", "additionalProperties": { "type": "string" } },
                "type": { "type": "string" },
                "immutable": { "type": "boolean" }
              }
            }
            """,
        ["ServiceAccount"] = """
            {
              "type": "object",
              "properties": {
                "automountServiceAccountToken": { "type": "boolean" },
                "secrets": { "type": "array", "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
                "imagePullSecrets": { "type": "array", "items": { "type": "object", "properties": { "name": { "type": "string" } } } }
              }
            }
            """,
        ["Namespace"] = """
            {
              "type": "object",
              "properties": {
                "spec": { "type": "object", "properties": { "finalizers": { "type": "array", "items": { "type": "string" } } } },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
              }
            }
            """,
        ["Service"] = """
            {
              "type": "object",
              "properties": {
                "spec": {
                  "type": "object",
                  "x-kubernetes-preserve-unknown-fields": true,
                  "properties": {
                    "type": { "type": "string", "enum": ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] },
                    "clusterIP": { "type": "string" },
                    "selector": { "type": "object", "additionalProperties": { "type": "string" } },
                    "ports": {
                      "type": "array",
                      "items": {
                        "type": "object",
                        "required": ["port"],
                        "properties": {
                          "name": { "type": "string" },
                          "port": { "type": "integer", "format": "int32", "minimum": 1, "maximum": 65535 },
                          "targetPort": { "x-kubernetes-int-or-string": true },
                          "protocol": { "type": "string", "enum": ["TCP", "UDP", "SCTP"] },
                          "nodePort": { "type": "integer" },
                          "appProtocol": { "type": "string" }
                        }
                      }
                    }
                  }
                },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
              }
            }
            """,
        ["Deployment"] = """
            {
              "type": "object",
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["selector", "template"],
                  "properties": {
                    "replicas": { "type": "integer", "format": "int32", "minimum": 0, "description": "How many instances run." },
                    "minReadySeconds": { "type": "integer" },
                    "revisionHistoryLimit": { "type": "integer" },
                    "progressDeadlineSeconds": { "type": "integer" },
                    "paused": { "type": "boolean" },
                    "selector": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                    "strategy": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                    "template": {
                      "type": "object",
                      "properties": {
                        "metadata": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                        "spec": {
                          "type": "object",
                          "required": ["containers"],
                          "x-kubernetes-preserve-unknown-fields": true,
                          "properties": {
                            "containers": {
                              "type": "array",
                              "minItems": 1,
                              "x-kubernetes-list-type": "map",
                              "x-kubernetes-list-map-keys": ["name"],
                              "items": {
                                "type": "object",
                                "required": ["name"],
                                "x-kubernetes-preserve-unknown-fields": true,
                                "properties": {
                                  "name": { "type": "string" },
                                  "image": { "type": "string" },
                                  "env": {
                                    "type": "array",
                                    "x-kubernetes-list-type": "map",
                                    "x-kubernetes-list-map-keys": ["name"],
                                    "items": {
                                      "type": "object",
                                      "required": ["name"],
                                      "x-kubernetes-preserve-unknown-fields": true,
                                      "properties": { "name": { "type": "string" }, "value": { "type": "string" } }
                                    }
                                  }
                                }
                              }
                            }
                          }
                        }
                      }
                    }
                  }
                },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
              }
            }
            """,
    };

    private static readonly StructuralSchema Spec = StructuralSchema.Parse($$"""
        { "type": "object", "properties": { "spec": {{Open}}, "status": {{Open}} } }
        """);

    private static readonly StructuralSchema Rules = StructuralSchema.Parse($$"""
        {
          "type": "object",
          "properties": {
            "rules": { "type": "array", "items": {{Open}} },
            "subjects": { "type": "array", "items": {{Open}} },
            "roleRef": {{Open}},
            "status": {{Open}}
          }
        }
        """);

    public static StructuralSchema Find(string kind) =>
        Schemas.TryGetValue(kind, out var schema) ? StructuralSchema.Parse(schema) : kind is "Role" or "RoleBinding" ? Rules : Spec;
}
