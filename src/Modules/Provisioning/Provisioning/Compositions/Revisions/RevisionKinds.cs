using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Provisioning.Compositions.Revisions;

/// <summary>Crossplane's CompositionRevision: what a composition said at one time. It never changes but for its number.</summary>
internal static class RevisionKinds
{
    public const string CompositionNameLabel = "crossplane.io/composition-name";
    public const string CompositionHashLabel = "crossplane.io/composition-hash";

    /// <summary>The condition that keeps a revision from becoming current while it is False.</summary>
    public const string Tested = "Tested";

    public static readonly KindId RevisionId = new("compositionrevisions", CompositionKinds.Group);

    public static KindDefinition Revision { get; } = new()
    {
        Id = RevisionId,
        Version = "v1",
        OtherVersions = ["v1beta1"],
        Kind = "CompositionRevision",
        ShortNames = ["comprev"],
        Categories = ["crossplane"],
        Namespaced = false,
        HasStatus = true,
        Columns =
        [
            new("NAME", ".metadata.labels.crossplane\\.io/composition-name"), new("REVISION", ".spec.revision", "integer"),
            new("XR-KIND", ".spec.compositeTypeRef.kind"), new("TESTED", ".status.conditions[?(@.type=='Tested')].status"),
            new("AGE", ".metadata.creationTimestamp", "date"),
        ],
        Schema = StructuralSchema.Parse("""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["revision", "compositeTypeRef"],
                  "x-kubernetes-preserve-unknown-fields": true,
                  "properties": { "revision": { "type": "integer", "minimum": 1 } }
                },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
              }
            }
            """),
        Validate = CheckUnchanged,
    };

    private static IEnumerable<ProblemCause> CheckUnchanged(JsonObject next, JsonObject? before)
    {
        if (before is not null && !JsonNode.DeepEquals(Said(next), Said(before)))
        {
            yield return new ProblemCause("spec", "FieldValueInvalid", "Invalid value: a revision is immutable but for its number; change its composition instead");
        }
    }

    private static JsonObject Said(JsonObject revision)
    {
        var spec = (JsonObject)revision["spec"]!.DeepClone();
        spec.Remove("revision");
        return spec;
    }
}
