using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>
/// Numbers as the engine sees them. A function of a pipeline gets every number as a float64, since they come by protobuf Struct; the
/// engine of mode Resources keeps whole numbers whole. After the transforms whole numbers are whole in both.
/// </summary>
internal static class Numbers
{
    public static JsonNode? Read(JsonNode? node, bool allFloat) => Map(node, value =>
        !allFloat && TryInteger(value, out var whole) ? JsonValue.Create(whole) : JsonValue.Create(Float(value)));

    public static JsonNode? Settle(JsonNode? node) => Map(node, value =>
        TryInteger(value, out var whole) ? JsonValue.Create(whole)
        : Float(value) is var f && Math.Floor(f) == f && Math.Abs(f) < 9.2e18 ? JsonValue.Create((long)f) : JsonValue.Create(f));

    public static bool IsNumber(JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.Number;

    public static bool TryInteger(JsonNode? node, out long value)
    {
        value = 0;
        return IsNumber(node) && !IsFloat(node) && long.TryParse(node!.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture, out value);
    }

    public static bool IsFloat(JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.Number && v.GetValue<object>() is double or float or decimal;

    public static double Float(JsonNode node) => double.Parse(node.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    private static JsonNode? Map(JsonNode? node, Func<JsonValue, JsonNode> number)
    {
        switch (node)
        {
            case JsonObject map:
                var copy = new JsonObject();
                foreach (var (member, value) in map)
                {
                    copy[member] = Map(value, number);
                }

                return copy;
            case JsonArray list:
                return new JsonArray([.. list.Select(i => Map(i, number))]);
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number:
                return number(value);
            default:
                return node?.DeepClone();
        }
    }
}
