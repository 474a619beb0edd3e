using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>The kinds of Crossplane's provider-sql for PostgreSQL.</summary>
internal static class SqlKinds
{
    private const string Group = "postgresql.sql.crossplane.io";

    private const string NameRef = """{ "type": "object", "x-kubernetes-preserve-unknown-fields": true }""";

    public static KindDefinition Database { get; } = ManagedKinds.Make("databases", Group, "v1alpha1", "Database", $$"""
        {
          "type": "object",
          "properties": {
            "owner": { "type": "string" },
            "template": { "type": "string" },
            "encoding": { "type": "string" },
            "lcCollate": { "type": "string" },
            "lcCType": { "type": "string" },
            "tablespace": { "type": "string" },
            "allowConnections": { "type": "boolean" },
            "connectionLimit": { "type": "integer" },
            "isTemplate": { "type": "boolean" }
          }
        }
        """);

    public static KindDefinition Role { get; } = ManagedKinds.Make("roles", Group, "v1alpha1", "Role", $$"""
        {
          "type": "object",
          "properties": {
            "connectionLimit": { "type": "integer" },
            "passwordSecretRef": {{NameRef}},
            "privileges": {
              "type": "object",
              "properties": {
                "login": { "type": "boolean" }, "createDb": { "type": "boolean" }, "createRole": { "type": "boolean" }, "superUser": { "type": "boolean" },
                "inherit": { "type": "boolean" }, "replication": { "type": "boolean" }, "bypassRls": { "type": "boolean" }
              }
            }
          }
        }
        """);

    public static KindDefinition Grant { get; } = ManagedKinds.Make("grants", Group, "v1alpha1", "Grant", $$"""
        {
          "type": "object",
          "properties": {
            "role": { "type": "string" }, "roleRef": {{NameRef}}, "roleSelector": {{NameRef}},
            "database": { "type": "string" }, "databaseRef": {{NameRef}}, "databaseSelector": {{NameRef}},
            "privileges": { "type": "array", "items": { "type": "string", "enum": ["ALL", "CONNECT", "CREATE", "TEMPORARY", "TEMP"] } },
            "revokePublicOnDb": { "type": "boolean" }
          }
        }
        """);

    public static IReadOnlyList<KindDefinition> All { get; } = [Database, Role, Grant];
}
