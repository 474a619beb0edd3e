using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Catalog.Scaffolder;

/// <summary>Which values a form has: what its pages name, also where one value depends on another.</summary>
internal static class FormNames
{
    private static readonly string[] Branches = ["if", "then", "else", "not"];
    private static readonly string[] Lists = ["allOf", "anyOf", "oneOf"];

    /// <summary>In the order of the form; null when a page lets in values that it does not name.</summary>
    public static IReadOnlyCollection<string>? Of(IReadOnlyList<ParameterStep> pages)
    {
        var names = new OrderedDictionary<string, bool>(StringComparer.Ordinal);
        return pages.All(page => Collect(page.Schema, names)) ? names.Keys : null;
    }

    private static bool Collect(JsonNode? node, OrderedDictionary<string, bool> names)
    {
        if (node is not JsonObject schema)
        {
            return true;
        }

        if (IsOpen(schema))
        {
            return false;
        }

        Add((schema["properties"] as JsonObject ?? []).Select(p => p.Key), names);
        Add(Texts(schema["required"]), names);
        return Branches.All(b => Collect(schema[b], names))
            && Lists.All(l => (schema[l] as JsonArray ?? []).All(s => Collect(s, names)))
            && (schema["dependencies"] as JsonObject ?? []).All(d => CollectDependency(d.Key, d.Value, names));
    }

    private static bool CollectDependency(string name, JsonNode? needs, OrderedDictionary<string, bool> names)
    {
        Add([name, .. Texts(needs)], names);
        return Collect(needs, names);
    }

    private static bool IsOpen(JsonObject schema) =>
        schema.ContainsKey("patternProperties") || schema.ContainsKey("$ref")
        || schema["additionalProperties"] is { } more && more.GetValueKind() != JsonValueKind.False;

    private static IEnumerable<string> Texts(JsonNode? list) =>
        (list as JsonArray ?? []).OfType<JsonValue>().Where(v => v.GetValueKind() == JsonValueKind.String).Select(v => v.GetValue<string>());

    private static void Add(IEnumerable<string> found, OrderedDictionary<string, bool> names)
    {
        foreach (var name in found)
        {
            names.TryAdd(name, true);
        }
    }
}
