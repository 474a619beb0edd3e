using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Flagstone.Platform.Yaml;

/// <summary>
/// What a plain scalar means. In the core schema of YAML 1.2.2 (section 10.3.2) <c>yes</c>, <c>no</c>, <c>on</c> and <c>off</c> are texts, as
/// they have been since YAML 1.2, and <c>0644</c> is the decimal 644. Kubernetes' tools read with sigs.k8s.io/yaml, which keeps YAML 1.1's
/// booleans and takes the integers of Go: what <c>kubectl annotate --local -o json</c> of 1.32 prints is what is meant here.
/// </summary>
internal static partial class YamlScalars
{
    private const int MaxDigits = 1_000;

    /// <summary>Whether a plain scalar is a null, which the caller must not take for a failure.</summary>
    public static bool IsNull(string text) => text is "" or "~" or "null" or "Null" or "NULL";

    /// <summary>The value of a plain scalar that is not null; false when it is an infinity or no number, which JSON cannot say.</summary>
    public static bool TryResolve(string text, YamlDialect dialect, [NotNullWhen(true)] out JsonNode? value)
    {
        value = text switch
        {
            "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" when dialect == YamlDialect.Kubernetes => JsonValue.Create(true),
            "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF" when dialect == YamlDialect.Kubernetes => JsonValue.Create(false),
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when !MayBeNumber(text) => JsonValue.Create(text),
            _ when NotFinite().IsMatch(text) => null,
            _ when dialect == YamlDialect.Kubernetes => ResolveGoNumber(text),
            _ => ResolveNumber(text),
        };
        return value is not null;
    }

    /// <summary>The text of a plain key: Kubernetes' tools write the boolean or integer that it means, so that <c>on</c> becomes <c>true</c>.</summary>
    public static string ResolveKey(string text, YamlDialect dialect) =>
        dialect == YamlDialect.Kubernetes && !IsNull(text) && TryResolve(text, dialect, out var value)
        && value is JsonValue known && (known.TryGetValue<long>(out _) || known.TryGetValue<bool>(out _))
            ? known.ToJsonString()
            : text;

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

    /// <summary>An integer of 64 bits as Go writes it, else a decimal fraction; underscores count for nothing.</summary>
    private static JsonNode ResolveGoNumber(string text)
    {
        var plain = text.Replace("_", "", StringComparison.Ordinal);
        if (plain.Length > MaxDigits)
        {
            return JsonValue.Create(text);
        }

        if (GoInteger().Match(plain) is { Success: true } match)
        {
            var sign = match.Groups["sign"].Value;
            var number = Magnitude(match) * (sign == "-" ? -1 : 1);
            // Only a number without a sign may take the 64th bit.
            if (number >= long.MinValue && number <= (sign.Length == 0 ? ulong.MaxValue : long.MaxValue))
            {
                return Exact(number);
            }
        }

        return Float().IsMatch(plain) && double.Parse(plain, NumberStyles.Float, CultureInfo.InvariantCulture) is var value && double.IsFinite(value)
            ? JsonValue.Create(value)
            : JsonValue.Create(text);
    }

    private static BigInteger Magnitude(Match integer)
    {
        var (digits, radix) = integer.Groups switch
        {
            var g when g["hex"].Success => (g["hex"].Value, 16),
            var g when g["binary"].Success => (g["binary"].Value, 2),
            var g when g["octal"].Success => (g["octal"].Value, 8),
            var g => (g["decimal"].Value, 10),
        };
        return digits.Aggregate(BigInteger.Zero, (sum, digit) => (sum * radix) + Convert.ToInt32(digit.ToString(), 16));
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

    [GeneratedRegex(@"^(?<sign>[-+]?)(?:0[xX](?<hex>[0-9a-fA-F]+)|0[bB](?<binary>[01]+)|0[oO]?(?<octal>[0-7]+)|(?<decimal>0|[1-9][0-9]*))\z")]
    private static partial Regex GoInteger();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z")]
    private static partial Regex Float();

    [GeneratedRegex(@"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\z")]
    private static partial Regex NotFinite();
}
