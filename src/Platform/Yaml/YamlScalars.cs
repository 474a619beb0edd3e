using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Flagstone.Platform.Yaml;

/// <summary>
/// The core schema of YAML 1.2.2 (section 10.3.2): what a plain scalar means. <c>yes</c>, <c>no</c>, <c>on</c> and <c>off</c> are texts, as
/// they have been since YAML 1.2, and <c>0644</c> is the decimal 644.
/// </summary>
internal static partial class YamlScalars
{
    private const int MaxDigits = 1_000;

    /// <summary>Whether a plain scalar is a null, which the caller must not take for a failure.</summary>
    public static bool IsNull(string text) => text is "" or "~" or "null" or "Null" or "NULL";

    /// <summary>The value of a plain scalar that is not null; false when it is an infinity or no number, which JSON cannot say.</summary>
    public static bool TryResolve(string text, [NotNullWhen(true)] out JsonNode? value)
    {
        value = text switch
        {
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when !MayBeNumber(text) => JsonValue.Create(text),
            _ when NotFinite().IsMatch(text) => null,
            _ => ResolveNumber(text),
        };
        return value is not null;
    }

    private static bool MayBeNumber(string text) => char.IsAsciiDigit(text[0]) || text[0] is '-' or '+' or '.';

    private static JsonNode ResolveNumber(string text)
    {
        if (text.Length > MaxDigits)
        {
            return JsonValue.Create(text);
        }

        if (Integer().IsMatch(text))
        {
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? JsonValue.Create(number)
                : Exact(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
        }

        if (Hexadecimal().IsMatch(text))
        {
            // The zero in front keeps the highest bit from being a sign.
            return Exact(BigInteger.Parse("0" + text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        }

        if (Octal().IsMatch(text))
        {
            return Exact(text[2..].Aggregate(BigInteger.Zero, (sum, digit) => (sum * 8) + (digit - '0')));
        }

        if (!Float().IsMatch(text))
        {
            return JsonValue.Create(text);
        }

        var value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(text);
    }

    private static JsonNode Exact(BigInteger number) => number >= long.MinValue && number <= long.MaxValue
        ? JsonValue.Create((long)number)
        : JsonNode.Parse(number.ToString(CultureInfo.InvariantCulture))!;

    [GeneratedRegex(@"^[-+]?[0-9]+\z")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^0x[0-9a-fA-F]+\z")]
    private static partial Regex Hexadecimal();

    [GeneratedRegex(@"^0o[0-7]+\z")]
    private static partial Regex Octal();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z")]
    private static partial Regex Float();

    [GeneratedRegex(@"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\z")]
    private static partial Regex NotFinite();
}
