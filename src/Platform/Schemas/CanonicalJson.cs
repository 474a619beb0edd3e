using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>One text for equal JSON values: members sorted by name, whole numbers without a fraction, nothing between tokens.</summary>
internal static class CanonicalJson
{
    public static string Of(JsonNode? node)
    {
        var text = new StringBuilder();
        Append(node, text);
        return text.ToString();
    }

    private static void Append(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case JsonObject map:
                var separator = '{';
                foreach (var (name, value) in map.OrderBy(member => member.Key, StringComparer.Ordinal))
                {
                    text.Append(separator).Append(FieldError.Quote(name)).Append(':');
                    Append(value, text);
                    separator = ',';
                }

                text.Append(separator == '{' ? "{}" : "}");
                return;
            case JsonArray list:
                var comma = '[';
                foreach (var item in list)
                {
                    text.Append(comma);
                    Append(item, text);
                    comma = ',';
                }

                text.Append(comma == '[' ? "[]" : "]");
                return;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                text.Append(FieldError.Quote(value.GetValue<string>()));
                return;
            case JsonValue value when JsonNumber.TryRead(value, out var number) && number.IsLong:
                text.Append(number.Integer);
                return;
            default:
                text.Append(node?.ToJsonString() ?? "null");
                return;
        }
    }
}
