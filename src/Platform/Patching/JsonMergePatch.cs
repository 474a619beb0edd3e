using System.Text.Json.Nodes;

namespace Flagstone.Platform.Patching;

/// <summary>JSON merge patch (RFC 7386): null removes a member, an object merges, anything else replaces.</summary>
public static class JsonMergePatch
{
    /// <summary>The patched document; neither argument is changed. A patch that is not an object is the result itself.</summary>
    public static JsonNode? Apply(JsonNode? document, JsonNode? patch)
    {
        if (patch is not JsonObject members)
        {
            return patch?.DeepClone();
        }

        var result = document is JsonObject map ? (JsonObject)map.DeepClone() : [];
        Merge(result, members);
        return result;
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            switch (value)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject members when target[name] is JsonObject existing:
                    Merge(existing, members);
                    break;
                default:
                    // A new object is merged into an empty one, so that the nulls in it vanish.
                    target[name] = Apply(null, value);
                    break;
            }
        }
    }

    /// <summary>
    /// The patch that makes one object of the other. A null in <paramref name="target"/> cannot be said by a merge patch.
    /// </summary>
    public static JsonObject Diff(JsonObject source, JsonObject target)
    {
        var patch = new JsonObject();
        foreach (var (name, value) in target)
        {
            if (!source.TryGetPropertyValue(name, out var before) || (before is JsonObject && value is not JsonObject))
            {
                patch[name] = value?.DeepClone();
            }
            else if (before is JsonObject from && value is JsonObject to)
            {
                if (Diff(from, to) is { Count: > 0 } inner)
                {
                    patch[name] = inner;
                }
            }
            else if (!JsonNode.DeepEquals(before, value))
            {
                patch[name] = value?.DeepClone();
            }
        }

        foreach (var (name, _) in source)
        {
            if (!target.ContainsKey(name))
            {
                patch[name] = null;
            }
        }

        return patch;
    }
}
