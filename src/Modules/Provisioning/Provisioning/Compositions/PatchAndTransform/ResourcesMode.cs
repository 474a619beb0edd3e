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
    /// <summary>A composition of mode Pipeline that does the same; one that is so already comes back as it is.</summary>
    public static JsonObject ToPipeline(JsonObject composition)
    {
        var spec = composition["spec"]!.AsObject();
        if (CompositionMode.Of(spec) != CompositionMode.Resources)
        {
            return composition;
        }

        var result = (JsonObject)composition.DeepClone();
        var converted = result["spec"]!.AsObject();
        converted["mode"] = CompositionMode.Pipeline;
        converted["pipeline"] = new JsonArray(new JsonObject
        {
            ["step"] = "patch-and-transform",
            ["functionRef"] = new JsonObject { ["name"] = "function-patch-and-transform" },
            ["input"] = ToFunctionInput(spec),
        });
        converted.Remove("resources");
        converted.Remove("patchSets");
        if (converted["environment"] is JsonObject environment)
        {
            environment.Remove("patches");
            if (environment.Count == 0)
            {
                converted.Remove("environment");
            }
        }

        return result;
    }

    /// <summary>The input of function-environment-configs that a composition's own <c>environment</c> stands for; null when it has none.</summary>
    public static JsonObject? ToEnvironmentInput(JsonObject spec) =>
        spec["environment"] is JsonObject own && (own["environmentConfigs"] ?? own["defaultData"]) is not null
            ? new JsonObject { ["spec"] = own.DeepClone() } : null;

    public static JsonObject ToFunctionInput(JsonObject spec)
    {
        var input = new JsonObject { ["apiVersion"] = "pt.fn.crossplane.io/v1beta1", ["kind"] = "Resources" };
        if (spec.At("environment", "patches") is { } environment)
        {
            input["environment"] = new JsonObject { ["patches"] = environment.DeepClone() };
        }

        foreach (var member in (ReadOnlySpan<string>)["patchSets", "resources"])
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
            Resource(resource, index++);
        }

        return input;
    }

    public static void Resource(JsonObject resource, int index)
    {
        if (resource.Text("name").Length == 0)
        {
            resource["name"] = $"resource-{index.ToString(CultureInfo.InvariantCulture)}";
        }

        Objects(resource["patches"]).ToList().ForEach(Patch);
        Objects(resource["connectionDetails"]).ToList().ForEach(Detail);
    }

    public static void Patch(JsonObject patch)
    {
        patch["type"] ??= "FromCompositeFieldPath";
        if (patch["policy"] is JsonObject policy && policy.ContainsKey("mergeOptions"))
        {
            if (MergePolicy(policy["mergeOptions"]) is { } merge)
            {
                policy["toFieldPath"] = merge;
            }

            policy.Remove("mergeOptions");
        }

        Objects(patch["transforms"]).ToList().ForEach(Transform);
    }

    /// <summary>What merge options are as a policy; null for none.</summary>
    public static string? MergePolicy(JsonNode? options) => options is null ? null : (IsTrue(options["keepMapValues"]), IsTrue(options["appendSlice"])) switch
    {
        (true, true) => "MergeObjectsAppendArrays",
        (true, false) => "MergeObjects",
        (false, true) => "ForceMergeObjectsAppendArrays",
        _ => "ForceMergeObjects",
    };

    public static void Transform(JsonObject transform)
    {
        transform["type"] ??= transform["string"] is not null ? "string" : transform["math"] is not null ? "math"
            : transform["map"] is not null ? "map" : transform["match"] is not null ? "match" : transform["convert"] is not null ? "convert" : null;
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

    public static void Detail(JsonObject detail)
    {
        detail["type"] ??= detail["value"] is not null ? "FromValue"
            : detail["fromFieldPath"] is not null ? "FromFieldPath"
            : "FromConnectionSecretKey";
        detail["name"] ??= detail.Text("fromConnectionSecretKey");
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? list) => (list as JsonArray)?.OfType<JsonObject>() ?? [];

    private static bool IsTrue(JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.True;
}
