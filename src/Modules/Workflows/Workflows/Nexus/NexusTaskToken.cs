using System.Text.Json;
using Google.Protobuf;

namespace Flagstone.Workflows.Nexus;

/// <summary>What a worker shows to answer a Nexus task. The id is drawn for the task, and known to who was given it alone.</summary>
/// <param name="Namespace">The uid of the handler's namespace.</param>
internal sealed record NexusTaskToken(string Namespace, string Queue, Guid Id)
{
    private const int MaxLength = 4 * 1024;

    public ByteString ToBytes() => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>Null for what is no token.</summary>
    public static NexusTaskToken? Read(ByteString bytes)
    {
        try
        {
            return bytes.Length is > 0 and <= MaxLength
                && JsonSerializer.Deserialize<NexusTaskToken>(bytes.Span) is { Namespace: not null, Queue: not null } token ? token : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
