using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Provisioning.Protection;

/// <summary>Crossplane's usages: they say what a resource is used by, and keep it from being deleted before that.</summary>
internal static class UsageKinds
{
    private const string Modern = "protection.crossplane.io";
    private const string Legacy = "apiextensions.crossplane.io";

    public static KindDefinition LegacyUsage { get; } = Make("usages", Legacy, "Usage", namespaced: false);

    public static KindDefinition ClusterUsage { get; } = Make("clusterusages", Modern, "ClusterUsage", namespaced: false);

    public static KindDefinition Usage { get; } = Make("usages", Modern, "Usage", namespaced: true);

    public static IReadOnlyList<KindDefinition> All { get; } = [LegacyUsage, ClusterUsage, Usage];

    private static KindDefinition Make(string plural, string group, string kind, bool namespaced) => new()
    {
        Id = new KindId(plural, group),
        Version = "v1beta1",
        OtherVersions = group == Legacy ? ["v1alpha1"] : [],
        Kind = kind,
        Categories = ["crossplane"],
        Namespaced = namespaced,
        HasStatus = true,
        Columns =
        [
            new("OF", ".spec.of.resourceRef.name"), new("BY", ".spec.by.resourceRef.name"), new("REASON", ".spec.reason"),
            new("READY", ".status.conditions[?(@.type=='Ready')].status"), new("AGE", ".metadata.creationTimestamp", "date"),
        ],
        Schema = StructuralSchema.Parse($$"""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["of"],
                  "properties": { "of": {{Side}}, "by": {{Side}}, "reason": { "type": "string" }, "replayDeletion": { "type": "boolean" } }
                },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
              }
            }
            """),
        Validate = (next, _) => Check(next),
    };

    private const string Side = """
        {
          "type": "object",
          "required": ["kind"],
          "properties": {
            "apiVersion": { "type": "string" },
            "kind": { "type": "string" },
            "resourceRef": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" }, "namespace": { "type": "string" } } },
            "resourceSelector": {
              "type": "object",
              "properties": {
                "matchLabels": { "type": "object", "additionalProperties": { "type": "string" } },
                "matchControllerRef": { "type": "boolean" },
                "namespace": { "type": "string" }
              }
            }
          }
        }
        """;

    private static IEnumerable<ProblemCause> Check(JsonObject usage)
    {
        if (usage.At("spec", "by") is null && usage["spec"].Text("reason").Length == 0)
        {
            yield return new ProblemCause("spec", "FieldValueRequired", "Required value: either by or reason must be specified");
        }

        foreach (var side in (string[])["of", "by"])
        {
            if (usage.At("spec", side) is { } part && part["resourceRef"] is null && part["resourceSelector"] is null)
            {
                yield return new ProblemCause($"spec.{side}", "FieldValueRequired", "Required value: either resourceRef or resourceSelector must be specified");
            }
        }
    }
}
