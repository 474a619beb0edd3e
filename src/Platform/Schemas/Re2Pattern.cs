using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Flagstone.Platform.Schemas;

/// <summary>
/// Go's RE2 regular expressions, which Kubernetes schemas and policies are written in, run by .NET in linear time. Where the two syntaxes
/// differ the pattern is rewritten: <c>$</c> is the end of the text and not the place before a last newline, <c>\d \w \s</c> are ASCII,
/// <c>[[:alpha:]]</c>, <c>(?P&lt;name&gt;)</c>, <c>\Q..\E</c>, <c>\x{10FFFF}</c> and <c>\pL</c> are known.
/// </summary>
public static class Re2Pattern
{
    // Only a pattern that RE2 itself would refuse runs on the engine that can backtrack.
    private static readonly TimeSpan BacktrackingTimeout = TimeSpan.FromMilliseconds(100);

    private static readonly Dictionary<string, string> Posix = new()
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = "\\x00-\\x7F",
        ["blank"] = "\\t\\x20",
        ["cntrl"] = "\\x00-\\x1F\\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = "\\x20-~",
        ["punct"] = "!-/:-@\\[-`{-~",
        ["space"] = "\\t\\n\\v\\f\\r\\x20",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
    };

    /// <summary>Compiles the pattern; false with the reason when it is no regular expression.</summary>
    public static bool TryCompile(string pattern, [NotNullWhen(true)] out Regex? regex, [NotNullWhen(false)] out string? error)
    {
        regex = null;
        error = null;
        try
        {
            regex = Compile(Translate(pattern));
            return true;
        }
        catch (ArgumentException e)
        {
            error = e.Message;
            return false;
        }
    }

    private static Regex Compile(string pattern)
    {
        try
        {
            return new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException)
        {
            return new(pattern, RegexOptions.CultureInvariant, BacktrackingTimeout);
        }
    }

    private static string Translate(string pattern)
    {
        var output = new StringBuilder(pattern.Length + 8);
        for (var i = 0; i < pattern.Length;)
        {
            i = pattern[i] switch
            {
                '\\' => Escape(pattern, i, inClass: false, output),
                '[' => Class(pattern, i, output),
                '$' => Replace("\\z", i + 1, output),
                '(' when pattern.AsSpan(i).StartsWith("(?P<") => Replace("(?<", i + 4, output),
                var c => Replace(c, i + 1, output),
            };
        }

        return output.ToString();
    }

    private static int Class(string pattern, int start, StringBuilder output)
    {
        output.Append('[');
        var i = start + 1;
        if (i < pattern.Length && pattern[i] == '^')
        {
            output.Append('^');
            i++;
        }

        // A bracket that closes at once stands for itself.
        for (var first = true; i < pattern.Length; first = false)
        {
            if (pattern[i] == ']' && !first)
            {
                output.Append(']');
                return i + 1;
            }

            if (pattern[i] == '[' && PosixAt(pattern, i) is var (name, end))
            {
                output.Append(name);
                i = end;
                continue;
            }

            i = pattern[i] switch
            {
                '\\' => Escape(pattern, i, inClass: true, output),
                '[' => Replace("\\[", i + 1, output),
                ']' => Replace("\\]", i + 1, output),
                var c => Replace(c, i + 1, output),
            };
        }

        return i;
    }

    private static (string Ranges, int End)? PosixAt(string pattern, int i)
    {
        var end = pattern.AsSpan(i).StartsWith("[:") ? pattern.IndexOf(":]", i, StringComparison.Ordinal) : -1;
        return end > 0 && Posix.TryGetValue(pattern[(i + 2)..end], out var ranges) ? (ranges, end + 2) : null;
    }

    private static int Escape(string pattern, int i, bool inClass, StringBuilder output)
    {
        if (i + 1 >= pattern.Length)
        {
            return Replace('\\', i + 1, output);
        }

        var rest = pattern.AsSpan(i + 2);
        switch (pattern[i + 1])
        {
            case 'd':
                return Replace(inClass ? "0-9" : "[0-9]", i + 2, output);
            case 'w':
                return Replace(inClass ? "0-9A-Za-z_" : "[0-9A-Za-z_]", i + 2, output);
            case 's':
                return Replace(inClass ? "\\t\\n\\f\\r\\x20" : "[\\t\\n\\f\\r\\x20]", i + 2, output);
            case 'D' when !inClass:
                return Replace("[^0-9]", i + 2, output);
            case 'W' when !inClass:
                return Replace("[^0-9A-Za-z_]", i + 2, output);
            case 'S' when !inClass:
                return Replace("[^\\t\\n\\f\\r\\x20]", i + 2, output);
            case 'Q' when !inClass:
                var close = pattern.IndexOf("\\E", i, StringComparison.Ordinal);
                var literal = close < 0 ? pattern[(i + 2)..] : pattern[(i + 2)..close];
                return Replace(Regex.Escape(literal), close < 0 ? pattern.Length : close + 2, output);
            case 'p' or 'P' when rest is [not '{', ..]:
                return Replace($"\\{pattern[i + 1]}{{{rest[0]}}}", i + 3, output);
            case 'x' when rest is ['{', ..] && rest.IndexOf('}') is > 1 and var brace && TryRune(rest[1..brace], out var rune):
                return Replace(Literal(rune), i + 3 + brace, output);
            default:
                output.Append(pattern, i, 2);
                return i + 2;
        }
    }

    private static bool TryRune(ReadOnlySpan<char> hex, out Rune rune)
    {
        rune = default;
        return int.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && Rune.TryCreate(value, out rune);
    }

    private static string Literal(Rune rune) =>
        string.Concat(rune.ToString().Select(c => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}")));

    private static int Replace(string text, int next, StringBuilder output)
    {
        output.Append(text);
        return next;
    }

    private static int Replace(char text, int next, StringBuilder output)
    {
        output.Append(text);
        return next;
    }
}
