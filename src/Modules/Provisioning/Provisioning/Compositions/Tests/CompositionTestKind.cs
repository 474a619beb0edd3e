using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Provisioning.Compositions.Tests;

/// <summary>A test of a composition: a claim or composite in, what should be composed out. All of a composition's tests run before a revision becomes current.</summary>
internal static class CompositionTestKind
{
    public static readonly KindId TestId = new("compositiontests", "flagstone.dev");

    private const string Open = """{ "type": "object", "x-kubernetes-preserve-unknown-fields": true }""";

    public static KindDefinition Test { get; } = new()
    {
        Id = TestId,
        Version = "v1alpha1",
        Kind = "CompositionTest",
        ShortNames = ["comptest"],
        Categories = ["crossplane"],
        Namespaced = false,
        HasStatus = true,
        Columns =
        [
            new("COMPOSITION", ".spec.compositionRef.name"), new("PASSED", ".status.conditions[?(@.type=='Passed')].status"),
            new("AGE", ".metadata.creationTimestamp", "date"),
        ],
        Schema = StructuralSchema.Parse($$"""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["compositionRef", "expect"],
                  "properties": {
                    "description": { "type": "string" },
                    "compositionRef": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string", "minLength": 1 } } },
                    "claim": {{Open}},
                    "composite": {{Open}},
                    "observed": { "type": "object", "additionalProperties": {{Open}} },
                    "required": { "type": "array", "items": {{Open}} },
                    "expect": {
                      "type": "object",
                      "properties": {
                        "resources": { "type": "object", "additionalProperties": {{Open}} },
                        "absent": { "type": "array", "items": { "type": "string" } },
                        "only": { "type": "boolean" },
                        "status": {{Open}},
                        "error": { "type": "string" }
                      }
                    }
                  }
                },
                "status": {{Open}}
              }
            }
            """),
        Validate = (next, _) => CompositionTestRules.Check(next),
    };
}
