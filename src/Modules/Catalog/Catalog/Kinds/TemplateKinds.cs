using System.Text.Json.Nodes;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Catalog.Kinds;

/// <summary>Golden paths, and their runs.</summary>
internal static class TemplateKinds
{
    public static readonly KindId Template = new("templates", "scaffolder.backstage.io");
    public static readonly KindId Run = new("templateruns", "flagstone.dev");

    private const string Open = """{ "type": "object", "x-kubernetes-preserve-unknown-fields": true }""";

    private static readonly PrinterColumn Age = new("Age", ".metadata.creationTimestamp", "date");

    public static IEnumerable<KindDefinition> All()
    {
        yield return new KindDefinition
        {
            Id = Template,
            Kind = "Template",
            Version = "v1beta3",
            Categories = ["catalog"],
            NameRule = NameRule.Backstage,
            OpenMetadata = true,
            HasStatus = true,
            Schema = StructuralSchema.Parse($$"""
                { "type": "object", "required": ["spec"], "properties": { "spec": {{Open}}, "status": {{Open}} } }
                """),
            Columns = [new("Title", ".metadata.title"), new("Type", ".spec.type"), new("Owner", ".spec.owner"), Age],
            Validate = (next, _) => CheckTemplate(next),
        };
        yield return new KindDefinition
        {
            Id = Run,
            Kind = "TemplateRun",
            Version = "v1alpha1",
            ShortNames = ["run"],
            HasStatus = true,
            Schema = StructuralSchema.Parse($$"""
                {
                  "type": "object",
                  "required": ["spec"],
                  "properties": {
                    "spec": {
                      "type": "object",
                      "required": ["template"],
                      "properties": {
                        "template": { "type": "string", "minLength": 1, "description": "The name of a Template in the same namespace, or in default." },
                        "values": {{Open}},
                        "actor": { "type": "string", "description": "For whom it runs; the platform fills it in." }
                      }
                    },
                    "status": {{Open}}
                  }
                }
                """),
            Columns = [new("Template", ".spec.template"), new("Phase", ".status.phase"), Age, new("Message", ".status.message", Priority: 1)],
            Validate = CheckRun,
        };
    }

    private static IEnumerable<ProblemCause> CheckTemplate(JsonObject next) =>
        TemplateDefinitionReader.Read(next) is TemplateRefused refused
            ? refused.Problems.Select(p => new ProblemCause(p.Path, "FieldValueInvalid", $"Invalid value: {p.Message}"))
            : [];

    // What ran is evidence: another run is another resource.
    private static IEnumerable<ProblemCause> CheckRun(JsonObject next, JsonObject? before) =>
        before is not null && !JsonNode.DeepEquals(next["spec"], before["spec"])
            ? [new ProblemCause("spec", "FieldValueInvalid", "Invalid value: a run is never changed; start another")]
            : [];
}
