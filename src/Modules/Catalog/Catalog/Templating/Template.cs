using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Templating.Evaluation;
using Flagstone.Catalog.Templating.Syntax;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating;

/// <summary>
/// A parsed template in the language of Backstage's Template v1beta3, a subset of nunjucks. It sees only its context, and every error is
/// a <see cref="TemplateException"/>: nothing is left unrendered in silence.
/// </summary>
internal sealed class Template
{
    private readonly SourceText source;
    private readonly IReadOnlyList<Statement> statements;

    private Template(SourceText source, IReadOnlyList<Statement> statements)
    {
        this.source = source;
        this.statements = statements;
    }

    public static Template Parse(string text, TemplateSyntax? syntax = null)
    {
        var source = new SourceText(text);
        return new Template(source, new TemplateParser(source, syntax ?? TemplateSyntax.Backstage).Parse());
    }

    public string Render(TemplateContext context, CancellationToken ct, TemplateLimits? limits = null) =>
        Render(context, Coercion.Print, limits, ct);

    /// <summary>
    /// Renders a value that keeps its type when the template is exactly one output or statement and nothing else, as Backstage does for the
    /// inputs of steps. False where the result is no value at all: its key then goes away.
    /// </summary>
    public bool TryRenderValue(TemplateContext context, out JsonNode? value, CancellationToken ct, TemplateLimits? limits = null)
    {
        if (statements is [not TextStatement])
        {
            var json = Render(context, result => JsonValues.Stringify(result) ?? "", limits, ct);
            if (TryParse(json, out value))
            {
                return json.Length > 0;
            }
        }

        var text = Render(context, ct, limits);
        value = text;
        return text.Length > 0;
    }

    private string Render(TemplateContext context, Func<TemplateValue, string> print, TemplateLimits? limits, CancellationToken ct) =>
        new Renderer(source, context, new Budget(limits ?? TemplateLimits.Default, ct), print).Render(statements);

    // A statement around plain text is one node too, and its text need not be JSON.
    private static bool TryParse(string json, out JsonNode? value)
    {
        value = null;
        if (json.Length == 0)
        {
            return true;
        }

        try
        {
            value = JsonNode.Parse(json);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
