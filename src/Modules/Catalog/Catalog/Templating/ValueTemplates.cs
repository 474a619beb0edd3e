using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Templating.Evaluation;

namespace Flagstone.Catalog.Templating;

/// <summary>Renders every string of a document. Keys are never rendered, and a key whose value renders to nothing goes away.</summary>
internal static class ValueTemplates
{
    /// <summary>
    /// The root is the document's name in errors, as <c>input</c> in <c>input.values.name</c>. Null where nothing is left of it.
    /// </summary>
    public static JsonNode? Render(JsonNode? node, string root, TemplateContext context, CancellationToken ct) =>
        TryRender(node, root, context, ct, out var rendered) ? rendered : null;

    private static bool TryRender(JsonNode? node, string path, TemplateContext context, CancellationToken ct, out JsonNode? rendered)
    {
        switch (node)
        {
            case JsonObject map:
                rendered = RenderMap(map, path, context, ct);
                return true;
            case JsonArray array:
                rendered = RenderArray(array, path, context, ct);
                return true;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                return TryRenderText(value.GetValue<string>(), path, context, ct, out rendered);
            default:
                rendered = node?.DeepClone();
                return true;
        }
    }

    private static JsonObject RenderMap(JsonObject map, string path, TemplateContext context, CancellationToken ct)
    {
        var result = new JsonObject();
        foreach (var (key, child) in map)
        {
            if (TryRender(child, $"{path}.{key}", context, ct, out var rendered))
            {
                result[key] = rendered;
            }
        }

        return result;
    }

    // An item that renders to nothing keeps its place: the others must not move.
    private static JsonArray RenderArray(JsonArray array, string path, TemplateContext context, CancellationToken ct)
    {
        var result = new JsonArray();
        for (var i = 0; i < array.Count; i++)
        {
            result.Add(TryRender(array[i], $"{path}[{i}]", context, ct, out var rendered) ? rendered : null);
        }

        return result;
    }

    private static bool TryRenderText(string text, string path, TemplateContext context, CancellationToken ct, out JsonNode? rendered)
    {
        try
        {
            return Template.Parse(text).TryRenderValue(context, out rendered, ct);
        }
        catch (TemplateException e)
        {
            throw new TemplateValueException(path, e);
        }
    }
}
