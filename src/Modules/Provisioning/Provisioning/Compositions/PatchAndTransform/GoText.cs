using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>What Go's <c>fmt</c> makes of values: compositions rely on it in their formats.</summary>
internal static class GoText
{
    /// <summary>Go's <c>%v</c>.</summary>
    public static string Of(JsonNode? value) => value switch
    {
        null => "<nil>",
        JsonObject map => $"map[{string.Join(' ', map.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}:{Of(m.Value)}"))}]",
        JsonArray list => $"[{string.Join(' ', list.Select(Of))}]",
        JsonValue v => v.GetValueKind() switch
        {
            JsonValueKind.String => v.GetValue<string>(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => Numbers.TryInteger(v, out var whole) ? whole.ToString(CultureInfo.InvariantCulture) : Shortest(Numbers.Float(v)),
        },
        _ => value.ToJsonString(),
    };

    /// <summary>Go's <c>fmt.Sprintf</c>, for the verbs that JSON values can take.</summary>
    public static string Format(string format, params IReadOnlyList<JsonNode?> values)
    {
        var text = new StringBuilder();
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            var start = ++i;
            while (i < format.Length && "+-# 0123456789.".Contains(format[i], StringComparison.Ordinal))
            {
                i++;
            }

            if (i == format.Length)
            {
                text.Append("%!(NOVERB)");
                break;
            }

            if (format[i] == '%')
            {
                text.Append('%');
                continue;
            }

            text.Append(next < values.Count ? Verb(format[i], format[start..i], values[next++]) : $"%!{format[i]}(MISSING)");
        }

        if (next < values.Count)
        {
            text.Append("%!(EXTRA ").AppendJoin(", ", values.Skip(next).Select(v => $"{TypeOf(v)}={Of(v)}")).Append(')');
        }

        return text.ToString();
    }

    public static string TypeOf(JsonNode? value) => value switch
    {
        null => "<nil>",
        JsonObject => "map[string]interface {}",
        JsonArray => "[]interface {}",
        JsonValue v => v.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.True or JsonValueKind.False => "bool",
            _ => Numbers.IsFloat(v) ? "float64" : "int64",
        },
        _ => "unknown",
    };

    private static string Verb(char verb, string flags, JsonNode? value)
    {
        var type = TypeOf(value);
        var plain = (verb, type) switch
        {
            ('v', _) => Of(value),
            ('s', "string") => Of(value),
            ('q', "string") => JsonSerializer.Serialize(Of(value)),
            ('d', "int64") => Of(value),
            ('t', "bool") => Of(value),
            ('x', "int64") => long.Parse(Of(value), CultureInfo.InvariantCulture).ToString("x", CultureInfo.InvariantCulture),
            ('x', "string") => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Of(value))),
            ('f', "float64") => Numbers.Float(value!).ToString($"F{Precision(flags) ?? 6}", CultureInfo.InvariantCulture),
            ('s' or 'd', "<nil>") => $"%!{verb}(<nil>)",
            _ => $"%!{verb}({type}={Of(value)})",
        };
        if (verb is 's' && Precision(flags) is { } most && type == "string" && plain.Length > most)
        {
            plain = plain[..most];
        }

        var width = Width(flags);
        return flags.StartsWith('-') ? plain.PadRight(width) : plain.PadLeft(width, flags.StartsWith('0') && type is "int64" or "float64" ? '0' : ' ');
    }

    private static int? Precision(string flags) =>
        flags.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot
            ? int.TryParse(flags[(dot + 1)..], CultureInfo.InvariantCulture, out var n) ? n : 0
            : null;

    private static int Width(string flags)
    {
        var digits = flags.Split('.')[0].TrimStart('+', '-', '#', ' ', '0');
        return int.TryParse(digits, CultureInfo.InvariantCulture, out var width) ? Math.Min(width, 1024) : 0;
    }

    /// <summary>Go's <c>%v</c> of a float64: shortest digits, exponent form from 1e21 up and below 1e-4.</summary>
    private static string Shortest(double value)
    {
        var exponent = value == 0 ? 0 : (int)Math.Floor(Math.Log10(Math.Abs(value)));
        if (exponent is >= -4 and < 21)
        {
            return decimal.TryParse(value.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out var exact)
                ? exact.ToString(CultureInfo.InvariantCulture)
                : value.ToString("R", CultureInfo.InvariantCulture);
        }

        var parts = value.ToString("E16", CultureInfo.InvariantCulture);
        var mantissa = value.ToString("R", CultureInfo.InvariantCulture).Split('E')[0];
        var power = int.Parse(parts[(parts.IndexOf('E', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
        return $"{mantissa}e{(power < 0 ? '-' : '+')}{Math.Abs(power):00}";
    }
}
