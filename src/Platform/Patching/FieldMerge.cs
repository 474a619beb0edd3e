using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>Merging an applied document into the live one, and removing what its manager gave up (structured-merge-diff, merge).</summary>
internal static class FieldMerge
{
    /// <summary>The live document with the applied one merged over it; neither is changed.</summary>
    public static JsonObject Merge(JsonObject live, JsonObject applied, SchemaNode root) => MergeMap(live, applied, root, root);

    /// <summary>
    /// Removes, in place, the fields of <paramref name="last"/> below which nobody manages anything any more. A field goes with all that it
    /// holds: a container that is given up takes the defaults along that were filled into it.
    /// </summary>
    public static void Prune(JsonObject document, FieldSet last, FieldSet managed, SchemaNode root) =>
        Prune((JsonNode)document, last, managed, root, root);

    private static JsonNode? MergeValue(JsonNode? live, JsonNode? applied, SchemaNode node, SchemaNode root)
    {
        var shape = FieldWalk.ShapeOf(applied, node);
        if (shape == FieldWalk.Shape.Map && live is JsonObject liveMap)
        {
            return MergeMap(liveMap, (JsonObject)applied!, node, root);
        }

        return shape == FieldWalk.Shape.List && FieldWalk.ShapeOf(live, node) == FieldWalk.Shape.List
            ? MergeList((JsonArray)live!, (JsonArray)applied!, node, root)
            : applied?.DeepClone();
    }

    private static JsonObject MergeMap(JsonObject live, JsonObject applied, SchemaNode node, SchemaNode root)
    {
        var result = (JsonObject)live.DeepClone();
        foreach (var (name, value) in applied)
        {
            result[name] = MergeValue(live[name], value, FieldWalk.ChildOf(root, name, node), root);
        }

        return result;
    }

    private static JsonArray MergeList(JsonArray live, JsonArray applied, SchemaNode node, SchemaNode root)
    {
        FieldWalk.TryIndex(live, node, out var old, out _);
        FieldWalk.TryIndex(applied, node, out var @new, out _);
        var result = new JsonArray();
        foreach (var element in Interleaving.Order([.. old!.Keys], [.. @new!.Keys]))
        {
            result.Add(@new.TryGetValue(element, out var item)
                ? MergeValue(old.GetValueOrDefault(element), item, node.Items ?? SchemaNode.Empty, root)
                : old[element]?.DeepClone());
        }

        return result;
    }

    private static void Prune(JsonNode? value, FieldSet last, FieldSet managed, SchemaNode node, SchemaNode root)
    {
        switch (FieldWalk.ShapeOf(value, node))
        {
            case FieldWalk.Shape.Map:
                PruneMap((JsonObject)value!, last, managed, node, root);
                return;
            case FieldWalk.Shape.List:
                PruneList((JsonArray)value!, last, managed, node, root);
                return;
            default:
                return;
        }
    }

    private static void PruneMap(JsonObject map, FieldSet last, FieldSet managed, SchemaNode node, SchemaNode root)
    {
        foreach (var (element, lastChild) in last.Children)
        {
            var name = element[2..];
            if (!map.TryGetPropertyValue(name, out var value))
            {
                continue;
            }

            var stays = managed.Children.GetValueOrDefault(element);

            // Names, uids and the like are in no set, so metadata may look unmanaged.
            if (stays is null && !(node == root && name == "metadata"))
            {
                map.Remove(name);
                continue;
            }

            Prune(value, lastChild, stays ?? new(), FieldWalk.ChildOf(root, name, node), root);
        }
    }

    private static void PruneList(JsonArray list, FieldSet last, FieldSet managed, SchemaNode node, SchemaNode root)
    {
        FieldWalk.TryIndex(list, node, out var items, out _);
        for (var i = list.Count - 1; i >= 0; i--)
        {
            var (element, item) = items!.GetAt(i);
            if (!last.Children.TryGetValue(element, out var lastChild))
            {
                continue;
            }

            if (managed.Children.TryGetValue(element, out var stays))
            {
                Prune(item, lastChild, stays, node.Items ?? SchemaNode.Empty, root);
                continue;
            }

            list.RemoveAt(i);
        }
    }
}
