using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Crossplane's two defining kinds (<c>apiextensions.crossplane.io/v1</c>): what may be claimed, and what a claim becomes.</summary>
internal static class CompositionKinds
{
    public const string Group = "apiextensions.crossplane.io";

    public static readonly KindId DefinitionId = new("compositeresourcedefinitions", Group);
    public static readonly KindId CompositionId = new("compositions", Group);

    private const string Names = """
        {
          "type": "object",
          "required": ["kind", "plural"],
          "properties": {
            "kind": { "type": "string" },
            "listKind": { "type": "string" },
            "plural": { "type": "string" },
            "singular": { "type": "string" },
            "shortNames": { "type": "array", "items": { "type": "string" } },
            "categories": { "type": "array", "items": { "type": "string" } }
          }
        }
        """;

    private const string Reference = """{ "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } }""";

    private const string Open = """{ "type": "object", "x-kubernetes-preserve-unknown-fields": true }""";

    private static readonly PrinterColumn Age = new("Age", ".metadata.creationTimestamp", "date");

    private static readonly PrinterColumn[] DefinitionColumns =
    [
        new("Established", ".status.conditions[?(@.type=='Established')].status"),
        new("Offered", ".status.conditions[?(@.type=='Offered')].status"), Age,
    ];

    public static KindDefinition Definition { get; } = new()
    {
        Id = DefinitionId,
        Version = "v1",
        Kind = "CompositeResourceDefinition",
        ShortNames = ["xrd", "xrds"],
        Categories = ["crossplane"],
        Namespaced = false,
        HasStatus = true,
        DefinesKinds = true,
        Columns = DefinitionColumns,
        Schema = DefinitionSchema(""),
        OtherVersions = ["v2"],
        // In version 2 a composite lies in a namespace unless its definition says otherwise.
        OwnVersions = new Dictionary<string, KindVersion>(StringComparer.Ordinal)
        {
            ["v2"] = new(DefinitionSchema("""
                , "default": "Namespaced"
                """), HasStatus: true, DefinitionColumns),
        },
        Validate = (next, before) => OfferedKinds.Check(next, before),
    };

    public static KindDefinition Composition { get; } = new()
    {
        Id = CompositionId,
        Version = "v1",
        Kind = "Composition",
        ShortNames = ["comp"],
        Categories = ["crossplane"],
        Namespaced = false,
        HasStatus = true,
        Columns =
        [
            new("XR-Kind", ".spec.compositeTypeRef.kind"), new("XR-APIVersion", ".spec.compositeTypeRef.apiVersion"),
            new("Revision", ".status.revision", "integer"), new("Current", ".status.conditions[?(@.type=='Current')].status"), Age,
        ],
        Schema = StructuralSchema.Parse($$"""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["compositeTypeRef"],
                  "properties": {
                    "compositeTypeRef": {
                      "type": "object",
                      "required": ["apiVersion", "kind"],
                      "properties": { "apiVersion": { "type": "string" }, "kind": { "type": "string" } }
                    },
                    "mode": { "type": "string", "enum": ["Resources", "Pipeline"] },
                    "environment": {{Open}},
                    "patchSets": { "type": "array", "items": {{Open}} },
                    "resources": { "type": "array", "items": {{Open}} },
                    "pipeline": {
                      "type": "array",
                      "maxItems": 99,
                      "items": {
                        "type": "object",
                        "required": ["step", "functionRef"],
                        "properties": {
                          "step": { "type": "string" },
                          "functionRef": {{Reference}},
                          "input": {{Open}},
                          "credentials": { "type": "array", "items": {{Open}} },
                          "requirements": {{Open}}
                        }
                      }
                    },
                    "publishConnectionDetailsWithStoreConfigRef": {{Open}},
                    "writeConnectionSecretsToNamespace": { "type": "string" }
                  }
                },
                "status": {{Open}}
              }
            }
            """),
        Validate = CheckComposition,
    };

    /// <param name="scope">What the version says of <c>spec.scope</c> besides.</param>
    private static StructuralSchema DefinitionSchema(string scope) => StructuralSchema.Parse($$"""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["group", "names", "versions"],
                  "properties": {
                    "group": { "type": "string", "minLength": 1 },
                    "names": {{Names}},
                    "claimNames": {{Names}},
                    "scope": { "type": "string", "enum": ["LegacyCluster", "Cluster", "Namespaced"]{{scope}} },
                    "metadata": {{Open}},
                    "conversion": {{Open}},
                    "connectionSecretKeys": { "type": "array", "items": { "type": "string" } },
                    "defaultCompositionRef": {{Reference}},
                    "enforcedCompositionRef": {{Reference}},
                    "defaultCompositionRevisionSelector": {{Open}},
                    "defaultCompositionUpdatePolicy": { "type": "string", "enum": ["Automatic", "Manual"] },
                    "defaultCompositeDeletePolicy": { "type": "string", "enum": ["Background", "Foreground"] },
                    "versions": {
                      "type": "array",
                      "minItems": 1,
                      "items": {
                        "type": "object",
                        "required": ["name", "served", "referenceable"],
                        "properties": {
                          "name": { "type": "string" },
                          "served": { "type": "boolean" },
                          "referenceable": { "type": "boolean" },
                          "deprecated": { "type": "boolean" },
                          "deprecationWarning": { "type": "string" },
                          "schema": {{Open}},
                          "subresources": {{Open}},
                          "additionalPrinterColumns": { "type": "array", "items": {{Open}} }
                        }
                      }
                    }
                  }
                },
                "status": {{Open}}
              }
            }
            """);

    private static IEnumerable<ProblemCause> CheckComposition(JsonObject next, JsonObject? before)
    {
        var spec = next["spec"]!.AsObject();
        if (before is not null && !JsonNode.DeepEquals(before.At("spec", "compositeTypeRef"), spec["compositeTypeRef"]))
        {
            yield return new ProblemCause("spec.compositeTypeRef", "FieldValueInvalid", "Invalid value: field is immutable; make a composition of another name");
        }

        var mode = CompositionMode.Of(spec);
        var member = mode == CompositionMode.Pipeline ? "pipeline" : "resources";
        if (spec[member] is not JsonArray { Count: > 0 })
        {
            yield return new ProblemCause($"spec.{member}", "FieldValueRequired", $"Required value: mode {mode} needs at least one entry");
        }
    }
}
