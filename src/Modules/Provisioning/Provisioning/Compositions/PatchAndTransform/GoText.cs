using System.Text.Json.Nodes;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>What Go's <c>fmt</c> makes of JSON values, whose whole numbers are int64: compositions rely on it in their formats.</summary>
internal static class GoText
{
    private const string WholeNumber = "int64";

    /// <summary>Go's <c>%v</c>.</summary>
    public static string Of(JsonNode? value) => GoFormat.Of(GoValue.From(value, allFloat: false));

    /// <summary>Go's <c>fmt.Sprintf</c>, for the verbs that JSON values can take.</summary>
    public static string Format(string format, params IReadOnlyList<JsonNode?> values) =>
        GoFormat.Sprintf(format, [.. values.Select(v => GoValue.From(v, allFloat: false))], WholeNumber);

    public static string TypeOf(JsonNode? value) => GoValue.TypeOf(GoValue.From(value, allFloat: false), WholeNumber);
}
