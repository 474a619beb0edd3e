using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Workflows.Namespaces;

/// <summary>A namespace of Temporal's API as a resource: who changes one by kubectl, by GitOps or by gRPC changes the same, with the same rights and the same ledger.</summary>
internal static class WorkflowNamespaceKind
{
    public const string Default = "default";

    public static readonly KindId NamespaceId = new("workflownamespaces", "workflows.flagstone.dev");

    public static KindDefinition Namespace { get; } = new()
    {
        Id = NamespaceId,
        Version = "v1alpha1",
        Kind = "WorkflowNamespace",
        ShortNames = ["wfns"],
        Categories = ["workflows"],
        Namespaced = false,
        // Temporal takes names that no DNS label is.
        NameRule = NameRule.PathSegment,
        Columns = [new("STATE", ".spec.state"), new("RETENTION", ".spec.retention"), new("AGE", ".metadata.creationTimestamp", "date")],
        Schema = StructuralSchema.Parse("""
            {
              "type": "object",
              "properties": {
                "spec": {
                  "type": "object",
                  "default": {},
                  "properties": {
                    "description": { "type": "string", "maxLength": 4096 },
                    "ownerEmail": { "type": "string", "maxLength": 320 },
                    "state": { "type": "string", "enum": ["Registered", "Deprecated"], "default": "Registered" },
                    "retention": { "type": "string", "default": "72h0m0s", "description": "How long a closed execution is kept: a Go duration of an hour or more." },
                    "timeSkipping": {
                      "type": "boolean", "default": false,
                      "description": "Whether clients may let the clocks of its executions jump, as tests do. Histories are no evidence of time then."
                    },
                    "archival": {
                      "type": "boolean", "default": false,
                      "description": "Whether a closed execution is written to the installation's archive before its retention deletes it. Without an archive it is kept."
                    },
                    "data": { "type": "object", "additionalProperties": { "type": "string", "maxLength": 65536 }, "maxProperties": 100 },
                    "searchAttributes": {
                      "type": "object",
                      "description": "The namespace's own search attributes, with their types.",
                      "maxProperties": 100,
                      "additionalProperties": { "type": "string", "enum": ["Text", "Keyword", "Int", "Double", "Bool", "Datetime", "KeywordList"] }
                    }
                  }
                }
              }
            }
            """),
        Validate = Check,
    };

    private static IEnumerable<ProblemCause> Check(JsonObject next, JsonObject? before)
    {
        var retention = next.At("spec").Text("retention");
        if (!Retention.TryParse(retention, out var kept) || kept < Retention.Shortest)
        {
            yield return new ProblemCause("spec.retention", "FieldValueInvalid", $"Invalid value: \"{retention}\": must be a duration of an hour or more, such as 72h0m0s");
        }

        foreach (var (name, _) in next.At("spec", "searchAttributes") as JsonObject ?? [])
        {
            if (SystemSearchAttributes.Types.ContainsKey(name))
            {
                yield return new ProblemCause($"spec.searchAttributes[{name}]", "FieldValueInvalid", $"Invalid value: \"{name}\": is an attribute of the system");
            }
        }

        foreach (var (name, type) in before?.At("spec", "searchAttributes") as JsonObject ?? [])
        {
            if (next.At("spec", "searchAttributes") is JsonObject there && there[name] is { } now && now.ToString() != type?.ToString())
            {
                yield return new ProblemCause($"spec.searchAttributes[{name}]", "FieldValueInvalid", $"Invalid value: \"{now}\": its type cannot change from {type}");
            }
        }
    }
}
