using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>What changed between two documents, by field.</summary>
internal sealed record FieldChanges(FieldSet Added, FieldSet Modified, FieldSet Removed);

/// <summary>The fields of a document, and those that two documents differ in (structured-merge-diff, typed).</summary>
internal sealed class FieldSets
{
    private readonly SchemaNode root;
    private readonly List<string> path = [];
    private readonly FieldSet found = new();
    private readonly FieldChanges changes = new(new(), new(), new());

    private FieldSets(SchemaNode root) => this.root = root;

    public static FieldSet Of(JsonObject document, SchemaNode root)
    {
        var walk = new FieldSets(root);
        walk.Collect(document, root);
        return walk.found;
    }

    public static FieldChanges Compare(JsonObject before, JsonObject after, SchemaNode root)
    {
        var walk = new FieldSets(root);
        walk.Compare(new(before), new(after), root);
        return walk.changes;
    }

    private void Collect(JsonNode? value, SchemaNode node)
    {
        switch (FieldWalk.ShapeOf(value, node))
        {
            case FieldWalk.Shape.Map:
                CollectMap((JsonObject)value!, node);
                return;
            case FieldWalk.Shape.List:
                // An empty list is owned as an empty map is, else applying it twice would remove it and make it again.
                FieldWalk.TryIndex((JsonArray)value!, node, out var items, out _);
                if (items!.Count == 0)
                {
                    found.Insert(path);
                }

                foreach (var (element, item) in items)
                {
                    path.Add(element);
                    Collect(item, node.Items ?? SchemaNode.Empty);
                    found.Insert(path);
                    path.RemoveAt(path.Count - 1);
                }

                return;
            default:
                found.Insert(path);
                return;
        }
    }

    private void CollectMap(JsonObject map, SchemaNode node)
    {
        foreach (var (name, value) in map)
        {
            path.Add(FieldSet.Field(name));
            Collect(value, FieldWalk.ChildOf(root, name, node));

            // The entries of a map are things of their own; the named fields of a structure are only where things are.
            if (value is null or JsonObject { Count: 0 } || !(node == root || node.Properties.ContainsKey(name)))
            {
                found.Insert(path);
            }

            path.RemoveAt(path.Count - 1);
        }
    }

    private void Compare(Side before, Side after, SchemaNode node)
    {
        if (!before.Exists)
        {
            Whole(changes.Added.Reach(path), after.Value, node);
            return;
        }

        if (!after.Exists)
        {
            Whole(changes.Removed.Reach(path), before.Value, node);
            return;
        }

        if (JsonNode.DeepEquals(before.Value, after.Value))
        {
            return;
        }

        var shape = FieldWalk.ShapeOf(after.Value, node);
        if (shape != FieldWalk.ShapeOf(before.Value, node))
        {
            Compare(before, default, node);
            Compare(default, after, node);
            return;
        }

        if (shape == FieldWalk.Shape.Leaf || (before.IsBare && after.IsBare))
        {
            changes.Modified.Insert(path);
            return;
        }

        var old = before.Children(node, shape);
        var @new = after.Children(node, shape);
        foreach (var element in old.Keys.Union(@new.Keys))
        {
            path.Add(element);
            var child = shape == FieldWalk.Shape.Map ? FieldWalk.ChildOf(root, element[2..], node) : node.Items ?? SchemaNode.Empty;
            Compare(Side.Of(old, element), Side.Of(@new, element), child);
            path.RemoveAt(path.Count - 1);
        }
    }

    /// <summary>A value that only one document has, with all below it: most of what a create does.</summary>
    private void Whole(FieldSet at, JsonNode? value, SchemaNode node)
    {
        at.IsMember = true;
        switch (FieldWalk.ShapeOf(value, node))
        {
            case FieldWalk.Shape.Map:
                foreach (var (name, item) in (JsonObject)value!)
                {
                    Whole(at.Reach(FieldSet.Field(name)), item, FieldWalk.ChildOf(root, name, node));
                }

                return;
            case FieldWalk.Shape.List:
                FieldWalk.TryIndex((JsonArray)value!, node, out var items, out _);
                foreach (var (element, item) in items!)
                {
                    Whole(at.Reach(element), item, node.Items ?? SchemaNode.Empty);
                }

                return;
            default:
                return;
        }
    }

    private readonly record struct Side
    {
        public Side(JsonNode? value) => (Value, Exists) = (value, true);

        public JsonNode? Value { get; }

        public bool Exists { get; }

        public bool IsBare => Value is null or JsonObject { Count: 0 } or JsonArray { Count: 0 };

        public static Side Of(OrderedDictionary<string, JsonNode?> children, string element) =>
            children.TryGetValue(element, out var value) ? new(value) : default;

        public OrderedDictionary<string, JsonNode?> Children(SchemaNode node, FieldWalk.Shape shape)
        {
            if (shape == FieldWalk.Shape.List)
            {
                FieldWalk.TryIndex((JsonArray)Value!, node, out var items, out _);
                return items!;
            }

            var fields = new OrderedDictionary<string, JsonNode?>(StringComparer.Ordinal);
            foreach (var (name, value) in (JsonObject)Value!)
            {
                fields.Add(FieldSet.Field(name), value);
            }

            return fields;
        }
    }
}
