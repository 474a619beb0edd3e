using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>
/// Defaulting as the API server does it: a null that is not nullable counts as absent, so it gets the default or goes
/// (Kubernetes documentation, "Defaulting and Nullable").
/// </summary>
internal static class SchemaDefaulting
{
    public static void Apply(JsonNode? value, SchemaNode node)
    {
        switch (value)
        {
            case JsonObject map:
                ApplyToMap(map, node);
                return;
            case JsonArray list when node.Items is { } items:
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is null && !items.Nullable && items.Default is not null)
                    {
                        list[i] = items.Default.DeepClone();
                    }

                    Apply(list[i], items);
                }

                return;
            default:
                return;
        }
    }

    private static void ApplyToMap(JsonObject map, SchemaNode node)
    {
        foreach (var (name, property) in node.Defaulted)
        {
            if (!map.TryGetPropertyValue(name, out var found) || (found is null && !property.Nullable))
            {
                map[name] = property.Default!.DeepClone();
            }
        }

        for (var i = map.Count - 1; i >= 0; i--)
        {
            var (name, value) = map.GetAt(i);
            if (node.Child(name) is not { } child)
            {
                continue;
            }

            if (value is null && IsNeverNull(child))
            {
                if (child.Default is null)
                {
                    map.RemoveAt(i);
                    continue;
                }

                map.SetAt(i, value = child.Default.DeepClone());
            }

            Apply(value, child);
        }
    }

    // "additionalProperties: true" says nothing of nulls.
    private static bool IsNeverNull(SchemaNode node) => !node.Nullable && node != SchemaNode.Empty;
}
