using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>
/// A set of field paths, as a tree: <c>fieldsV1</c> of managed fields (structured-merge-diff, fieldpath). A path's elements are
/// <c>f:name</c>, <c>k:{"key":"value"}</c> for an item of a list with keys, and <c>v:value</c> for an item of a set. A node may be in the
/// set itself, which <c>.</c> says where it has children.
/// </summary>
internal sealed class FieldSet
{
    private const string Itself = ".";

    private readonly SortedDictionary<string, FieldSet> children = new(StringComparer.Ordinal);

    public bool IsMember { get; set; }

    public bool IsEmpty => !IsMember && children.Count == 0;

    public IReadOnlyDictionary<string, FieldSet> Children => children;

    public static string Field(string name) => "f:" + name;

    public static bool TryParse(JsonNode? fields, [NotNullWhen(true)] out FieldSet? set)
    {
        set = null;
        if (fields is not JsonObject map)
        {
            return false;
        }

        var parsed = new FieldSet();
        foreach (var (key, value) in map)
        {
            if (key == Itself)
            {
                parsed.IsMember = true;
                continue;
            }

            if (!TryCanonical(key, out var element) || !TryParse(value, out var child))
            {
                return false;
            }

            child.IsMember |= child.children.Count == 0;
            parsed.children[element] = child;
        }

        set = parsed;
        return true;
    }

    public void Insert(IReadOnlyList<string> path) => Reach(path).IsMember = true;

    /// <summary>The node of a path, made where it is missing; not a member by that.</summary>
    public FieldSet Reach(IReadOnlyList<string> path) => path.Aggregate(this, (node, element) => node.Reach(element));

    public FieldSet Reach(string element)
    {
        if (!children.TryGetValue(element, out var child))
        {
            children[element] = child = new();
        }

        return child;
    }

    public FieldSet Union(FieldSet other)
    {
        if (IsEmpty || other.IsEmpty)
        {
            return IsEmpty ? other : this;
        }

        var result = new FieldSet { IsMember = IsMember || other.IsMember };
        foreach (var (element, child) in children)
        {
            result.children[element] = other.children.TryGetValue(element, out var same) ? child.Union(same) : child;
        }

        foreach (var (element, child) in other.children)
        {
            result.children.TryAdd(element, child);
        }

        return result;
    }

    /// <summary>The paths that are not in the other set; what lies below a path in the other set stays.</summary>
    public FieldSet Except(FieldSet other)
    {
        if (other.IsEmpty)
        {
            return this;
        }

        var result = new FieldSet { IsMember = IsMember && !other.IsMember };
        foreach (var (element, child) in children)
        {
            var rest = other.children.TryGetValue(element, out var same) ? child.Except(same) : child;
            if (!rest.IsEmpty)
            {
                result.children[element] = rest;
            }
        }

        return result;
    }

    public FieldSet Intersect(FieldSet other)
    {
        var result = new FieldSet { IsMember = IsMember && other.IsMember };
        foreach (var (element, child) in children)
        {
            if (other.children.TryGetValue(element, out var same) && child.Intersect(same) is { IsEmpty: false } both)
            {
                result.children[element] = both;
            }
        }

        return result;
    }

    public bool SetEquals(FieldSet other) =>
        IsMember == other.IsMember
        && children.Count == other.children.Count
        && children.All(child => other.children.TryGetValue(child.Key, out var same) && child.Value.SetEquals(same));

    public JsonObject ToFieldsV1()
    {
        var map = new JsonObject();
        foreach (var (element, child) in children)
        {
            var fields = child.ToFieldsV1();
            if (child.IsMember && child.children.Count > 0)
            {
                fields.Insert(0, Itself, new JsonObject());
            }

            map[element] = fields;
        }

        return map;
    }

    /// <summary>All paths, printed as conflicts are: <c>.spec.containers[name="web"].image</c>.</summary>
    public IEnumerable<string> Paths() => Paths("");

    private IEnumerable<string> Paths(string prefix)
    {
        if (IsMember)
        {
            yield return prefix;
        }

        foreach (var (element, child) in children)
        {
            foreach (var path in child.Paths(prefix + Print(element)))
            {
                yield return path;
            }
        }
    }

    public static string Print(string element)
    {
        switch (element[0])
        {
            case 'f':
                return "." + element[2..];
            case 'k':
                var keys = (JsonObject)JsonNode.Parse(element[2..])!;
                return $"[{string.Join(',', keys.Select(key => $"{key.Key}={CanonicalJson.Of(key.Value)}"))}]";
            default:
                return $"[={element[2..]}]";
        }
    }

    // Other writers may order a key's fields in another way, and the same path must be the same element.
    private static bool TryCanonical(string key, out string element)
    {
        element = key;
        switch (key)
        {
            case ['f' or 'i', ':', ..]:
                return true;
            case ['k' or 'v', ':', _, ..]:
                try
                {
                    var value = JsonNode.Parse(key[2..]);
                    element = key[..2] + CanonicalJson.Of(value);
                    return key[0] == 'v' || value is JsonObject;
                }
                catch (System.Text.Json.JsonException)
                {
                    return false;
                }

            default:
                return false;
        }
    }
}
