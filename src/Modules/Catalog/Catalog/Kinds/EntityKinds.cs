using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Catalog.Kinds;

/// <summary>Backstage's entities (descriptor format of <c>backstage.io/v1alpha1</c>). What they do not name in <c>spec</c> is kept.</summary>
internal static class EntityKinds
{
    public const string Group = "backstage.io";

    public static readonly KindId Component = new("components", Group);
    public static readonly KindId Team = new("groups", Group);
    public static readonly KindId User = new("users", Group);

    private static readonly PrinterColumn Age = new("Age", ".metadata.creationTimestamp", "date");
    private static readonly PrinterColumn Owner = new("Owner", ".spec.owner");
    private static readonly PrinterColumn Type = new("Type", ".spec.type");
    private static readonly PrinterColumn Lifecycle = new("Lifecycle", ".spec.lifecycle");

    public static IEnumerable<KindDefinition> All()
    {
        yield return Entity("components", "Component", """["type", "lifecycle", "owner"]""", Type, Lifecycle, Owner, new("Phase", ".status.phase"))
            with { ShortNames = ["cmp"], Categories = ["catalog", "all"] };
        yield return Entity("apis", "API", """["type", "lifecycle", "owner", "definition"]""", Type, Lifecycle, Owner);
        yield return Entity("resources", "Resource", """["type", "owner"]""", Type, Owner);
        yield return Entity("systems", "System", """["owner"]""", Owner, new("Domain", ".spec.domain"));
        yield return Entity("domains", "Domain", """["owner"]""", Owner);
        yield return Entity("groups", "Group", """["type", "children"]""", Type, new("Services", ".status.services", "integer"), new("Parent", ".spec.parent"));
        yield return Entity("users", "User", """["memberOf"]""", new PrinterColumn("Email", ".spec.profile.email"));
        yield return Entity("locations", "Location", "[]", Type, new("Target", ".spec.target"));
    }

    private static KindDefinition Entity(string plural, string kind, string required, params PrinterColumn[] columns) => new()
    {
        Id = new KindId(plural, Group),
        Kind = kind,
        Version = "v1alpha1",
        OtherVersions = ["v1beta1"],
        Categories = ["catalog"],
        NameRule = NameRule.Backstage,
        OpenMetadata = true,
        HasStatus = true,
        Schema = Schema(required),
        Columns = [.. columns, Age],
    };

    // Strings that Backstage names may not be empty; relations and status are the platform's to write.
    private static StructuralSchema Schema(string required) => StructuralSchema.Parse($$"""
        {
          "type": "object",
          "required": ["spec"],
          "properties": {
            "spec": {
              "type": "object",
              "required": {{required}},
              "x-kubernetes-preserve-unknown-fields": true,
              "properties": {
                "type": { "type": "string", "minLength": 1, "description": "What sort it is, for example service or database." },
                "lifecycle": { "type": "string", "minLength": 1, "description": "How far it is: experimental, production, deprecated, or retired." },
                "owner": { "type": "string", "minLength": 1, "description": "A reference to the owning group or user, for example group:default/payments." },
                "system": { "type": "string", "minLength": 1 },
                "domain": { "type": "string", "minLength": 1 },
                "definition": { "type": "string", "minLength": 1 },
                "parent": { "type": "string", "minLength": 1 },
                "children": { "type": "array", "items": { "type": "string", "minLength": 1 } },
                "members": { "type": "array", "items": { "type": "string", "minLength": 1 } },
                "memberOf": { "type": "array", "items": { "type": "string", "minLength": 1 } },
                "dependsOn": { "type": "array", "items": { "type": "string", "minLength": 1 } },
                "providesApis": { "type": "array", "items": { "type": "string", "minLength": 1 } },
                "consumesApis": { "type": "array", "items": { "type": "string", "minLength": 1 } },
                "target": { "type": "string", "minLength": 1 },
                "targets": { "type": "array", "items": { "type": "string", "minLength": 1 } }
              }
            },
            "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
          }
        }
        """);
}
