using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>The kinds of Crossplane's provider-sql for PostgreSQL.</summary>
internal static class SqlKinds
{
    public const string Group = "postgresql.sql.crossplane.io";

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
            "passwordSecretRef": {
              "type": "object",
              "description": "The key of a Secret whose value is the password; without it one is made.",
              "required": ["namespace", "name", "key"],
              "properties": { "namespace": { "type": "string" }, "name": { "type": "string" }, "key": { "type": "string" } }
            },
            "rotation": {
              "type": "object",
              "description": "Has two logins take turns, each with a new password; the connection secret names the one whose turn it is. Not of provider-sql.",
              "required": ["every"],
              "properties": { "every": { "type": "string", "description": "How long a turn is, as a Go duration from 1h to 8784h, such as 720h." } }
            },
            "privileges": {
              "type": "object",
              "properties": {
                "login": { "type": "boolean" }, "createDb": { "type": "boolean" }, "createRole": { "type": "boolean" }, "superUser": { "type": "boolean" },
                "inherit": { "type": "boolean" }, "replication": { "type": "boolean" }, "bypassRls": { "type": "boolean" }
              }
            }
          }
        }
        """) with { Validate = (next, _) => Rotation.Check(next) };

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

    public static KindDefinition Extension { get; } = ManagedKinds.Make("extensions", Group, "v1alpha1", "Extension", $$"""
        {
          "type": "object",
          "required": ["extension"],
          "properties": {
            "extension": { "type": "string", "minLength": 1 },
            "version": { "type": "string", "description": "Kept at this version; without it the server's default is made, and whatever is there is kept." },
            "schema": { "type": "string", "description": "Where its objects are; it must be there." },
            "database": { "type": "string" }, "databaseRef": {{NameRef}}, "databaseSelector": {{NameRef}}
          }
        }
        """);

    public static IReadOnlyList<KindDefinition> All { get; } = [Database, Role, Grant, Extension];
}
