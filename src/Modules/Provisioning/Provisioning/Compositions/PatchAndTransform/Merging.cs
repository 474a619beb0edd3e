using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>Merges a value into what is there, by the <c>toFieldPath</c> policy, as mergo 1.0.2 does for the function.</summary>
internal static class Merging
{
    public static JsonNode? Merge(JsonNode? target, JsonNode? source, string policy)
    {
        var (objects, overrides, appends) = policy switch
        {
            "" or "Replace" => (false, true, false),
            "MergeObject" or "MergeObjects" => (true, false, false),
            "MergeObjectsAppendArrays" => (true, false, true),
            "ForceMergeObjects" => (true, true, false),
            "AppendArray" or "ForceMergeObjectsAppendArrays" => (true, true, true),
            _ => throw new PatchFailure($"unknown policy.toFieldPath {policy}"),
        };
        if (!objects || target is null || source is null)
        {
            return source?.DeepClone();
        }

        if (target is JsonArray existing && source is JsonArray more && appends)
        {
            // Only here are items that are there already left out; nested arrays are joined as they are.
            return new JsonArray([.. existing.Concat(more.Where(m => !existing.Any(e => JsonNode.DeepEquals(e, m)))).Select(i => i?.DeepClone())]);
        }

        return Value(target, source, overrides, appends);
    }

    private static JsonNode? Value(JsonNode? target, JsonNode? source, bool overrides, bool appends)
    {
        if (target is JsonObject into && source is JsonObject from)
        {
            var result = (JsonObject)into.DeepClone();
            foreach (var (member, value) in from)
            {
                if (value is null)
                {
                    if (overrides)
                    {
                        result[member] = null;
                    }

                    continue;
                }

                result[member] = IsEmpty(result[member]) ? value.DeepClone() : Value(result[member], value, overrides, appends);
            }

            return result;
        }

        if (source is JsonArray list && appends)
        {
            return target is JsonArray there
                ? new JsonArray([.. there.Concat(list).Select(i => i?.DeepClone())])
                : throw new PatchFailure("cannot append two slices with different type");
        }

        return (overrides ? source : target)?.DeepClone();
    }

    private static bool IsEmpty(JsonNode? node) => node switch
    {
        null => true,
        JsonObject map => map.Count == 0,
        JsonArray list => list.Count == 0,
        JsonValue v => v.GetValueKind() switch
        {
            JsonValueKind.String => v.GetValue<string>().Length == 0,
            JsonValueKind.False => true,
            JsonValueKind.Number => Numbers.Float(v) == 0,
            _ => false,
        },
        _ => false,
    };
}
