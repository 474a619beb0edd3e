using System.Text;
using System.Text.RegularExpressions;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Filters;

/// <summary>Filters for templates that write HTML or Markdown. Nothing escapes by itself.</summary>
internal static partial class HtmlFilters
{
    public static Dictionary<string, Filter> All { get; } = new()
    {
        ["e"] = Escape,
        ["escape"] = Escape,
        ["forceescape"] = Escape,
        ["nl2br"] = (input, _, context) => context.Text(LineBreaks().Replace(FilterInput.AsText(input), "<br />\n")),
        ["safe"] = (input, _, _) => input is Undefined or Null ? Text.Empty : input,
        ["striptags"] = StripTags,
        ["urlize"] = Urlize,
    };

    private static Text Escape(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var escaped = new StringBuilder();
        foreach (var c in Coercion.Print(input))
        {
            escaped.Append(c switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                '`' => "&#96;",
                '\\' => "&#92;",
                _ => c.ToString(),
            });
        }

        return context.Text(escaped.ToString());
    }

    private static Text StripTags(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var text = Tags().Replace(FilterInput.AsText(input), "").Trim();
        if (!arguments.Flag(0, "preserve_linebreaks"))
        {
            return context.Text(Spaces().Replace(text, " "));
        }

        var lines = text.Split('\n').Select(line => BlanksInLine().Replace(line, " ").Trim());
        return context.Text(ManyLineBreaks().Replace(string.Join('\n', lines), "\n\n"));
    }

    private static Text Urlize(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var length = arguments.Integer(0, "length", int.MaxValue);
        var rel = arguments.Flag(1, "nofollow") ? " rel=\"nofollow\"" : "";
        return context.Text(Urls().Replace(FilterInput.AsText(input), match =>
        {
            var url = match.Value.TrimEnd('.', ',', ')');
            var href = url.StartsWith("www.", StringComparison.Ordinal) ? $"http://{url}" : url;
            return $"<a href=\"{href}\"{rel}>{url[..Math.Min(Math.Max(length, 0), url.Length)]}</a>{match.Value[url.Length..]}";
        }));
    }

    [GeneratedRegex(@"\r\n|\n")]
    private static partial Regex LineBreaks();

    [GeneratedRegex(@"<\/?[a-zA-Z][^>]*>|<!--[\s\S]*?-->")]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"[ \t]+")]
    private static partial Regex BlanksInLine();

    [GeneratedRegex(@"\n\n\n+")]
    private static partial Regex ManyLineBreaks();

    [GeneratedRegex(@"\b(?:https?://|www\.)[^\s<>""]+")]
    private static partial Regex Urls();
}
