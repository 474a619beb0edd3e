using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Resources;

/// <summary>
/// A resource as UTF-8 JSON without its <c>resourceVersion</c>, and the place where the writer splices it in:
/// the version is known only once the sequence is, and the bytes are built before the sequencer lock is taken.
/// </summary>
/// <param name="Bytes">The JSON text, with <c>apiVersion</c>, <c>kind</c> and <c>metadata</c> first.</param>
/// <param name="Splice">The offset just behind <c>"metadata":{</c>.</param>
public readonly record struct ResourceBody(ReadOnlyMemory<byte> Bytes, int Splice)
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ResourceBody From(JsonObject document)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        int splice;
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartObject();
            json.WriteString("apiVersion"u8, document["apiVersion"]!.GetValue<string>());
            json.WriteString("kind"u8, document["kind"]!.GetValue<string>());
            json.WritePropertyName("metadata"u8);
            json.WriteStartObject();
            json.Flush();
            splice = buffer.WrittenCount;
            foreach (var (name, value) in document["metadata"]!.AsObject())
            {
                if (name != "resourceVersion")
                {
                    Write(json, name, value);
                }
            }

            json.WriteEndObject();
            foreach (var (name, value) in document)
            {
                if (name is not ("apiVersion" or "kind" or "metadata"))
                {
                    Write(json, name, value);
                }
            }

            json.WriteEndObject();
        }

        return new ResourceBody(buffer.WrittenMemory, splice);
    }

    /// <summary>The bytes as served: with the version in place.</summary>
    public byte[] WithVersion(long version)
    {
        Span<byte> digits = stackalloc byte[20];
        version.TryFormat(digits, out var length);
        var source = Bytes.Span;
        var head = "\"resourceVersion\":\""u8;
        // Metadata always has a name, so the spliced member is never the last one.
        var tail = "\","u8;
        var result = new byte[source.Length + head.Length + length + tail.Length];
        var at = result.AsSpan();
        source[..Splice].CopyTo(at);
        at = at[Splice..];
        head.CopyTo(at);
        at = at[head.Length..];
        digits[..length].CopyTo(at);
        at = at[length..];
        tail.CopyTo(at);
        source[Splice..].CopyTo(at[tail.Length..]);
        return result;
    }

    private static void Write(Utf8JsonWriter json, string name, JsonNode? value)
    {
        json.WritePropertyName(name);
        if (value is null)
        {
            json.WriteNullValue();
            return;
        }

        value.WriteTo(json);
    }
}
