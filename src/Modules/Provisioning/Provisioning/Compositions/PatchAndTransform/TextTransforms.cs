using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>Transforms of type <c>string</c>.</summary>
internal static class TextTransforms
{
    private const uint AdlerModulus = 65521;
    private static readonly TimeSpan RegexLimit = TimeSpan.FromSeconds(1);

    public static JsonNode Apply(JsonObject transform, JsonNode? value) => (transform.Text("type") is { Length: > 0 } type ? type : "Format") switch
    {
        "Format" => GoText.Format(Required(transform, "fmt"), value),
        "Convert" => Convert(Required(transform, "convert"), value),
        "TrimPrefix" => GoText.Of(value) is var text && Required(transform, "trim") is var trim && text.StartsWith(trim, StringComparison.Ordinal) ? text[trim.Length..] : GoText.Of(value),
        "TrimSuffix" => GoText.Of(value) is var text && Required(transform, "trim") is var trim && text.EndsWith(trim, StringComparison.Ordinal) ? text[..^trim.Length] : GoText.Of(value),
        "Regexp" => Extract(transform["regexp"] as JsonObject ?? [], GoText.Of(value)),
        "Join" => Join(transform["join"].Text("separator"), value),
        "Replace" => GoText.Of(value).Replace(Required(transform["replace"] as JsonObject ?? [], "search"), transform["replace"].Text("replace"), StringComparison.Ordinal),
        var other => throw new PatchFailure($"string transform type {other} is not supported"),
    };

    private static string Required(JsonObject transform, string member) =>
        transform.Text(member) is { Length: > 0 } text ? text : throw new PatchFailure($"the string transform needs {member}");

    private static JsonNode Join(string separator, JsonNode? value) =>
        value is JsonArray list
            ? string.Join(separator, list.Select(GoText.Of))
            : throw new PatchFailure($"input is required to be an array, got {GoText.TypeOf(value)}");

    private static JsonNode Extract(JsonObject regexp, string text)
    {
        var pattern = Required(regexp, "match");
        var group = regexp["group"] is { } g && Numbers.IsNumber(g) ? (int)Numbers.Float(g) : 0;
        Match match;
        try
        {
            match = Regex.Match(text, pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, RegexLimit);
        }
        catch (ArgumentException e)
        {
            throw new PatchFailure($"could not compile regexp: {e.Message}");
        }

        return match.Success && group < match.Groups.Count
            ? match.Groups[group].Value
            : throw new PatchFailure($"regexp \"{pattern}\" had no matches for group {group}");
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "Compositions name SHA-1 for names, not for security.")]
    private static JsonNode Convert(string how, JsonNode? value)
    {
        var text = GoText.Of(value);
        return how switch
        {
            "ToUpper" => text.ToUpperInvariant(),
            "ToLower" => text.ToLowerInvariant(),
            "ToBase64" => System.Convert.ToBase64String(Encoding.UTF8.GetBytes(text)),
            "FromBase64" => FromBase64(text),
            "ToJson" => GoJson(value),
            "ToSha1" => System.Convert.ToHexStringLower(SHA1.HashData(Raw(value))),
            "ToSha256" => System.Convert.ToHexStringLower(SHA256.HashData(Raw(value))),
            "ToSha512" => System.Convert.ToHexStringLower(SHA512.HashData(Raw(value))),
            "ToAdler32" => Adler32(Raw(value)),
            _ => throw new PatchFailure($"type {how} is not supported for string convert"),
        };
    }

    private static string FromBase64(string text)
    {
        try
        {
            return Encoding.UTF8.GetString(System.Convert.FromBase64String(text));
        }
        catch (FormatException e)
        {
            throw new PatchFailure($"string is not valid base64: {e.Message}");
        }
    }

    private static byte[] Raw(JsonNode? value) =>
        Encoding.UTF8.GetBytes(value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : GoJson(value));

    /// <summary>Go's encoding: sorted keys, and only <c>&lt; &gt; &amp;</c> escaped beyond what JSON asks.</summary>
    private static string GoJson(JsonNode? value) => (Sorted(Numbers.Settle(value))?.ToJsonString(Relaxed) ?? "null")
        .Replace("<", "\\u003c", StringComparison.Ordinal).Replace(">", "\\u003e", StringComparison.Ordinal).Replace("&", "\\u0026", StringComparison.Ordinal);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Sorted(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static string Adler32(byte[] bytes)
    {
        var (a, b) = (1u, 0u);
        foreach (var next in bytes)
        {
            a = (a + next) % AdlerModulus;
            b = (b + a) % AdlerModulus;
        }

        return ((b << 16) | a).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
