using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Gateway;

/// <summary>Kubernetes' ObjectMeta, for every kind.</summary>
internal static class MetadataSchema
{
    public static StructuralSchema Value { get; } = StructuralSchema.Parse("""
        {
          "type": "object",
          "properties": {
            "name": { "type": "string" },
            "generateName": { "type": "string" },
            "namespace": { "type": "string" },
            "selfLink": { "type": "string" },
            "uid": { "type": "string" },
            "resourceVersion": { "type": "string" },
            "generation": { "type": "integer", "format": "int64" },
            "creationTimestamp": { "type": "string", "format": "date-time", "nullable": true },
            "deletionTimestamp": { "type": "string", "format": "date-time", "nullable": true },
            "deletionGracePeriodSeconds": { "type": "integer", "format": "int64" },
            "labels": { "type": "object", "additionalProperties": { "type": "string" } },
            "annotations": { "type": "object", "additionalProperties": { "type": "string" } },
            "finalizers": { "type": "array", "items": { "type": "string" }, "x-kubernetes-list-type": "set" },
            "ownerReferences": {
              "type": "array",
              "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": ["uid"],
              "items": {
                "type": "object",
                "required": ["apiVersion", "kind", "name", "uid"],
                "properties": {
                  "apiVersion": { "type": "string" },
                  "kind": { "type": "string" },
                  "name": { "type": "string" },
                  "uid": { "type": "string" },
                  "controller": { "type": "boolean" },
                  "blockOwnerDeletion": { "type": "boolean" }
                }
              }
            },
            "managedFields": {
              "type": "array",
              "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
            }
          }
        }
        """);
}
