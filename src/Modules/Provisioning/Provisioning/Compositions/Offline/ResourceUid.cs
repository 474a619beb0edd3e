using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.Offline;

/// <summary>The uid of a resource that was never stored: that of <c>crossplane render</c>, so that names made of it are the same.</summary>
internal static class ResourceUid
{
    private const int Length = 16;
    private const int Version5 = 0x50;
    private const int Variant = 0x80;

    /// <summary>A UUID of version 5 (RFC 9562 section 5.5) in the nil namespace, over <c>GROUP/VERSION, Kind=KIND</c>, namespace and name.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "UUIDs of version 5 are made by SHA-1; nothing is protected with it.")]
    public static string Of(JsonObject resource)
    {
        var name = $"{resource.Text("apiVersion")}, Kind={resource.Text("kind")}\0{resource.NamespaceOf()}\0{resource.NameOf()}";
        var bytes = SHA1.HashData([.. new byte[Length], .. Encoding.UTF8.GetBytes(name)])[..Length];
        bytes[6] = (byte)((bytes[6] & 0x0F) | Version5);
        bytes[8] = (byte)((bytes[8] & 0x3F) | Variant);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
