using System.Text.RegularExpressions;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Filters;

/// <summary>Filters from text to text.</summary>
internal static partial class TextFilters
{
    private const int DefaultWidth = 80;
    private const int DefaultLength = 255;
    private const int DefaultIndent = 4;

    public static Dictionary<string, Filter> All { get; } = new()
    {
        ["capitalize"] = (input, _, context) => context.Text(Capitalize(FilterInput.AsText(input))),
        ["center"] = Center,
        ["indent"] = Indent,
        ["lower"] = (input, _, context) => context.Text(FilterInput.AsText(input).ToLowerInvariant()),
        ["replace"] = Replace,
        ["string"] = (input, _, context) => context.Text(Coercion.ToText(input)),
        ["title"] = (input, _, context) => context.Text(string.Join(' ', FilterInput.AsText(input).Split(' ').Select(Capitalize))),
        ["trim"] = (input, _, context) => context.Text(FilterInput.AsText(input).Trim()),
        ["truncate"] = Truncate,
        ["upper"] = (input, _, context) => context.Text(FilterInput.AsText(input).ToUpperInvariant()),
        ["urlencode"] = UrlEncode,
        ["wordcount"] = (input, _, _) => Words().Count(FilterInput.AsText(input)) is var words and > 0 ? new Number(words) : Null.Value,
    };

    private static string Capitalize(string text) =>
        text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    private static Text Center(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var text = FilterInput.AsText(input);
        var spaces = arguments.Integer(0, "width", DefaultWidth) - text.Length;
        if (spaces <= 0)
        {
            return new Text(text);
        }

        context.Budget.Write(spaces);
        return context.Text(new string(' ', (spaces / 2) - (spaces % 2)) + text + new string(' ', spaces / 2));
    }

    private static Text Indent(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var lines = FilterInput.AsText(input).Split('\n');
        var width = arguments.Integer(0, "width", DefaultIndent);
        if (width < 0)
        {
            throw new TemplateFault("the width is negative");
        }

        context.Budget.Write((long)width * lines.Length);
        var indent = new string(' ', width);
        var first = arguments.Flag(1, "indentfirst");
        return context.Text(string.Join('\n', lines.Select((line, i) => i > 0 || (first && line.Length > 0) ? indent + line : line)));
    }

    private static TemplateValue Replace(TemplateValue input, Arguments arguments, FilterContext context)
    {
        if (input is not (Text or Number))
        {
            return input;
        }

        var text = Coercion.ToText(input);
        var replacement = arguments.Text(1, "new", "");
        var limit = arguments.Integer(2, "maxCount", -1);
        return arguments.At(0) is Pattern pattern
            ? Replacing.ByPattern(text, pattern, replacement, context.Budget)
            : Replacing.ByText(text, arguments.Text(0, "old", ""), replacement, limit < 0 ? int.MaxValue : limit, context.Budget);
    }

    private static Text Truncate(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var text = FilterInput.AsText(input);
        var length = arguments.Integer(0, "length", DefaultLength);
        if (text.Length <= length || length < 0)
        {
            return new Text(text);
        }

        var end = arguments.Flag(1, "killwords") ? length : text.LastIndexOf(' ', Math.Min(length, text.Length - 1));
        return context.Text(text[..(end < 0 ? length : end)] + arguments.Text(2, "end", "..."));
    }

    private static Text UrlEncode(TemplateValue input, Arguments arguments, FilterContext context) => input switch
    {
        MapValue map => context.Text(string.Join('&', map.Entries.Select(entry => Pair(entry.Key, entry.Value)))),
        ListValue list => context.Text(string.Join('&', list.Items.Select(item =>
            Pair(Coercion.ToText(FilterInput.Attribute(item, new Text("0"))), FilterInput.Attribute(item, new Text("1")))))),
        _ => context.Text(Encode(FilterInput.AsText(input))),
    };

    private static string Pair(string key, TemplateValue value) => $"{Encode(key)}={Encode(Coercion.ToText(value))}";

    // encodeURIComponent leaves these five alone, Uri.EscapeDataString does not.
    private static string Encode(string text) => Uri.EscapeDataString(text)
        .Replace("%21", "!", StringComparison.Ordinal)
        .Replace("%27", "'", StringComparison.Ordinal)
        .Replace("%28", "(", StringComparison.Ordinal)
        .Replace("%29", ")", StringComparison.Ordinal)
        .Replace("%2A", "*", StringComparison.Ordinal);

    [GeneratedRegex(@"\w+")]
    private static partial Regex Words();
}
