using System.Text.Json.Nodes;

namespace Flagstone.Platform.Yaml;

/// <summary>The text of a list or mapping that stands where a key should, as JavaScript's <c>yaml</c> package spells it.</summary>
internal static class YamlFlow
{
    public static string Write(JsonNode? node) => node switch
    {
        JsonObject { Count: 0 } => "{}",
        JsonObject map => $"{{ {string.Join(", ", map.Select(Member))} }}",
        JsonArray { Count: 0 } => "[]",
        JsonArray list => $"[ {string.Join(", ", list.Select(Write))} ]",
        JsonValue value => value.ToString(),
        _ => "null",
    };

    private static string Member(KeyValuePair<string, JsonNode?> member) =>
        member.Value is null ? member.Key : $"{member.Key}: {Write(member.Value)}";
}
