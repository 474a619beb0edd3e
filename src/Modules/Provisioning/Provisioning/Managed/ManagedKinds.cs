using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Provisioning.Managed;

/// <summary>Makes the kind of a managed resource: Crossplane's common spec around the provider's own.</summary>
internal static class ManagedKinds
{
    public const string Category = "managed";

    private const string Open = """{ "type": "object", "x-kubernetes-preserve-unknown-fields": true }""";

    /// <param name="forProvider">The schema of <c>spec.forProvider</c>; null for one that takes anything.</param>
    /// <param name="more">Further members of <c>spec</c>, as JSON members with a comma behind each; empty for none.</param>
    /// <param name="namespaced">True for a kind of Crossplane 2, whose connection secret lies in its own namespace.</param>
    public static KindDefinition Make(string plural, string group, string version, string kind, string? forProvider = null, string more = "", bool namespaced = false) => new()
    {
        Id = new KindId(plural, group),
        Version = version,
        Kind = kind,
        Namespaced = namespaced,
        HasStatus = true,
        Categories = ["crossplane", Category],
        Schema = StructuralSchema.Parse($$"""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["forProvider"],
                  "properties": {
                    {{more}}
                    "forProvider": {{forProvider ?? Open}},
                    "initProvider": {{Open}},
                    "deletionPolicy": { "type": "string", "enum": ["Delete", "Orphan"], "default": "Delete" },
                    "managementPolicies": {
                      "type": "array",
                      "items": { "type": "string", "enum": ["Observe", "Create", "Update", "Delete", "LateInitialize", "*"] }
                    },
                    "providerConfigRef": {{Open}},
                    "publishConnectionDetailsTo": {{Open}},
                    "writeConnectionSecretToRef": {
                      "type": "object",
                      "required": {{(namespaced ? "[\"name\"]" : "[\"name\", \"namespace\"]")}},
                      "properties": { "name": { "type": "string" }, "namespace": { "type": "string" } }
                    }
                  }
                },
                "status": {{Open}}
              }
            }
            """),
        Columns =
        [
            new("SYNCED", ".status.conditions[?(@.type=='Synced')].status"),
            new("READY", ".status.conditions[?(@.type=='Ready')].status"),
            new("EXTERNAL-NAME", ".metadata.annotations.crossplane\\.io/external-name"),
            new("AGE", ".metadata.creationTimestamp", "date"),
        ],
    };
}
