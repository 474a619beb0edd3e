using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kubernetes;

/// <summary>The part of kubectl's JSONPath that printer columns use: members, indexes, and one filter <c>[?(@.a=="b")]</c>.</summary>
internal static class JsonPath
{
    public static JsonNode? Evaluate(JsonNode? node, string path)
    {
        var at = 0;
        while (node is not null && at < path.Length)
        {
            if (path[at] == '.')
            {
                var end = at + 1;
                while (end < path.Length && path[end] is not ('.' or '['))
                {
                    end += path[end] == '\\' ? 2 : 1;
                }

                var member = path[(at + 1)..Math.Min(end, path.Length)].Replace("\\", "", StringComparison.Ordinal);
                node = member.Length == 0 ? node : node is JsonObject o ? o[member] : null;
                at = end;
                continue;
            }

            var close = path.IndexOf(']', at);
            if (path[at] != '[' || close < 0)
            {
                return null;
            }

            node = Select(node, path[(at + 1)..close]);
            at = close + 1;
        }

        return node;
    }

    private static JsonNode? Select(JsonNode node, string inside)
    {
        if (inside.StartsWith("?(@.", StringComparison.Ordinal) && inside.EndsWith(')'))
        {
            var parts = inside[4..^1].Split("==", 2, StringSplitOptions.TrimEntries);
            return parts.Length == 2 ? (node as JsonArray)?.FirstOrDefault(i => i.Text(parts[0]) == parts[1].Trim('\'', '"')) : null;
        }

        return inside.Trim('\'', '"') is var name && int.TryParse(name, out var index)
            ? node is JsonArray list && index >= 0 && index < list.Count ? list[index] : null
            : node is JsonObject o ? o[name] : null;
    }
}
