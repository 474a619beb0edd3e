using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>Removes the fields that a schema does not name (Kubernetes documentation, "Field pruning").</summary>
internal static class SchemaPruning
{
    private static readonly string[] ResourceFields = ["apiVersion", "kind", "metadata"];

    /// <summary>Prunes in place, and returns what was removed, sorted as the API server reports unknown fields.</summary>
    public static IReadOnlyList<FieldPath> Prune(JsonNode? value, SchemaNode node, bool isRoot)
    {
        List<FieldPath>? pruned = null;
        Visit(value, node, isRoot, null, ref pruned);
        if (pruned is null)
        {
            return [];
        }

        pruned.Sort((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));
        return pruned;
    }

    private static void Visit(JsonNode? value, SchemaNode node, bool isResource, Trail? trail, ref List<FieldPath>? pruned)
    {
        switch (value)
        {
            case JsonObject map:
                VisitMap(map, node, isResource || node.EmbeddedResource, trail, ref pruned);
                return;
            case JsonArray list when node.Items is not null || !node.PreserveUnknownFields:
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is JsonObject or JsonArray)
                    {
                        Visit(list[i], node.Items ?? SchemaNode.Empty, isResource: false, new(trail, null, i), ref pruned);
                    }
                }

                return;
            default:
                return;
        }
    }

    private static void VisitMap(JsonObject map, SchemaNode node, bool isResource, Trail? trail, ref List<FieldPath>? pruned)
    {
        for (var i = map.Count - 1; i >= 0; i--)
        {
            var (name, value) = map.GetAt(i);
            if (isResource && ResourceFields.Contains(name))
            {
                continue;
            }

            if (node.Child(name) is { } child)
            {
                if (value is JsonObject or JsonArray)
                {
                    Visit(value, child, isResource: false, new(trail, name, 0), ref pruned);
                }
            }
            else if (!node.PreserveUnknownFields)
            {
                map.RemoveAt(i);
                (pruned ??= []).Add(Trail.ToPath(new(trail, name, 0))!);
            }
        }
    }

    private sealed record Trail(Trail? Parent, string? Name, int Index)
    {
        public static FieldPath? ToPath(Trail? trail) => trail switch
        {
            null => null,
            { Name: null } => FieldPath.Item(ToPath(trail.Parent), trail.Index),
            _ => FieldPath.Field(ToPath(trail.Parent), trail.Name),
        };
    }
}
