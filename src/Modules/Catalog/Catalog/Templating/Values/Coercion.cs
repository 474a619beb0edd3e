using System.Globalization;

namespace Flagstone.Catalog.Templating.Values;

/// <summary>JavaScript's conversions and comparisons (ECMA-262 section 7), as far as templates meet them.</summary>
internal static class Coercion
{
    public static bool IsTruthy(TemplateValue value) => value switch
    {
        Undefined or Null => false,
        Flag flag => flag.Value,
        Number number => number.Value != 0 && !double.IsNaN(number.Value),
        Text text => text.Value.Length > 0,
        _ => true,
    };

    public static string ToText(TemplateValue value) => value switch
    {
        Undefined => "undefined",
        Null => "null",
        Flag flag => flag.Value ? "true" : "false",
        Number number => NumberText.Format(number.Value),
        Text text => text.Value,
        ListValue list => string.Join(',', list.Items.Select(Print)),
        MapValue => "[object Object]",
        Pattern pattern => $"/{pattern.Regex}/",
        _ => $"function {value}",
    };

    /// <summary>As an output writes it: nothing for what is missing.</summary>
    public static string Print(TemplateValue value) => value is Undefined or Null ? "" : ToText(value);

    public static double ToNumber(TemplateValue value) => value switch
    {
        Null => 0,
        Flag flag => flag.Value ? 1 : 0,
        Number number => number.Value,
        Text text => ParseNumber(text.Value),
        ListValue => ParseNumber(ToText(value)),
        _ => double.NaN,
    };

    public static bool StrictEquals(TemplateValue left, TemplateValue right) => (left, right) switch
    {
        // By value, so that NaN differs from itself.
        (Number l, Number r) => l.Value == r.Value,
        (Text l, Text r) => string.Equals(l.Value, r.Value, StringComparison.Ordinal),
        _ => left.Equals(right),
    };

    public static bool LooseEquals(TemplateValue left, TemplateValue right)
    {
        if (left is Undefined or Null || right is Undefined or Null)
        {
            return left is Undefined or Null && right is Undefined or Null;
        }

        if (left.GetType() == right.GetType())
        {
            return StrictEquals(left, right);
        }

        if (left is ListValue or MapValue)
        {
            return LooseEquals(new Text(ToText(left)), right);
        }

        if (right is ListValue or MapValue)
        {
            return LooseEquals(left, new Text(ToText(right)));
        }

        return ToNumber(left) == ToNumber(right);
    }

    /// <summary>Less than zero, zero or more; null where the two have no order.</summary>
    public static int? Compare(TemplateValue left, TemplateValue right)
    {
        if (left is Text l && right is Text r)
        {
            return string.CompareOrdinal(l.Value, r.Value);
        }

        var (a, b) = (ToNumber(left), ToNumber(right));
        return double.IsNaN(a) || double.IsNaN(b) ? null : a.CompareTo(b);
    }

    private static double ParseNumber(string text)
    {
        var trimmed = text.Trim();
        if (trimmed.Length == 0)
        {
            return 0;
        }

        const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(trimmed, Styles, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;
    }
}
