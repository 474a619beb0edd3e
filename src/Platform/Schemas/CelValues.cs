using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>A document as CEL rules see it: whole numbers are integers unless the schema says <c>number</c>, and fields have names that CEL can spell.</summary>
internal static class CelValues
{
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return",
    };

    public static object? Of(JsonNode? node, SchemaNode? schema) => node switch
    {
        JsonObject map => map.ToDictionary(m => schema?.Properties.ContainsKey(m.Key) == true ? Escape(m.Key) : m.Key, m => Of(m.Value, schema?.Child(m.Key)), StringComparer.Ordinal),
        JsonArray list => list.Select(i => Of(i, schema?.Items)).ToArray(),
        JsonValue value => value.GetValueKind() switch
        {
            JsonValueKind.String => value.ToString(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => Number(value.ToJsonString(), schema),
        },
        _ => null,
    };

    private static object Number(string text, SchemaNode? schema) =>
        schema?.Type != SchemaType.Number && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            ? whole : double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>As Kubernetes escapes them ("Validation rules", escaping): <c>x-prop</c> is <c>x__dash__prop</c>, <c>namespace</c> is <c>__namespace__</c>.</summary>
    private static string Escape(string name) => Reserved.Contains(name) ? $"__{name}__"
        : name.Replace("__", "__underscores__", StringComparison.Ordinal).Replace(".", "__dot__", StringComparison.Ordinal)
            .Replace("-", "__dash__", StringComparison.Ordinal).Replace("/", "__slash__", StringComparison.Ordinal);
}
