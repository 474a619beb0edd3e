using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Patching;

/// <summary>A place in a JSON document (RFC 6901), such as <c>/metadata/labels/a~1b</c>; the empty text is the document.</summary>
public sealed class JsonPointer
{
    internal const string End = "-";

    private readonly string text;
    private readonly string[] tokens;

    private JsonPointer(string text, string[] tokens)
    {
        this.text = text;
        this.tokens = tokens;
    }

    /// <summary>The unescaped names and indexes.</summary>
    public IReadOnlyList<string> Tokens => tokens;

    /// <summary>Parses a pointer; false when it does not begin with a slash or has a tilde before anything but 0 and 1.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out JsonPointer? parsed)
    {
        parsed = null;
        if (text is null || (text.Length > 0 && text[0] != '/'))
        {
            return false;
        }

        for (var i = text.IndexOf('~', StringComparison.Ordinal); i >= 0; i = text.IndexOf('~', i + 1))
        {
            if (i + 1 == text.Length || text[i + 1] is not ('0' or '1'))
            {
                return false;
            }
        }

        parsed = new(text, text.Length == 0 ? [] : [.. text[1..].Split('/').Select(Unescape)]);
        return true;
    }

    /// <summary>Whether the other place is strictly inside this one.</summary>
    public bool Contains(JsonPointer other) =>
        other.tokens.Length > tokens.Length && other.tokens.AsSpan(0, tokens.Length).SequenceEqual(tokens);

    /// <summary>The value at the place; false when there is none. The value may be a null.</summary>
    public bool TryFind(JsonNode? document, out JsonNode? value) => TryFind(document, tokens, out value);

    /// <inheritdoc/>
    public override string ToString() => text;

    internal static bool TryIndex(string token, int limit, out int index) =>
        int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out index)
        && index <= limit
        && (token.Length == 1 || token[0] != '0');

    internal bool TryFindParent(JsonNode? document, out JsonNode? parent) => TryFind(document, tokens.AsSpan(..^1), out parent);

    private static bool TryFind(JsonNode? document, ReadOnlySpan<string> tokens, out JsonNode? value)
    {
        value = document;
        foreach (var token in tokens)
        {
            switch (value)
            {
                case JsonObject map when map.TryGetPropertyValue(token, out var member):
                    value = member;
                    break;
                case JsonArray list when TryIndex(token, list.Count - 1, out var index):
                    value = list[index];
                    break;
                default:
                    value = null;
                    return false;
            }
        }

        return true;
    }

    private static string Unescape(string token) =>
        token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
