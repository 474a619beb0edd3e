using System.Globalization;
using System.Text.RegularExpressions;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Filters;

/// <summary>Filters that make numbers.</summary>
internal static partial class NumberFilters
{
    private const int MaxRadix = 36;

    public static Dictionary<string, Filter> All { get; } = new()
    {
        ["abs"] = (input, _, _) => new Number(Math.Abs(Coercion.ToNumber(input))),
        ["float"] = ToFloat,
        ["int"] = ToInteger,
        ["round"] = Round,
        ["sum"] = Sum,
    };

    private static TemplateValue ToFloat(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var match = FloatPrefix().Match(Coercion.ToText(input));
        return match.Success
            ? new Number(double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
            : arguments.Has(0, "default") ? arguments.Get(0, "default") : new Number(0);
    }

    private static TemplateValue ToInteger(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var radix = arguments.Integer(1, "base", 10);
        if (radix is < 2 or > MaxRadix)
        {
            throw new TemplateFault($"the base is not between 2 and {MaxRadix}");
        }

        return ParseInteger(Coercion.ToText(input).AsSpan().Trim(), radix) is { } value
            ? new Number(value)
            : arguments.Has(0, "default") ? arguments.Get(0, "default") : new Number(0);
    }

    // As parseInt: the longest prefix that is a number.
    private static double? ParseInteger(ReadOnlySpan<char> text, int radix)
    {
        var negative = text.StartsWith("-");
        var digits = negative || text.StartsWith("+") ? text[1..] : text;
        double? value = null;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiLetterOrDigit(c) ? (char.IsAsciiDigit(c) ? c - '0' : char.ToLowerInvariant(c) - 'a' + 10) : MaxRadix;
            if (digit >= radix)
            {
                break;
            }

            value = ((value ?? 0) * radix) + digit;
        }

        return negative ? -value : value;
    }

    private static Number Round(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var factor = Math.Pow(10, arguments.Integer(0, "precision", 0));
        var scaled = Coercion.ToNumber(input) * factor;
        var rounded = arguments.Text(1, "method", "round") switch
        {
            "ceil" => Math.Ceiling(scaled),
            "floor" => Math.Floor(scaled),
            // JavaScript rounds a half towards positive infinity.
            _ => Math.Floor(scaled + 0.5),
        };
        return new Number(rounded / factor);
    }

    private static Number Sum(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var items = FilterInput.AsList(input, "sum", context);
        var attribute = arguments.Has(0, "attribute") ? arguments.Get(0, "attribute") : null;
        var start = arguments.Has(1, "start") ? Coercion.ToNumber(arguments.Get(1, "start")) : 0;
        return new Number(start + items.Sum(item => Coercion.ToNumber(attribute is null ? item : FilterInput.Attribute(item, attribute))));
    }

    [GeneratedRegex(@"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")]
    private static partial Regex FloatPrefix();
}
