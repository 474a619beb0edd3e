using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>
/// A JSON number, whichever CLR type holds it: exact as a long where it is one, else the nearest double. As in Kubernetes, 1.0 is an integer.
/// </summary>
internal readonly record struct JsonNumber
{
    // Doubles above this are whole but skip integers.
    private const double MaxExact = 9_007_199_254_740_992;

    private JsonNumber(long integer)
    {
        Integer = integer;
        Value = integer;
        IsLong = IsInteger = true;
    }

    private JsonNumber(double value)
    {
        Value = value;
        IsInteger = double.IsInteger(value);
        IsLong = IsInteger && Math.Abs(value) <= MaxExact;
        Integer = IsLong ? (long)value : 0;
    }

    public double Value { get; }

    /// <summary>The exact value where <see cref="IsLong"/>, else 0.</summary>
    public long Integer { get; }

    public bool IsInteger { get; }

    public bool IsLong { get; }

    public bool IsInt32 => IsLong && Integer is >= int.MinValue and <= int.MaxValue;

    public static JsonNumber Of(JsonNode node) => TryRead(node, out var number)
        ? number
        : throw new ArgumentException("The node is not a number.", nameof(node));

    public static bool TryRead([NotNullWhen(true)] JsonNode? node, out JsonNumber number)
    {
        number = default;
        if (node is not JsonValue value || value.GetValueKind() != JsonValueKind.Number)
        {
            return false;
        }

        number = value switch
        {
            _ when value.TryGetValue<JsonElement>(out var e) => e.TryGetInt64(out var l) ? new(l) : new(e.GetDouble()),
            _ when value.TryGetValue<long>(out var l) => new(l),
            _ when value.TryGetValue<int>(out var i) => new(i),
            _ when value.TryGetValue<double>(out var d) => new(d),
            _ => FromText(value.ToJsonString()),
        };
        return true;
    }

    public int CompareTo(JsonNumber other) =>
        IsLong && other.IsLong ? Integer.CompareTo(other.Integer) : Value.CompareTo(other.Value);

    public bool IsMultipleOf(JsonNumber factor)
    {
        if (IsLong && factor.IsLong)
        {
            return factor.Integer is not (0 or -1) ? Integer % factor.Integer == 0 : factor.Integer == -1;
        }

        // Decimals are exact for what people write; a double says that 0.3 is no multiple of 0.1.
        if (Math.Abs(Value) < 1e15 && Math.Abs(factor.Value) is > 1e-12 and < 1e15)
        {
            return (decimal)Value % (decimal)factor.Value == 0;
        }

        return factor.Value != 0 && double.IsInteger(Value / factor.Value);
    }

    private static JsonNumber FromText(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)
            ? new(integer)
            : new(double.Parse(text, CultureInfo.InvariantCulture));
}
