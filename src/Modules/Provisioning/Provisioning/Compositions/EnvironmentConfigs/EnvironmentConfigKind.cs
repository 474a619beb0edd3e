using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Provisioning.Compositions.EnvironmentConfigs;

/// <summary>Crossplane's EnvironmentConfig: data that compositions read beside the composite.</summary>
internal static class EnvironmentConfigKind
{
    public static KindDefinition Config { get; } = new()
    {
        Id = new KindId("environmentconfigs", CompositionKinds.Group),
        Version = "v1beta1",
        OtherVersions = ["v1alpha1"],
        Kind = EnvironmentConfigsFunction.Kind,
        Categories = ["crossplane"],
        Namespaced = false,
        CountsGenerations = false,
        Columns = [new("AGE", ".metadata.creationTimestamp", "date")],
        Schema = StructuralSchema.Parse("""
            { "type": "object", "properties": { "data": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } } }
            """),
    };
}
