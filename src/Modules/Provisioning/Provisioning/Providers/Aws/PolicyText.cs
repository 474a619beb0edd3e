using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Providers.Aws;

/// <summary>JSON documents in one spelling, so that two that mean the same are the same text.</summary>
internal static class PolicyText
{
    /// <param name="isPolicy">True where one value and a list of it are one, and lists have no order.</param>
    public static string Of(JsonNode? node, bool isPolicy)
    {
        var document = node is JsonValue v && v.GetValueKind() == JsonValueKind.String ? Parse(v.GetValue<string>()) : node;
        return Canonical(document, isPolicy)?.ToJsonString() ?? "";
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private static JsonNode? Canonical(JsonNode? node, bool isPolicy) => node switch
    {
        JsonObject o => new JsonObject(o.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => new KeyValuePair<string, JsonNode?>(m.Key, Canonical(m.Value, isPolicy)))),
        JsonArray { Count: 1 } one when isPolicy => Canonical(one[0], isPolicy),
        JsonArray list when isPolicy => new JsonArray([.. list.Select(i => Canonical(i, isPolicy)).OrderBy(i => i?.ToJsonString(), StringComparer.Ordinal)]),
        JsonArray list => new JsonArray([.. list.Select(i => Canonical(i, isPolicy))]),
        null => null,
        // Texts and numbers are one: SQS answers maxReceiveCount as it was given.
        _ => node.ToString(),
    };
}
