using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Temporalio.Api.Common.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A payload as a person reads it. Pure.</summary>
/// <param name="Text">JSON or plain text; else what is known of it: its encoding and its size.</param>
/// <param name="IsReadable">False where only the encoding and the size are told.</param>
/// <param name="Encoded">As JSON, where a codec may know how to read it; null where it is readable, or too large to be asked for.</param>
internal sealed record PayloadText(string Text, bool IsReadable, string? Encoded = null)
{
    /// <summary>A larger one is not sent to the browser with the page.</summary>
    public const int MaxEncoded = 256 * 1024;

    /// <summary>More is not shown: the history as JSON has all of it.</summary>
    public const int MaxShown = 10_000;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public static IReadOnlyList<PayloadText> Of(Payloads? payloads) => [.. (payloads?.Payloads_ ?? []).Select(Of)];

    public static PayloadText Of(Payload payload)
    {
        var encoding = payload.Metadata.TryGetValue("encoding", out var value) ? value.ToStringUtf8() : "";
        var text = encoding switch
        {
            "binary/null" => "null",
            "json/plain" or "json/protobuf" => Json(payload.Data.Span),
            "binary/plain" => Plain(payload.Data.Span),
            _ => null,
        };
        return text is null ? new PayloadText($"{(encoding.Length > 0 ? encoding : "no encoding")}, {payload.Data.Length} bytes", false, payload.Data.Length <= MaxEncoded ? JsonFormatter.Default.Format(payload) : null)
            : new PayloadText(text.Length > MaxShown ? $"{text[..MaxShown]}… ({text.Length} characters)" : text, true);
    }

    private static string? Json(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data);
            using var document = JsonDocument.ParseValue(ref reader);
            return JsonSerializer.Serialize(document.RootElement, Indented);
        }
        catch (JsonException)
        {
            return Plain(data);
        }
    }

    /// <summary>Null for what is no text.</summary>
    private static string? Plain(ReadOnlySpan<byte> data)
    {
        try
        {
            var text = Strict.GetString(data);
            return text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
