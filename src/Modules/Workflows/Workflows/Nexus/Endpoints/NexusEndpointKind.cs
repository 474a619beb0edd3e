using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Workflows.Nexus.Endpoints;

/// <summary>An endpoint of Nexus as a resource: the name by which workflows of any namespace call the workers of a task queue.</summary>
internal static partial class NexusEndpointKind
{
    /// <summary>As Temporal's server says it, which takes 200 characters.</summary>
    public const int MaxName = 200;

    public static readonly KindId EndpointId = new("nexusendpoints", "workflows.flagstone.dev");

    public static KindDefinition Endpoint { get; } = new()
    {
        Id = EndpointId,
        Version = "v1alpha1",
        Kind = "NexusEndpoint",
        ShortNames = ["nxe"],
        Categories = ["workflows"],
        Namespaced = false,
        // Temporal takes names that no DNS label is.
        NameRule = NameRule.PathSegment,
        Columns =
        [
            new("NAMESPACE", ".spec.target.worker.namespace"), new("TASK QUEUE", ".spec.target.worker.taskQueue"),
            new("AGE", ".metadata.creationTimestamp", "date"),
        ],
        Schema = StructuralSchema.Parse("""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["target"],
                  "properties": {
                    "description": { "type": "string", "maxLength": 32768, "description": "A payload of Temporal's API as JSON, or Markdown." },
                    "target": {
                      "type": "object",
                      "required": ["worker"],
                      "properties": {
                        "worker": {
                          "type": "object",
                          "required": ["namespace", "taskQueue"],
                          "properties": {
                            "namespace": { "type": "string", "minLength": 1, "maxLength": 253, "description": "A workflow namespace." },
                            "taskQueue": { "type": "string", "minLength": 1, "maxLength": 1000 }
                          }
                        }
                      }
                    }
                  }
                }
              }
            }
            """),
        Validate = Check,
    };

    /// <summary>Whether a name is one that Temporal's server takes.</summary>
    public static bool IsName(string name) => name.Length <= MaxName && Form().IsMatch(name);

    private static IEnumerable<ProblemCause> Check(JsonObject next, JsonObject? before)
    {
        if (!IsName(next.NameOf()))
        {
            const string form = "must be letters, digits and '-', begin with a letter, and end with a letter or a digit";
            yield return new ProblemCause(
                "metadata.name", "FieldValueInvalid", $"Invalid value: \"{next.NameOf()}\": {form}, of at most {MaxName} characters");
        }
    }

    [GeneratedRegex(@"\A[a-zA-Z][a-zA-Z0-9\-]*[a-zA-Z0-9]\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Form();
}
