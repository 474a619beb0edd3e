using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>Reads and writes a document by field path, as crossplane-runtime's <c>fieldpath.Paved</c> does.</summary>
internal static class Paved
{
    /// <summary>A larger index is a mistake, and would make an array of that many nulls.</summary>
    private const uint MaxIndex = 1024;

    /// <summary>The value at a path; a present null is found. Throws when there is none, or when a parent is of another type.</summary>
    public static JsonNode? Get(JsonNode? root, string path) => Get(root, Segment.Parse(path), path);

    public static bool TryGet(JsonNode? root, string path, out JsonNode? value)
    {
        try
        {
            value = Get(root, path);
            return true;
        }
        catch (PatchFailure)
        {
            value = null;
            return false;
        }
    }

    public static void Set(JsonNode root, string path, JsonNode? value)
    {
        var segments = Segment.Parse(path);
        if (segments.Count == 0)
        {
            throw new PatchFailure("a field path must not be empty");
        }

        var current = root;
        for (var i = 0; i < segments.Count - 1; i++)
        {
            current = Child(current, segments, i);
        }

        Assign(current, segments, value);
    }

    /// <summary>Takes the field out; nothing happens when it, or a parent, is not there.</summary>
    public static void Delete(JsonNode root, string path)
    {
        var segments = Segment.Parse(path);
        JsonNode? current = root;
        for (var i = 0; i < segments.Count - 1 && current is not null; i++)
        {
            current = (segments[i].Index, current) switch
            {
                ({ } index, JsonArray list) => index < list.Count ? list[(int)index] : null,
                ({ }, _) => throw new PatchFailure($"{Segment.Join(segments.Take(i))} is not an array"),
                (null, JsonObject map) => map[segments[i].Field],
                _ => throw new PatchFailure($"{Segment.Join(segments.Take(i))} is not an object"),
            };
        }

        switch (segments.Count == 0 ? null : segments[^1].Index, current)
        {
            case (_, null):
                return;
            case ({ } index, JsonArray list):
                if (index < list.Count)
                {
                    list.RemoveAt((int)index);
                }

                return;
            case (null, JsonObject map) when segments.Count > 0:
                map.Remove(segments[^1].Field);
                return;
            default:
                throw new PatchFailure($"cannot delete {path}: not an {(segments.Count > 0 && segments[^1].Index is not null ? "array" : "object")}");
        }
    }

    /// <summary>The existing paths that a path with wildcards names.</summary>
    public static IReadOnlyList<string> Expand(JsonNode? root, string path)
    {
        var found = new List<string>();
        Expand(root, Segment.Parse(path), 0, [], found);
        return found;
    }

    private static void Expand(JsonNode? node, List<Segment> path, int at, List<Segment> done, List<string> found)
    {
        if (at == path.Count)
        {
            found.Add(Segment.Join(done));
            return;
        }

        var segment = path[at];
        if (segment.Field == "*" && segment.Index is null)
        {
            switch (node)
            {
                case JsonArray list:
                    for (var i = 0; i < list.Count; i++)
                    {
                        Expand(list[i], path, at + 1, [.. done, new Segment("", (uint)i)], found);
                    }

                    return;
                case JsonObject map:
                    foreach (var (member, value) in map)
                    {
                        Expand(value, path, at + 1, [.. done, new Segment(member)], found);
                    }

                    return;
                case null:
                    throw new PatchFailure($"{Segment.Join(done)}: no such field", notFound: true);
                default:
                    throw new PatchFailure($"{Segment.Join(done)}: unexpected wildcard usage");
            }
        }

        if (node is JsonObject o && segment.Index is null && o.TryGetPropertyValue(segment.Field, out var child))
        {
            Expand(child, path, at + 1, [.. done, segment], found);
        }
        else if (node is JsonArray list && segment.Index is { } index && index < list.Count)
        {
            Expand(list[(int)index], path, at + 1, [.. done, segment], found);
        }
        else if (node is not (null or JsonArray) && segment.Index is not null)
        {
            throw new PatchFailure($"{Segment.Join(done)}: not an array");
        }
        else if (node is not (null or JsonObject) && segment.Index is null)
        {
            throw new PatchFailure($"{Segment.Join(done)}: not an object");
        }
    }

    private static JsonNode? Get(JsonNode? root, List<Segment> segments, string path)
    {
        var current = root;
        for (var i = 0; i < segments.Count; i++)
        {
            var segment = segments[i];
            var so = Segment.Join(segments.Take(i));
            if (current is null)
            {
                throw new PatchFailure($"{(so.Length > 0 ? so : path)}: no such field", notFound: true);
            }

            if (segment.Index is { } index)
            {
                if (current is not JsonArray list)
                {
                    throw new PatchFailure($"{so}: not an array");
                }

                current = index < list.Count ? list[(int)index] : throw new PatchFailure($"{Segment.Join(segments.Take(i + 1))}: no such element", notFound: true);
                continue;
            }

            if (current is not JsonObject map)
            {
                throw new PatchFailure($"{so}: not an object");
            }

            if (!map.TryGetPropertyValue(segment.Field, out current))
            {
                throw new PatchFailure($"{Segment.Join(segments.Take(i + 1))}: no such field", notFound: true);
            }
        }

        return current;
    }

    private static JsonNode Child(JsonNode current, List<Segment> segments, int at)
    {
        var segment = segments[at];
        JsonNode Fresh() => segments[at + 1].Index is not null ? new JsonArray() : new JsonObject();
        if (segment.Index is { } index)
        {
            var list = Extended(current, segments, at, index);
            if (list[(int)index] is { } element)
            {
                return element;
            }

            var made = Fresh();
            list[(int)index] = made;
            return made;
        }

        if (current is not JsonObject map)
        {
            throw new PatchFailure($"{Segment.Join(segments.Take(at))} is not an object");
        }

        if (map.TryGetPropertyValue(segment.Field, out var child))
        {
            return child ?? throw new PatchFailure($"{Segment.Join(segments.Take(at + 1))} is not an object");
        }

        var fresh = Fresh();
        map[segment.Field] = fresh;
        return fresh;
    }

    private static void Assign(JsonNode current, List<Segment> segments, JsonNode? value)
    {
        var last = segments[^1];
        if (last.Index is { } index)
        {
            Extended(current, segments, segments.Count - 1, index)[(int)index] = value;
            return;
        }

        if (current is not JsonObject map)
        {
            throw new PatchFailure($"{Segment.Join(segments.Take(segments.Count - 1))} is not an object");
        }

        map[last.Field] = value;
    }

    private static JsonArray Extended(JsonNode current, List<Segment> segments, int at, uint index)
    {
        if (current is not JsonArray list)
        {
            throw new PatchFailure($"{Segment.Join(segments.Take(at))} is not an array");
        }

        if (index > MaxIndex)
        {
            throw new PatchFailure($"index {index} is greater than the allowed maximum of {MaxIndex}");
        }

        while (list.Count <= index)
        {
            list.Add(null);
        }

        return list;
    }
}
