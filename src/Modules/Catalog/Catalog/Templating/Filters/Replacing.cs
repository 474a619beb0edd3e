using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Filters;

/// <summary>Replacing in text, by a string or by a regular expression, with room asked for before the result is made.</summary>
internal static class Replacing
{
    public static Text Replace(string text, TemplateValue search, string replacement, bool firstOnly, Budget budget) => search switch
    {
        Pattern pattern => ByPattern(text, pattern, replacement, budget),
        _ => ByText(text, Coercion.ToText(search), replacement, firstOnly ? 1 : int.MaxValue, budget),
    };

    public static Text ByPattern(string text, Pattern pattern, string replacement, Budget budget)
    {
        var count = pattern.Global ? pattern.Regex.Count(text) : 1;

        // A replacement such as $& repeats what was found, which is at most the text.
        var repeated = replacement.Contains('$', StringComparison.Ordinal) ? text.Length : 0;
        budget.Write(text.Length + ((long)count * (replacement.Length + repeated)));
        return new Text(pattern.Regex.Replace(text, replacement, pattern.Global ? -1 : 1));
    }

    public static Text ByText(string text, string search, string replacement, int limit, Budget budget)
    {
        budget.Spend(text.Length / 64);
        if (search.Length == 0)
        {
            return Between(text, replacement, limit, budget);
        }

        var result = new System.Text.StringBuilder();
        var from = 0;
        for (var made = 0; made < limit; made++)
        {
            var found = text.IndexOf(search, from, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            budget.Write(found - from + replacement.Length);
            result.Append(text, from, found - from).Append(replacement);
            from = found + search.Length;
        }

        budget.Write(text.Length - from);
        return new Text(result.Append(text, from, text.Length - from).ToString());
    }

    // The empty string is found before each character and at the end.
    private static Text Between(string text, string replacement, int limit, Budget budget)
    {
        var count = Math.Min(limit, text.Length + 1);
        budget.Write(text.Length + ((long)count * replacement.Length));
        var result = new System.Text.StringBuilder();
        for (var i = 0; i <= text.Length; i++)
        {
            result.Append(i < count ? replacement : "").Append(i < text.Length ? text[i].ToString() : "");
        }

        return new Text(result.ToString());
    }
}
