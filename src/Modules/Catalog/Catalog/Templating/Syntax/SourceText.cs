namespace Flagstone.Catalog.Templating.Syntax;

/// <summary>The text of a template, and where in it a character lies.</summary>
internal sealed record SourceText(string Text)
{
    public TemplateException Error(int offset, string cause)
    {
        var before = Text.AsSpan(0, Math.Clamp(offset, 0, Text.Length));
        var line = before.Count('\n') + 1;
        var column = before.Length - before.LastIndexOf('\n');
        return new TemplateException(cause, line, column);
    }
}
