using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>Finds a list with keys in an applied document whose items cannot be told apart, which no merge could mend.</summary>
internal static class ApplyCheck
{
    /// <summary>The first such list and what is wrong with it, or null.</summary>
    public static string? Problem(JsonObject document, SchemaNode root) => Visit(document, root, root, null);

    private static string? Visit(JsonNode? value, SchemaNode node, SchemaNode root, FieldPath? path)
    {
        switch (value)
        {
            case JsonObject map when !node.AtomicMap:
                return map
                    .Select(field => Visit(field.Value, FieldWalk.ChildOf(root, field.Key, node), root, FieldPath.Field(path, field.Key)))
                    .FirstOrDefault(problem => problem is not null);
            case JsonArray list when node.ListType != ListType.Atomic:
                return FieldWalk.TryIndex(list, node, out _, out var found)
                    ? list.Select((item, i) => Visit(item, node.Items ?? SchemaNode.Empty, root, FieldPath.Item(path, i)))
                        .FirstOrDefault(problem => problem is not null)
                    : $".{path}: {found}";
            default:
                return null;
        }
    }
}
