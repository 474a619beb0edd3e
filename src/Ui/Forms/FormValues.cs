using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Ui.Forms;

/// <summary>What is typed into a form, and what it means as JSON.</summary>
public static class FormValues
{
    /// <summary>The form as it opens: the defaults, over them what an earlier run had.</summary>
    public static Dictionary<string, string> Start(IEnumerable<FormField> fields, JsonObject? earlier) =>
        fields.ToDictionary(f => f.Name, f => earlier?[f.Name] is { } value ? Text(value) : f.Default, StringComparer.Ordinal);

    /// <summary>
    /// The values with the types of their fields. An empty field is left out: it is missing, not empty. What cannot be read stays text, for
    /// the schema to refuse.
    /// </summary>
    public static JsonObject ToJson(IEnumerable<FormField> fields, IReadOnlyDictionary<string, string> texts)
    {
        var values = new JsonObject();
        foreach (var field in fields)
        {
            var text = texts.GetValueOrDefault(field.Name, "");
            if (text.Length > 0)
            {
                values[field.Name] = Value(field, text);
            }
        }

        return values;
    }

    private static JsonNode? Value(FormField field, string text) => field.Kind switch
    {
        FieldKind.YesNo => text == "true",
        FieldKind.WholeNumber when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        FieldKind.Number when decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        FieldKind.Json => Parse(text),
        FieldKind.Select or FieldKind.Radio when field.Options.FirstOrDefault(o => o.Value == text) is { IsText: false } => Parse(text),
        _ => text,
    };

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

    private static string Text(JsonNode value) =>
        value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : value.ToJsonString();
}
