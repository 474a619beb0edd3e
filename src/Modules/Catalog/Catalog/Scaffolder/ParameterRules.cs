using System.Text.Json;
using System.Text.Json.Nodes;
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
        return [.. pages.SelectMany((page, index) => Validate(index, page.Schema, instance))];
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
            .Select(failure => new ParameterError(page, failure.Field, Explain(failure)));
        return missing.Concat(others).Distinct();
    }

    private static IEnumerable<string> Missing(JsonObject schema, JsonElement instance) =>
        (schema["required"] as JsonArray ?? [])
            .Select(name => name!.GetValue<string>())
            .Where(name => !instance.TryGetProperty(name, out _));

    private static string Explain(SchemaFailure failure) => failure.Keyword switch
    {
        "pattern" => "It does not have the form that is asked for.",
        _ => failure.Message ?? "This value is not allowed.",
    };

    private static JsonSchema Build(JsonObject schema) => JsonSchema.Build(
        JsonSerializer.SerializeToElement(schema),
        // A registry of its own, because a schema that names an $id would otherwise be known to all others.
        new BuildOptions { SchemaRegistry = new SchemaRegistry(), Dialect = Dialect.Draft07 });
}

/// <summary>What is wrong with a value: the page of the form, the JSON pointer of the field, and a sentence for the person.</summary>
internal sealed record ParameterError(int Page, string Field, string Message);
