using System.Globalization;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Go's <c>strconv.FormatFloat</c>.</summary>
internal static class GoFloat
{
    // Where no precision is asked for, Go decides by six digits: a million is 1e+06, and 123456 is itself.
    private const int ShortestExponent = 6;

    /// <param name="precision">Null for the default of the form: the fewest digits that tell the value for <c>g</c>, six for the others.</param>
    public static string Format(double value, char form, int? precision)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
        }

        return form switch
        {
            'f' or 'F' => value.ToString($"F{precision ?? 6}", CultureInfo.InvariantCulture),
            'e' or 'E' => Exponent(value.ToString($"{form}{precision ?? 6}", CultureInfo.InvariantCulture)),
            _ => General(value, precision, form == 'G' ? 'E' : 'e'),
        };
    }

    /// <summary>As <c>encoding/json</c> writes it.</summary>
    public static string Json(double value)
    {
        var (negative, digits, point) = Shortest(value);
        var text = digits != "0" && (point - 1 < -6 || point - 1 >= 21) ? Scientific(digits, point, 'e').Replace("e-0", "e-", StringComparison.Ordinal) : Plain(digits, point);
        return negative ? "-" + text : text;
    }

    private static string General(double value, int? precision, char letter)
    {
        var (negative, digits, point) = precision is null ? Shortest(value) : Rounded(value, Math.Max(1, precision.Value));
        var limit = precision is { } p ? (p > digits.Length && digits.Length >= point ? digits.Length : p) : ShortestExponent;
        var text = digits != "0" && (point - 1 < -4 || point - 1 >= limit) ? Scientific(digits, point, letter) : Plain(digits, point);
        return negative ? "-" + text : text;
    }

    private static (bool Negative, string Digits, int Point) Shortest(double value) => Split(value.ToString("R", CultureInfo.InvariantCulture));

    private static (bool Negative, string Digits, int Point) Rounded(double value, int digits) =>
        Split(value.ToString($"E{digits - 1}", CultureInfo.InvariantCulture));

    /// <summary>The digits without zeros around them, and where the point stands among them.</summary>
    private static (bool Negative, string Digits, int Point) Split(string text)
    {
        var negative = text.StartsWith('-');
        var parts = text.TrimStart('-').Split('E');
        var number = parts[0].Split('.');
        var point = number[0].Length + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0);
        var all = number[0] + (number.Length > 1 ? number[1] : "");
        var digits = all.TrimStart('0');
        point -= all.Length - digits.Length;
        digits = digits.TrimEnd('0');
        return digits.Length == 0 ? (negative, "0", 1) : (negative, digits, point);
    }

    private static string Plain(string digits, int point) =>
        point <= 0 ? "0." + new string('0', -point) + digits
        : point >= digits.Length ? digits + new string('0', point - digits.Length)
        : digits[..point] + "." + digits[point..];

    private static string Scientific(string digits, int point, char letter)
    {
        var power = point - 1;
        return $"{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}{letter}{(power < 0 ? '-' : '+')}{Math.Abs(power):00}";
    }

    /// <summary>.NET writes three digits of exponent, Go two.</summary>
    private static string Exponent(string text)
    {
        var at = text.IndexOfAny(['e', 'E']);
        var power = int.Parse(text.AsSpan(at + 1), CultureInfo.InvariantCulture);
        return $"{text[..(at + 1)]}{(power < 0 ? '-' : '+')}{Math.Abs(power):00}";
    }
}
