using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Go's literals, as <c>strconv</c> reads them.</summary>
internal static class Literals
{
    public static bool TryNumber(string text, [NotNullWhen(true)] out object? value)
    {
        value = null;
        var plain = text.Replace("_", "", StringComparison.Ordinal);
        if (TryInteger(plain, out var whole))
        {
            value = whole;
            return true;
        }

        var looksFloat = plain.Any(char.IsAsciiDigit) && plain.AsSpan().IndexOfAny('x', 'X', 'o') < 0 && plain.AsSpan().IndexOfAny('.', 'e', 'E') >= 0;
        if (looksFloat && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
        {
            value = number;
        }

        return value is not null;
    }

    /// <summary>With base prefix or without; a leading zero means octal, as in Go.</summary>
    public static bool TryInteger(string text, out long value)
    {
        value = 0;
        var digits = text.TrimStart('+', '-');
        if (text.Length - digits.Length > 1 || digits.Length == 0)
        {
            return false;
        }

        var (radix, rest) = digits switch
        {
            ['0', 'x' or 'X', .. var hex] => (16, hex),
            ['0', 'o' or 'O', .. var octal] => (8, octal),
            ['0', 'b' or 'B', .. var binary] => (2, binary),
            ['0', _, ..] => (8, digits[1..]),
            _ => (10, digits),
        };
        return TryRadix(rest, radix, text[0] == '-', out value);
    }

    public static bool TryText(string quoted, [NotNullWhen(true)] out string? value)
    {
        value = null;
        var text = new StringBuilder();
        for (var i = 1; i < quoted.Length - 1; i++)
        {
            if (quoted[i] != '\\')
            {
                text.Append(quoted[i]);
                continue;
            }

            if (!TryEscape(quoted, ref i, text))
            {
                return false;
            }
        }

        value = text.ToString();
        return true;
    }

    private static bool TryRadix(string digits, int radix, bool negative, out long value)
    {
        value = 0;
        if (digits.Length == 0)
        {
            return false;
        }

        Int128 sum = 0;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : radix;
            sum = (sum * radix) + digit;
            if (digit >= radix || sum > (Int128)long.MaxValue + 1)
            {
                return false;
            }
        }

        sum = negative ? -sum : sum;
        value = sum <= long.MaxValue ? (long)sum : 0;
        return sum <= long.MaxValue;
    }

    private static bool TryEscape(string quoted, ref int i, StringBuilder text)
    {
        var c = quoted[++i];
        var simple = c switch
        {
            'a' => '\a',
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\v',
            '\\' or '"' or '\'' => c,
            _ => '\0',
        };
        if (simple != '\0')
        {
            text.Append(simple);
            return true;
        }

        var (length, radix, start) = c switch { 'x' => (2, 16, i + 1), 'u' => (4, 16, i + 1), 'U' => (8, 16, i + 1), >= '0' and <= '7' => (3, 8, i), _ => (0, 0, 0) };
        if (length == 0 || start + length > quoted.Length - 1 || !TryRadix(quoted.Substring(start, length), radix, negative: false, out var code)
            || code > int.MaxValue || !Rune.IsValid((int)code))
        {
            return false;
        }

        text.Append(new Rune((int)code));
        i = start + length - 1;
        return true;
    }
}
