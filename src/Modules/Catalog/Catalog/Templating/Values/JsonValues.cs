using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Catalog.Templating.Values;

/// <summary>Between the document model and the values of templates.</summary>
internal static class JsonValues
{
    // 2^53: the last up to which each whole number is one of its own.
    private const double MaxSafeInteger = 9_007_199_254_740_992;

    // As JSON.stringify escapes: only what JSON itself demands.
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TemplateValue FromJson(JsonNode? node) => node switch
    {
        null => Null.Value,
        JsonArray array => new ListValue([.. array.Select(FromJson)]),
        JsonObject map => FromObject(map),
        JsonValue value => FromScalar(value),
        _ => throw new System.Diagnostics.UnreachableException(node.GetType().Name),
    };

    /// <summary>The value as a document, and false where it has none: undefined and functions.</summary>
    public static bool TryToJson(TemplateValue value, out JsonNode? node)
    {
        node = value switch
        {
            Flag flag => JsonValue.Create(flag.Value),
            Number number => FromNumber(number.Value),
            Text text => JsonValue.Create(text.Value),
            ListValue list => new JsonArray([.. list.Items.Select(item => TryToJson(item, out var child) ? child : null)]),
            MapValue map => ToObject(map),
            _ => null,
        };
        return value is not (Undefined or Callable or Pattern);
    }

    /// <summary>As <c>JSON.stringify(value, null, indent)</c>, which has no text for what is undefined.</summary>
    public static string? Stringify(TemplateValue value, string indent = "")
    {
        if (!TryToJson(value, out var node))
        {
            return null;
        }

        var text = new StringBuilder();
        Write(node, indent, "\n", text);
        return text.ToString();
    }

    private static MapValue FromObject(JsonObject map)
    {
        var entries = new OrderedDictionary<string, TemplateValue>(map.Count, StringComparer.Ordinal);
        foreach (var (key, child) in map)
        {
            entries[key] = FromJson(child);
        }

        return new MapValue(entries);
    }

    private static TemplateValue FromScalar(JsonValue value) => value.GetValueKind() switch
    {
        JsonValueKind.True => Flag.True,
        JsonValueKind.False => Flag.False,
        JsonValueKind.Number => new Number(ReadNumber(value)),
        JsonValueKind.String => new Text(value.GetValue<string>()),
        _ => Null.Value,
    };

    // A node made in code holds an int or a long, one that was parsed holds the digits.
    private static double ReadNumber(JsonValue value) =>
        value.TryGetValue<double>(out var number)
            ? number
            : double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    private static JsonValue? FromNumber(double value)
    {
        if (!double.IsFinite(value))
        {
            return null;
        }

        return double.IsInteger(value) && Math.Abs(value) <= MaxSafeInteger ? JsonValue.Create((long)value) : JsonValue.Create(value);
    }

    private static JsonObject ToObject(MapValue map)
    {
        var result = new JsonObject();
        foreach (var (key, child) in map.Entries)
        {
            if (TryToJson(child, out var node))
            {
                result[key] = node;
            }
        }

        return result;
    }

    private static void Write(JsonNode? node, string indent, string line, StringBuilder text)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } map:
                WriteBlock('{', '}', map, indent, line, text, entry =>
                {
                    text.Append(JsonSerializer.Serialize(entry.Key, Relaxed)).Append(indent.Length > 0 ? ": " : ":");
                    Write(entry.Value, indent, line + indent, text);
                });
                break;
            case JsonArray { Count: > 0 } array:
                WriteBlock('[', ']', array, indent, line, text, item => Write(item, indent, line + indent, text));
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number:
                text.Append(NumberText.Format(ReadNumber(value)));
                break;
            default:
                text.Append(node is null ? "null" : node.ToJsonString(Relaxed));
                break;
        }
    }

    private static void WriteBlock<T>(
        char open, char close, IEnumerable<T> items, string indent, string line, StringBuilder text, Action<T> write)
    {
        text.Append(open);
        var first = true;
        foreach (var item in items)
        {
            text.Append(first ? "" : ",").Append(indent.Length > 0 ? line + indent : "");
            write(item);
            first = false;
        }

        text.Append(indent.Length > 0 ? line : "").Append(close);
    }
}
