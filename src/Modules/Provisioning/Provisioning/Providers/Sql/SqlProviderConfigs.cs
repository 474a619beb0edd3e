using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>The ProviderConfig of Crossplane's provider-sql: which PostgreSQL, by whose credentials.</summary>
internal static class SqlProviderConfigs
{
    public const string Source = "PostgreSQLConnectionSecret";

    public static KindDefinition Kind { get; } = new()
    {
        Id = new KindId("providerconfigs", SqlKinds.Group),
        Version = "v1alpha1",
        Kind = "ProviderConfig",
        // Who may write one has the platform connect to any address: it is no kind for namespaces.
        Namespaced = false,
        HasStatus = true,
        Categories = ["crossplane", "provider", "sql"],
        Schema = StructuralSchema.Parse($$"""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["credentials"],
                  "properties": {
                    "credentials": {
                      "type": "object",
                      "required": ["source", "connectionSecretRef"],
                      "properties": {
                        "source": { "type": "string", "enum": ["{{Source}}"] },
                        "connectionSecretRef": {
                          "type": "object",
                          "required": ["namespace", "name"],
                          "properties": { "namespace": { "type": "string" }, "name": { "type": "string" } }
                        }
                      }
                    },
                    "defaultDatabase": { "type": "string", "description": "The database to connect to where none is named; postgres unless given." },
                    "sslMode": {
                      "type": "string",
                      "description": "As libpq has it; require unless the server is on this machine.",
                      "enum": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
                    }
                  }
                },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
              }
            }
            """),
        Columns = [new("SECRET-NAME", ".spec.credentials.connectionSecretRef.name", Priority: 1), new("AGE", ".metadata.creationTimestamp", "date")],
    };
}
