using System.Globalization;

namespace Flagstone.Catalog.Templating.Values;

/// <summary>
/// Numbers as JavaScript prints them (ECMA-262, Number::toString): the shortest digits that read back as the same number.
/// </summary>
internal static class NumberText
{
    public static string Format(double value)
    {
        if (double.IsNaN(value))
        {
            return "NaN";
        }

        if (double.IsInfinity(value))
        {
            return value > 0 ? "Infinity" : "-Infinity";
        }

        if (value == 0)
        {
            return "0";
        }

        var (sign, digits, point) = Decompose(value);
        var length = digits.Length;
        return sign + point switch
        {
            > 0 and <= 21 when point >= length => digits + new string('0', point - length),
            > 0 and <= 21 => $"{digits[..point]}.{digits[point..]}",
            > -6 and <= 0 => $"0.{new string('0', -point)}{digits}",
            _ => Exponential(digits, point - 1),
        };
    }

    private static (string Sign, string Digits, int Point) Decompose(double value)
    {
        // "E16" may add digits that the number does not need; "R" never does.
        var text = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var exponentAt = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = exponentAt < 0
            ? 0
            : int.Parse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = exponentAt < 0 ? text : text[..exponentAt];
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var point = (dot < 0 ? mantissa.Length : dot) + exponent;
        var all = mantissa.Replace(".", "", StringComparison.Ordinal);
        var significant = all.TrimStart('0');
        point -= all.Length - significant.Length;
        return (value < 0 ? "-" : "", significant.TrimEnd('0'), point);
    }

    private static string Exponential(string digits, int exponent)
    {
        var fraction = digits.Length > 1 ? $".{digits[1..]}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{digits[0]}{fraction}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent)}");
    }
}
