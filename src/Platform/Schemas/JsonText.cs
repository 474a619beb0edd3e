using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>The characters of a JSON string without a new string where that can be: a parsed document keeps UTF-8.</summary>
internal static class JsonText
{
    /// <summary>A good size for the caller's buffer: names, sizes and regions fit.</summary>
    public const int BufferSize = 256;

    public static ReadOnlySpan<char> Read(JsonValue value, Span<char> buffer)
    {
        if (!value.TryGetValue<JsonElement>(out var element))
        {
            return value.GetValue<string>();
        }

        var raw = JsonMarshal.GetRawUtf8Value(element);
        var content = raw[1..^1];
        if (content.Length > buffer.Length || content.Contains((byte)'\\'))
        {
            return element.GetString();
        }

        var status = Encoding.UTF8.TryGetChars(content, buffer, out var written);
        return status ? buffer[..written] : element.GetString();
    }

    /// <summary>Whether two values are equal JSON; for texts, which enums and keys are made of, without allocating.</summary>
    public static bool AreEqual(JsonNode? a, JsonNode? b)
    {
        if (!IsText(a, out var left) || !IsText(b, out var right))
        {
            return JsonNode.DeepEquals(a, b);
        }

        Span<char> leftBuffer = stackalloc char[BufferSize];
        Span<char> rightBuffer = stackalloc char[BufferSize];
        return Read(left, leftBuffer).SequenceEqual(Read(right, rightBuffer));
    }

    /// <summary>The length in Unicode code points, as Go's <c>utf8.RuneCountInString</c> counts.</summary>
    public static int RuneCount(ReadOnlySpan<char> text)
    {
        var count = 0;
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf16(text, out _, out var consumed);
            text = text[consumed..];
            count++;
        }

        return count;
    }

    private static bool IsText(JsonNode? node, [NotNullWhen(true)] out JsonValue? value)
    {
        value = node as JsonValue;
        return value?.GetValueKind() == JsonValueKind.String;
    }
}
