using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kubernetes;

/// <summary>Resources in the version in which they are asked for. It differs from the stored one in <c>apiVersion</c> alone.</summary>
internal static class RequestedVersion
{
    private static readonly byte[] Start = "{\"apiVersion\":\""u8.ToArray();

    /// <summary>The stored bytes, whose first member is <c>apiVersion</c>: that of the version that was the storage's when they were written.</summary>
    public static ReadOnlyMemory<byte> AsRequested(this KindDefinition kind, ReadOnlyMemory<byte> body)
    {
        var wanted = Encoding.UTF8.GetBytes($"{{\"apiVersion\":\"{kind.RequestApiVersion}\"");
        if (body.Span.StartsWith(wanted) || !body.Span.StartsWith(Start))
        {
            return body;
        }

        var rest = body.Span[Start.Length..];
        return (byte[])[.. wanted, .. rest[(rest.IndexOf((byte)'"') + 1)..]];
    }

    public static JsonObject AsRequested(this KindDefinition kind, JsonObject document)
    {
        var copy = (JsonObject)document.DeepClone();
        copy["apiVersion"] = kind.RequestApiVersion;
        return copy;
    }
}
