using System.Globalization;
using System.Text;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Go's <c>fmt</c> for the values of templates.</summary>
internal static class GoFormat
{
    private const int MaxWidth = 1024;

    /// <summary><c>%v</c>.</summary>
    public static string Of(object? value) => new Printer('v', "", "int").Print(value);

    /// <summary>What an action puts into the output.</summary>
    public static string Output(object? value) => value is null or Missing ? "<no value>" : Of(value);

    /// <summary><c>fmt.Sprint</c>: a space stands between two operands of which none is a text.</summary>
    public static string Sprint(IReadOnlyList<object?> values)
    {
        var text = new StringBuilder();
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0 && values[i] is not string && values[i - 1] is not string)
            {
                text.Append(' ');
            }

            Append(text, Of(values[i]));
        }

        return text.ToString();
    }

    /// <summary><c>fmt.Sprintln</c>.</summary>
    public static string Sprintln(IReadOnlyList<object?> values)
    {
        var text = new StringBuilder();
        foreach (var value in values)
        {
            Append(text, Of(value)).Append(' ');
        }

        text.Length = Math.Max(0, text.Length - 1);
        return text.Append('\n').ToString();
    }

    /// <summary><c>fmt.Sprintf</c>.</summary>
    /// <param name="integer">What the type of whole numbers is called when a verb does not fit it.</param>
    public static string Sprintf(string format, IReadOnlyList<object?> values, string integer = "int")
    {
        var text = new StringBuilder();
        var next = 0;
        var reordered = false;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            var start = ++i;
            i = SkipFlags(format, i, values, ref next, ref reordered, out var star);
            if (i >= format.Length)
            {
                text.Append("%!(NOVERB)");
                break;
            }

            var flags = star ?? format[start..i];
            if (format[i] == '%')
            {
                text.Append('%');
                continue;
            }

            Append(text, next >= 0 && next < values.Count ? new Printer(format[i], flags, integer).Padded(values[next++]) : $"%!{format[i]}({(next < 0 ? "BADINDEX" : "MISSING")})");
        }

        if (!reordered && next < values.Count)
        {
            text.Append("%!(EXTRA ");
            for (var i = next; i < values.Count; i++)
            {
                Append(text, i > next ? ", " : "").Append(Extra(values[i], integer));
            }

            text.Append(')');
        }

        return text.ToString();
    }

    /// <summary><c>strconv.Quote</c>.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append(@"\\"),
                '\a' => quoted.Append(@"\a"),
                '\b' => quoted.Append(@"\b"),
                '\f' => quoted.Append(@"\f"),
                '\n' => quoted.Append(@"\n"),
                '\r' => quoted.Append(@"\r"),
                '\t' => quoted.Append(@"\t"),
                '\v' => quoted.Append(@"\v"),
                ' ' => quoted.Append(' '),
                < ' ' or 0x7f => quoted.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"),
                _ when IsPrintable(rune) => quoted.Append(rune),
                < 0x10000 => quoted.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                _ => quoted.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
            };
        }

        return quoted.Append('"').ToString();
    }

    private static string Extra(object? value, string integer) => value is null or Missing ? "<nil>" : $"{GoValue.TypeOf(value, integer)}={new Printer('v', "", integer).Print(value)}";

    private static StringBuilder Append(StringBuilder text, string more) => text.Length + (long)more.Length <= Budget.MaxTextLength
        ? text.Append(more)
        : throw new CallFailure($"the text is longer than {Budget.MaxTextLength} characters");

    /// <summary>Reads over flags, width and precision; a <c>*</c> takes a value for its number, and <c>[n]</c> chooses the value.</summary>
    private static int SkipFlags(string format, int i, IReadOnlyList<object?> values, ref int next, ref bool reordered, out string? rewritten)
    {
        var flags = new StringBuilder();
        rewritten = null;
        for (; i < format.Length; i++)
        {
            if (format[i] == '*')
            {
                var number = next >= 0 && next < values.Count && values[next++] is long width ? Math.Clamp(width, -MaxWidth, MaxWidth) : 0;
                flags.Append(number.ToString(CultureInfo.InvariantCulture));
            }
            else if (format[i] == '[' && format.IndexOf(']', i) is > 0 and var end)
            {
                next = int.TryParse(format.AsSpan(i + 1, end - i - 1), CultureInfo.InvariantCulture, out var index) && index <= values.Count ? index - 1 : -1;
                reordered = true;
                i = end;
            }
            else if ("+-# 0123456789.".Contains(format[i], StringComparison.Ordinal))
            {
                flags.Append(format[i]);
            }
            else
            {
                break;
            }
        }

        rewritten = flags.ToString();
        return i;
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    /// <summary>One verb with its flags.</summary>
    private sealed class Printer(char verb, string flags, string integer)
    {
        private readonly StringBuilder text = new();

        public string Print(object? value)
        {
            Write(value, 0);
            return text.ToString();
        }

        public string Padded(object? value)
        {
            var plain = Print(value);
            var digits = flags.Split('.')[0].TrimStart('+', '-', '#', ' ', '0');
            var width = int.TryParse(digits, CultureInfo.InvariantCulture, out var asked) ? Math.Min(asked, MaxWidth) : 0;
            if (flags.StartsWith('-'))
            {
                return plain.PadRight(width);
            }

            if (!flags.TrimStart('+', ' ', '#').StartsWith('0') || value is not (long or double))
            {
                return plain.PadLeft(width);
            }

            var sign = plain.Length > 0 && plain[0] is '-' or '+' ? 1 : 0;
            return plain[..sign] + plain[sign..].PadLeft(Math.Max(0, width - sign), '0');
        }

        private int? Precision => flags.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot
            ? int.TryParse(flags[(dot + 1)..], CultureInfo.InvariantCulture, out var n) ? Math.Clamp(n, 0, MaxWidth) : 0
            : null;

        private void Write(object? value, int depth)
        {
            GoValue.CheckDepth(depth);
            if (text.Length > Budget.MaxTextLength)
            {
                throw new CallFailure($"the text is longer than {Budget.MaxTextLength} characters");
            }

            if (verb == 'T')
            {
                text.Append(GoValue.TypeOf(value, integer));
                return;
            }

            switch (value)
            {
                case GoMap map:
                    text.Append("map[");
                    var separator = "";
                    foreach (var (key, member) in map.Sorted())
                    {
                        text.Append(separator).Append(key).Append(':');
                        Write(member, depth + 1);
                        separator = " ";
                    }

                    text.Append(']');
                    return;
                case List<object?> list:
                    text.Append('[');
                    for (var i = 0; i < list.Count; i++)
                    {
                        text.Append(i > 0 ? " " : "");
                        Write(list[i], depth + 1);
                    }

                    text.Append(']');
                    return;
                case byte[] bytes when verb is 'v' or 'd':
                    text.Append('[').AppendJoin(' ', bytes).Append(']');
                    return;
                case byte[] bytes:
                    text.Append(Scalar(Encoding.UTF8.GetString(bytes)));
                    return;
                default:
                    text.Append(Scalar(value));
                    return;
            }
        }

        private string Scalar(object? value) => (verb, value) switch
        {
            ('v', null or Missing) => "<nil>",
            (_, null or Missing) => $"%!{verb}(<nil>)",
            ('v' or 's', string s) => verb == 's' && Precision is { } most && s.Length > most ? s[..most] : s,
            ('q', string s) => Quote(s),
            ('x', string s) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(s)),
            ('X', string s) => Convert.ToHexString(Encoding.UTF8.GetBytes(s)),
            ('v' or 't', bool b) => b ? "true" : "false",
            ('v' or 'd', long n) => Sign(n >= 0) + n.ToString(CultureInfo.InvariantCulture),
            ('x', long n) => Radix(n, 16),
            ('X', long n) => Radix(n, 16).ToUpperInvariant(),
            ('o', long n) => Radix(n, 8),
            ('b', long n) => Radix(n, 2),
            ('c' or 'q', long n) => Rune.IsValid((int)Math.Clamp(n, -1, int.MaxValue)) ? Character((int)n) : Character(0xFFFD),
            ('U', long n) => $"U+{n:X4}",
            ('v' or 'g' or 'G' or 'e' or 'E' or 'f' or 'F', double d) => Sign(d >= 0) + GoFloat.Format(d, verb == 'v' ? 'g' : verb, Precision),
            ('v' or 's', DateTimeOffset t) => GoTime.Format(t, "2006-01-02 15:04:05.999999999 -0700 MST"),
            ('v' or 's', TimeSpan d) => GoTime.Format(d),
            ('d', TimeSpan d) => (d.Ticks * TimeSpan.NanosecondsPerTick).ToString(CultureInfo.InvariantCulture),
            _ => $"%!{verb}({GoValue.TypeOf(value, integer)}={new Printer('v', "", integer).Print(value)})",
        };

        private string Character(int code) => verb == 'q' ? $"'{new Rune(code)}'" : new Rune(code).ToString();

        private string Sign(bool positive) => positive && flags.Contains('+', StringComparison.Ordinal) ? "+" : "";

        private static string Radix(long value, int radix)
        {
            var (digits, rest) = (new StringBuilder(), value < 0 ? (ulong)-value : (ulong)value);
            do
            {
                digits.Insert(0, "0123456789abcdef"[(int)(rest % (ulong)radix)]);
                rest /= (ulong)radix;
            }
            while (rest > 0);
            return (value < 0 ? "-" : "") + digits;
        }
    }
}
