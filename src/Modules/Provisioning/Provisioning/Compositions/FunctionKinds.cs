using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Provisioning.Compositions;

/// <summary>
/// Crossplane's package kinds. A Function may name the address of a program that runs it; all the others are stored so that a folder of
/// manifests is accepted as it is, and install nothing.
/// </summary>
internal static class FunctionKinds
{
    public const string Group = "pkg.crossplane.io";

    /// <summary>Of <c>crossplane render</c>: where a function that is run by hand listens.</summary>
    public const string TargetAnnotation = "render.crossplane.io/runtime-development-target";

    /// <summary>How long one call of the function may take, as a Go duration; 20s unless given.</summary>
    public const string TimeoutAnnotation = "flagstone.dev/function-timeout";

    public static readonly KindId FunctionId = new("functions", Group);

    private const string Open = """{ "type": "object", "x-kubernetes-preserve-unknown-fields": true }""";

    public static KindDefinition Function { get; } = Package("functions", "Function");

    public static IReadOnlyList<KindDefinition> All { get; } =
    [
        Function, Package("providers", "Provider"), Package("configurations", "Configuration"),
    ];

    public static string PackageOf(JsonObject function) => function["spec"].Text("package");

    /// <summary>Empty when the function names no address.</summary>
    public static string TargetOf(JsonObject function) => function.Annotation(TargetAnnotation);

    private static KindDefinition Package(string plural, string kind) => new()
    {
        Id = new KindId(plural, Group),
        Version = "v1",
        OtherVersions = ["v1beta1"],
        Kind = kind,
        Categories = ["crossplane", "pkg"],
        Namespaced = false,
        HasStatus = true,
        Columns = [new("PACKAGE", ".spec.package"), new("AGE", ".metadata.creationTimestamp", "date")],
        Schema = StructuralSchema.Parse($$"""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": { "type": "object", "required": ["package"], "x-kubernetes-preserve-unknown-fields": true, "properties": { "package": { "type": "string", "minLength": 1 } } },
                "status": {{Open}}
              }
            }
            """),
    };
}
