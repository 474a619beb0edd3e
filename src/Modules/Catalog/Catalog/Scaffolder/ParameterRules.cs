using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Json.Schema;

namespace Flagstone.Catalog.Scaffolder;

/// <summary>
/// What a form may hold. Each page is judged against all values, as Backstage does, because a page may ask for another's value.
/// </summary>
internal static class ParameterRules
{
    // A schema may not fetch another: what it names must be inside it.
    private static readonly EvaluationOptions Options = new() { OutputFormat = OutputFormat.Hierarchical, RequireFormatValidation = true };

    /// <summary>The values with the defaults that the form would have filled in, for clients that have no form.</summary>
    public static JsonObject WithDefaults(IReadOnlyList<ParameterStep> pages, JsonObject values)
    {
        var filled = values.DeepClone().AsObject();
        var properties = pages.SelectMany(page => page.Schema["properties"] as JsonObject ?? []);
        foreach (var (name, property) in properties)
        {
            if (!filled.ContainsKey(name) && property is JsonObject schema && schema.TryGetPropertyValue("default", out var fallback))
            {
                filled[name] = fallback?.DeepClone();
            }
        }

        return filled;
    }

    public static IReadOnlyList<ParameterError> Validate(IReadOnlyList<ParameterStep> pages, JsonObject values)
    {
        var instance = JsonSerializer.SerializeToElement(values);
        return [.. Unknown(pages, values), .. pages.SelectMany((page, index) => Validate(index, page.Schema, instance))];
    }

    // Each page is a schema of all values, so none can refuse what it does not name by additionalProperties: the form as a whole does.
    private static IEnumerable<ParameterError> Unknown(IReadOnlyList<ParameterStep> pages, JsonObject values)
    {
        if (FormNames.Of(pages) is not { } known)
        {
            return [];
        }

        var list = known.Count == 0 ? "The form has none." : $"The form has: {string.Join(", ", known)}.";
        return values.Where(v => !known.Contains(v.Key)).Select(v => new ParameterError(0, $"/{v.Key}", $"There is no value of this name. {list}"));
    }

    /// <summary>Why this is no schema, or null where it is one.</summary>
    public static string? RefuseSchema(JsonObject schema)
    {
        try
        {
            Build(schema);
            return null;
        }
        catch (Exception e) when (e is JsonSchemaException or RefResolutionException or JsonException or ArgumentException)
        {
            return e.Message;
        }
    }

    private static IEnumerable<ParameterError> Validate(int page, JsonObject schema, JsonElement instance)
    {
        var results = Build(schema).Evaluate(instance, Options);
        if (results.IsValid)
        {
            return [];
        }

        // A missing value is reported at its own field, where the form shows it, and not at the object that lacks it.
        var missing = Missing(schema, instance).Select(name => new ParameterError(page, $"/{name}", "It is required."));
        var others = SchemaFailures.Of(results)
            .Where(failure => failure.Keyword != "required" || failure.Field.Length > 0)
            .Select(failure => new ParameterError(page, failure.Field, Explain(failure, PropertyOf(schema, failure.Field))));
        return missing.Concat(others).Distinct();
    }

    private static IEnumerable<string> Missing(JsonObject schema, JsonElement instance) =>
        (schema["required"] as JsonArray ?? [])
            .Select(name => name!.GetValue<string>())
            .Where(name => !instance.TryGetProperty(name, out _));

    private static JsonObject? PropertyOf(JsonObject schema, string field) => schema.At("properties", field.TrimStart('/')) as JsonObject;

    // A pattern alone says little to people: the field's own description and example say it in words.
    private static string Explain(SchemaFailure failure, JsonObject? property) => failure.Keyword switch
    {
        "pattern" when property.Text("pattern") is { Length: > 0 } pattern => Sentence($"It does not have the form {pattern}", property),
        "" when property.At("not").Text("pattern") is { Length: > 0 } taken => $"It is reserved: what has the form {taken} is not taken.",
        _ => failure.Message ?? "This value is not allowed.",
    };

    private static string Sentence(string what, JsonObject? property)
    {
        var example = property.At("examples") is JsonArray { Count: > 0 } examples ? examples[0]?.ToString() ?? "" : property.Text("ui:placeholder");
        return string.Join(' ', new[] { $"{what}.", property.Text("description").Trim(), example.Length > 0 ? $"Example: {example}." : "" }.Where(s => s.Length > 0));
    }

    private static JsonSchema Build(JsonObject schema) => JsonSchema.Build(
        JsonSerializer.SerializeToElement(schema),
        // A registry of its own, because a schema that names an $id would otherwise be known to all others.
        new BuildOptions { SchemaRegistry = new SchemaRegistry(), Dialect = Dialect.Draft07 });
}

/// <summary>What is wrong with a value: the page of the form, the JSON pointer of the field, and a sentence for the person.</summary>
internal sealed record ParameterError(int Page, string Field, string Message);
