using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Ui.Forms;

/// <summary>Makes a form of a template's parameters: JSON Schema with Backstage's <c>ui:</c> keywords (react-jsonschema-form's uiSchema).</summary>
public static class FormSchema
{
    /// <param name="steps">The steps of the form, each a JSON Schema of an object.</param>
    public static IReadOnlyList<FormPage> Read(IReadOnlyList<JsonObject> steps) =>
        [.. steps.Select((step, index) => new FormPage(
            step.Text("title") is { Length: > 0 } title ? title : steps.Count == 1 ? "Values" : $"Step {index + 1}", step.Text("description"), Fields(step)))];

    private static List<FormField> Fields(JsonObject schema)
    {
        var required = Texts(schema["required"]).ToHashSet(StringComparer.Ordinal);
        var fields = (schema["properties"] as JsonObject ?? [])
            .Where(p => p.Value is JsonObject && p.Value.Text("ui:widget") != "hidden")
            .Select(p => Field(p.Key, (JsonObject)p.Value!, required.Contains(p.Key)))
            .ToList();
        var order = Texts(schema["ui:order"]).ToList();
        return order.Count == 0 ? fields : [.. fields.OrderBy(f => Place(order, f.Name))];
    }

    private static FormField Field(string name, JsonObject schema, bool required)
    {
        var kind = KindOf(schema);
        return new FormField(name, schema.Text("title") is { Length: > 0 } title ? title : name, kind, required, Default(schema, kind))
        {
            Description = schema.Text("description"),
            Help = schema.Text("ui:help"),
            Placeholder = schema.Text("ui:placeholder"),
            Options = Options(schema),
            Minimum = Decimal(schema["minimum"]),
            Maximum = Decimal(schema["maximum"]),
            MaxLength = (int?)Decimal(schema["maxLength"]),
            AutoFocus = schema["ui:autofocus"] is JsonValue v && v.TryGetValue<bool>(out var focus) && focus,
        };
    }

    private static FieldKind KindOf(JsonObject schema)
    {
        var widget = schema.Text("ui:widget");
        if (schema.Text("ui:field") is "OwnerPicker" or "OwnedEntityPicker")
        {
            return FieldKind.Owner;
        }

        if (schema["enum"] is JsonArray)
        {
            return widget == "radio" ? FieldKind.Radio : FieldKind.Select;
        }

        return schema.Text("type") switch
        {
            "boolean" => FieldKind.YesNo,
            "integer" => FieldKind.WholeNumber,
            "number" => FieldKind.Number,
            "array" or "object" => FieldKind.Json,
            _ => widget == "textarea" ? FieldKind.Lines : FieldKind.Text,
        };
    }

    private static string Default(JsonObject schema, FieldKind kind)
    {
        var text = schema["default"] is { } value ? AsText(value) : "";
        return text.Length == 0 && kind == FieldKind.YesNo ? "false" : text;
    }

    private static List<FormOption> Options(JsonObject schema)
    {
        var names = Texts(schema["enumNames"]).ToList();
        return [.. (schema["enum"] as JsonArray ?? []).Select((value, index) =>
            new FormOption(AsText(value), index < names.Count ? names[index] : AsText(value), value is JsonValue v && v.GetValueKind() == JsonValueKind.String))];
    }

    private static int Place(List<string> order, string name) => order.IndexOf(name) is >= 0 and var at ? at : order.IndexOf("*") is >= 0 and var rest ? rest : order.Count;

    private static IEnumerable<string> Texts(JsonNode? list) =>
        (list as JsonArray ?? []).OfType<JsonValue>().Where(v => v.GetValueKind() == JsonValueKind.String).Select(v => v.GetValue<string>());

    private static string AsText(JsonNode? value) =>
        value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : value?.ToJsonString() ?? "";

    private static decimal? Decimal(JsonNode? node) =>
        node is JsonValue v && v.GetValueKind() == JsonValueKind.Number
        && decimal.TryParse(v.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;
}
