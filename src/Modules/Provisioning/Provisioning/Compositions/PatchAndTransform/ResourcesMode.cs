using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>
/// Turns a composition of mode Resources into input of the function, as Crossplane 1.20's <c>convert pipeline-composition</c> does:
/// what its CRD defaulted is written out.
/// </summary>
internal static class ResourcesMode
{
    public static JsonObject ToFunctionInput(JsonObject spec)
    {
        var input = new JsonObject();
        foreach (var member in (ReadOnlySpan<string>)["environment", "patchSets", "resources"])
        {
            if (spec[member] is { } value)
            {
                input[member] = value.DeepClone();
            }
        }

        foreach (var set in Objects(input["patchSets"]))
        {
            Objects(set["patches"]).ToList().ForEach(Patch);
        }

        Objects(input.At("environment", "patches")).ToList().ForEach(Patch);
        var index = 0;
        foreach (var resource in Objects(input["resources"]))
        {
            resource["name"] ??= $"resource-{index.ToString(CultureInfo.InvariantCulture)}";
            Objects(resource["patches"]).ToList().ForEach(Patch);
            Objects(resource["connectionDetails"]).ToList().ForEach(Detail);
            index++;
        }

        return input;
    }

    private static void Patch(JsonObject patch)
    {
        patch["type"] ??= "FromCompositeFieldPath";
        if (patch["policy"] is JsonObject policy && policy["mergeOptions"] is { } options)
        {
            policy["toFieldPath"] = (IsTrue(options["keepMapValues"]), IsTrue(options["appendSlice"])) switch
            {
                (true, true) => "MergeObjectsAppendArrays",
                (true, false) => "MergeObjects",
                (false, true) => "ForceMergeObjectsAppendArrays",
                _ => "ForceMergeObjects",
            };
            policy.Remove("mergeOptions");
        }

        Objects(patch["transforms"]).ToList().ForEach(Transform);
    }

    private static void Transform(JsonObject transform)
    {
        switch (transform.Text("type"))
        {
            case "string" when transform["string"] is JsonObject text:
                text["type"] ??= text["convert"] is not null ? "Convert" : text["regexp"] is not null ? "Regexp" : "Format";
                break;
            case "math" when transform["math"] is JsonObject math:
                math["type"] ??= math["clampMin"] is not null ? "ClampMin" : math["clampMax"] is not null ? "ClampMax" : "Multiply";
                break;
            case "match":
                foreach (var pattern in Objects(transform.At("match", "patterns")))
                {
                    pattern["type"] ??= "literal";
                }

                break;
            default:
                break;
        }
    }

    private static void Detail(JsonObject detail)
    {
        detail["type"] ??= detail["value"] is not null ? "FromValue"
            : detail["fromFieldPath"] is not null ? "FromFieldPath"
            : "FromConnectionSecretKey";
        detail["name"] ??= detail.Text("fromConnectionSecretKey");
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? list) => (list as JsonArray)?.OfType<JsonObject>() ?? [];

    private static bool IsTrue(JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.True;
}
