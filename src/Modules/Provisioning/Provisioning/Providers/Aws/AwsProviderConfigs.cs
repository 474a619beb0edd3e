using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Provisioning.Providers.Aws;

/// <summary>Upbound's ProviderConfig of AWS: where credentials come from, and other endpoints than AWS' own.</summary>
internal static class AwsProviderConfigs
{
    public static KindDefinition Kind { get; } = new()
    {
        Id = new KindId("providerconfigs", "aws.upbound.io"),
        Version = "v1beta1",
        Kind = "ProviderConfig",
        Namespaced = false,
        HasStatus = true,
        Categories = ["crossplane", "provider", "aws"],
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
                    "assumeRoleChain": {
                      "type": "array",
                      "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": { "roleARN": { "type": "string" }, "externalID": { "type": "string" } } }
                    },
                    "credentials": {
                      "type": "object",
                      "required": ["source"],
                      "x-kubernetes-preserve-unknown-fields": true,
                      "properties": {
                        "source": { "type": "string", "enum": ["Secret", "IRSA", "PodIdentity", "WebIdentity", "Environment", "Upbound", "None"] },
                        "secretRef": {
                          "type": "object",
                          "required": ["namespace", "name", "key"],
                          "properties": { "namespace": { "type": "string" }, "name": { "type": "string" }, "key": { "type": "string" } }
                        }
                      }
                    },
                    "endpoint": {
                      "type": "object",
                      "x-kubernetes-preserve-unknown-fields": true,
                      "properties": {
                        "services": { "type": "array", "items": { "type": "string" } },
                        "url": {
                          "type": "object",
                          "x-kubernetes-preserve-unknown-fields": true,
                          "properties": { "type": { "type": "string", "enum": ["Static", "Dynamic"] }, "static": { "type": "string" } }
                        }
                      }
                    },
                    "s3_use_path_style": { "type": "boolean" }
                  }
                },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
              }
            }
            """),
        Columns = [new("SOURCE", ".spec.credentials.source"), new("AGE", ".metadata.creationTimestamp", "date")],
    };
}
