using System.Text.Json.Nodes;

namespace Flagstone.Platform.Resources;

/// <summary>A resource as the store holds it.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Uid">Its identity: another resource of the same name later has another uid.</param>
/// <param name="Version">The sequence of its last ledger row; its <c>resourceVersion</c>.</param>
/// <param name="Body">UTF-8 JSON as served, <c>resourceVersion</c> included.</param>
public sealed record StoredResource(ResourceKey Key, string Uid, long Version, ReadOnlyMemory<byte> Body)
{
    /// <summary>A fresh, mutable document of the body.</summary>
    public JsonObject ToDocument() => JsonNode.Parse(Body.Span)!.AsObject();
}
