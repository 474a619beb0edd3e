using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Console;

/// <summary>Events as JSON. Pure.</summary>
internal static class EventJson
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>As protobuf writes it, which SDKs read to replay a history.</summary>
    public static string Exact(HistoryEvent one) => JsonFormatter.Default.Format(one);

    /// <summary>For people: what stands in payloads is written out where it is JSON or text. A long one is cut.</summary>
    public static string Readable(HistoryEvent one)
    {
        var node = JsonNode.Parse(JsonFormatter.Default.Format(one))!.AsObject();
        Decode(node);
        var text = node.ToJsonString(Indented);
        return text.Length > PayloadText.MaxShown ? $"{text[..PayloadText.MaxShown]}…" : text;
    }

    private static void Decode(JsonNode node)
    {
        if (node is JsonArray array)
        {
            for (var i = 0; i < array.Count; i++)
            {
                if (Payload(array[i]) is { } text)
                {
                    array[i] = text;
                }
                else if (array[i] is { } inner)
                {
                    Decode(inner);
                }
            }
        }
        else if (node is JsonObject members)
        {
            foreach (var (name, value) in members.ToList())
            {
                if (Payload(value) is { } text)
                {
                    members[name] = text;
                }
                else if (value is not null)
                {
                    Decode(value);
                }
            }
        }
    }

    /// <summary>What a payload says; null for what is none.</summary>
    private static JsonNode? Payload(JsonNode? node)
    {
        if (node is not JsonObject { Count: <= 2 } candidate || candidate["metadata"] is not JsonObject metadata || metadata["encoding"] is null)
        {
            return null;
        }

        var text = PayloadText.Of(JsonParser.Default.Parse<Payload>(candidate.ToJsonString()));
        try
        {
            return text.IsReadable ? JsonNode.Parse(text.Text) ?? JsonValue.Create("null") : text.Text;
        }
        catch (JsonException)
        {
            return text.Text;
        }
    }
}
