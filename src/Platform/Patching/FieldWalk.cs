using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>
/// How a document falls into fields: maps are granular unless the schema says atomic, lists are atomic unless it says set or map
/// (Kubernetes documentation, "Merge strategy"). A null node is a value that no schema describes.
/// </summary>
internal static class FieldWalk
{
    private static readonly SchemaNode Metadata = MergeShape.Of("", "").ToSchema().Root.Properties["metadata"];

    /// <summary>The root of a document without a schema; an object of its own, since it is told from other nodes by reference.</summary>
    public static SchemaNode Untyped { get; } = new();

    internal enum Shape
    {
        Leaf,
        Map,
        List,
    }

    /// <summary>The node of a field; metadata is the same in every kind.</summary>
    public static SchemaNode ChildOf(SchemaNode root, string name, SchemaNode? node) =>
        name == "metadata" && ReferenceEquals(root, node) ? Metadata : node?.Child(name) ?? SchemaNode.Empty;

    public static Shape ShapeOf(JsonNode? value, SchemaNode? node) => value switch
    {
        JsonObject when node?.AtomicMap != true => Shape.Map,
        JsonArray list when node is { ListType: not ListType.Atomic } && TryIndex(list, node, out _, out _) => Shape.List,
        _ => Shape.Leaf,
    };

    /// <summary>
    /// A list's items by path element; false when an item has no key, or two have the same: then it has no fields inside.
    /// </summary>
    public static bool TryIndex(
        JsonArray list, SchemaNode node, [NotNullWhen(true)] out OrderedDictionary<string, JsonNode?>? items, out string? problem)
    {
        var result = new OrderedDictionary<string, JsonNode?>(list.Count, StringComparer.Ordinal);
        items = null;
        for (var i = 0; i < list.Count; i++)
        {
            if (ElementOf(list[i], node, out problem) is not { } element)
            {
                problem = $"element {i}: {problem}";
                return false;
            }

            if (!result.TryAdd(element, list[i]))
            {
                problem = $"duplicate entries for key {FieldSet.Print(element)}";
                return false;
            }
        }

        items = result;
        problem = null;
        return true;
    }

    private static string? ElementOf(JsonNode? item, SchemaNode node, out string? problem)
    {
        problem = null;
        if (node.ListType == ListType.Set)
        {
            return "v:" + CanonicalJson.Of(item);
        }

        if (item is not JsonObject map)
        {
            problem = "associative list with keys has an element that is not a map";
            return null;
        }

        var keys = new JsonObject();
        foreach (var name in node.ListMapKeys)
        {
            var value = map[name] ?? node.Items?.Properties.GetValueOrDefault(name)?.Default;
            if (value is not null)
            {
                keys[name] = value.DeepClone();
            }
        }

        if (keys.Count == 0)
        {
            var names = string.Join(' ', node.ListMapKeys.Select(FieldError.Quote));
            problem = $"associative list with keys has an element that omits all key fields [{names}]"
                + " (and doesn't have default values for any key fields)";
            return null;
        }

        return "k:" + CanonicalJson.Of(keys);
    }
}
