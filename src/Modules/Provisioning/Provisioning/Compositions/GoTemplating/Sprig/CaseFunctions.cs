using System.Text;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's functions that write words another way.</summary>
internal static class CaseFunctions
{
    public static FunctionTable Table { get; } = new()
    {
        { "title", "string", c => EachWord(c.Text(0), char.ToUpperInvariant) },
        { "untitle", "string", c => EachWord(c.Text(0), char.ToLowerInvariant) },
        { "swapcase", "string", c => string.Concat(c.Text(0).Select(Swapped)) },
        { "initials", "string", c => string.Concat(Words(c.Text(0)).Select(w => w[0])) },
        { "snakecase", "string", c => Separated(c.Text(0), '_') },
        { "kebabcase", "string", c => Separated(c.Text(0), '-') },
        { "camelcase", "string", c => Pascal(c.Text(0)) },
    };

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static string EachWord(string text, Func<char, char> first)
    {
        var written = text.ToCharArray();
        for (var i = 0; i < written.Length; i++)
        {
            if (i == 0 || !(char.IsLetterOrDigit(text[i - 1]) || text[i - 1] is '_' or '\''))
            {
                written[i] = first(written[i]);
            }
        }

        return new string(written);
    }

    private static char Swapped(char c) => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c);

    /// <summary>A separator goes before each word: before a capital after a small letter, and before the last capital of a row of them.</summary>
    private static string Separated(string text, char separator)
    {
        var written = new StringBuilder(text.Length + 8);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is ' ' or '_' or '-')
            {
                written.Append(separator);
                continue;
            }

            var begins = i > 0 && char.IsUpper(c) && char.IsLetterOrDigit(text[i - 1])
                && (!char.IsUpper(text[i - 1]) || (i + 1 < text.Length && char.IsLower(text[i + 1])));
            _ = begins ? written.Append(separator) : written;
            written.Append(char.ToLowerInvariant(c));
        }

        return written.ToString();
    }

    private static string Pascal(string text)
    {
        var written = new StringBuilder(text.Length);
        var begins = true;
        foreach (var c in text)
        {
            if (c is '_' or '-' or ' ')
            {
                begins = true;
                continue;
            }

            written.Append(begins ? char.ToUpperInvariant(c) : c);
            begins = false;
        }

        return written.ToString();
    }
}
