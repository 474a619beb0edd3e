using System.Globalization;
using System.Text;
using System.Text.Json;
using Flagstone.Platform.Storage;
using Google.Protobuf.Collections;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Visibility;

/// <summary>
/// Search attributes as texts that compare by their bytes as the values do: a keyword as it is, a number with its sign turned and in hexadecimal digits,
/// a time in microseconds as such a number, a text as its words. Pure.
/// </summary>
internal static class AttributeValues
{
    /// <summary>As Temporal's SQL stores have it; an index entry has a limit.</summary>
    public const int MaxKeyword = 255;

    /// <summary>Temporal's limits: attributes of one run, and bytes of all of them.</summary>
    private const int MaxKeys = 100;
    private const int MaxBytes = 40 * 1024;

    private const string TypeKey = "type";

    /// <summary>Why attributes cannot be stored; null when they can. What has no type is not judged.</summary>
    public static string? Refuse(MapField<string, Payload> fields)
    {
        if (fields.Count > MaxKeys)
        {
            return $"number of search attributes {fields.Count} exceeds limit {MaxKeys}";
        }

        var bytes = 0;
        foreach (var (name, payload) in fields)
        {
            bytes += name.Length + payload.CalculateSize();
            if (TypeOf(payload) is { } type && Read(type, payload) is null)
            {
                return $"invalid value for search attribute {name} of type {type}: {Rule(type)}";
            }
        }

        return bytes > MaxBytes ? $"total size of search attributes exceeds limit {MaxBytes} bytes" : null;
    }

    /// <summary>The type that the server put to a payload; null for none.</summary>
    public static IndexedValueType? TypeOf(Payload payload) =>
        payload.Metadata.TryGetValue(TypeKey, out var text) && Enum.TryParse<IndexedValueType>(text.ToStringUtf8(), out var type) ? type : null;

    /// <summary>The values of an attribute as stored, each once; empty when it has none, null when it is not of its type.</summary>
    public static IReadOnlyCollection<string>? Read(IndexedValueType type, Payload payload)
    {
        if (payload.Data.IsEmpty)
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(payload.Data.Memory);
            return Read(type, document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a text that is no Unicode.
            return null;
        }
    }

    public static string Of(long value) => (unchecked((ulong)value) ^ (1UL << 63)).ToString("x16", CultureInfo.InvariantCulture);

    public static string Of(double value)
    {
        // Minus zero is zero. Bits of a negative number count backwards.
        var bits = BitConverter.DoubleToInt64Bits(value == 0 ? 0 : value);
        return (bits < 0 ? ~unchecked((ulong)bits) : unchecked((ulong)bits) | (1UL << 63)).ToString("x16", CultureInfo.InvariantCulture);
    }

    public static string Of(bool value) => value ? "1" : "0";

    public static string Of(DateTimeOffset value) => Of(Micros.From(value));

    /// <summary>The words of a text, in small letters, each once.</summary>
    public static IReadOnlyCollection<string> Words(string text)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes().Append(new Rune(' ')))
        {
            if (Rune.IsLetterOrDigit(rune) && word.Length < MaxKeyword - 1)
            {
                word.Append(Rune.ToLowerInvariant(rune).ToString());
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        return words;
    }

    public static bool TryTime(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    private static IReadOnlyCollection<string>? Read(IndexedValueType type, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.Array when type == IndexedValueType.KeywordList => All(value),
        // Some SDKs write each attribute as a list.
        JsonValueKind.Array => value.GetArrayLength() switch { 0 => [], 1 => Read(type, value[0]), _ => null },
        _ => One(type, value),
    };

    private static HashSet<string>? All(JsonElement list)
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list.EnumerateArray())
        {
            if (One(IndexedValueType.Keyword, item) is not [var one])
            {
                return null;
            }

            all.Add(one);
        }

        return all;
    }

    private static string[]? One(IndexedValueType type, JsonElement value)
    {
        switch (type)
        {
            case IndexedValueType.Keyword or IndexedValueType.KeywordList when value.ValueKind == JsonValueKind.String:
                return value.GetString() is { Length: <= MaxKeyword } keyword && !keyword.Contains('\0', StringComparison.Ordinal) ? [keyword] : null;
            case IndexedValueType.Text when value.ValueKind == JsonValueKind.String:
                return [.. Words(value.GetString()!)];
            case IndexedValueType.Int when value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number):
                return [Of(number)];
            case IndexedValueType.Double when value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()):
                return [Of(value.GetDouble())];
            case IndexedValueType.Bool when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                return [Of(value.GetBoolean())];
            case IndexedValueType.Datetime when value.ValueKind == JsonValueKind.String && TryTime(Trimmed(value.GetString()!), out var time):
                return [Of(time)];
            default:
                return null;
        }
    }

    /// <summary>Without digits of a second that .NET does not know: Go writes nine.</summary>
    internal static string Trimmed(string time)
    {
        var point = time.IndexOf('.', StringComparison.Ordinal);
        var end = point < 0 ? -1 : point + 1;
        while (end > 0 && end < time.Length && char.IsAsciiDigit(time[end]))
        {
            end++;
        }

        return end - point > 8 ? string.Concat(time.AsSpan(0, point + 8), time.AsSpan(end)) : time;
    }

    private static string Rule(IndexedValueType type) => type switch
    {
        IndexedValueType.Keyword => $"it must be a text of at most {MaxKeyword} characters",
        IndexedValueType.KeywordList => $"it must be a list of texts of at most {MaxKeyword} characters each",
        IndexedValueType.Text => "it must be a text",
        IndexedValueType.Int => "it must be a whole number of 64 bits",
        IndexedValueType.Double => "it must be a number",
        IndexedValueType.Bool => "it must be true or false",
        _ => "it must be a time as of RFC 3339, such as 2026-01-31T08:00:00Z",
    };
}
