using System.Security.Cryptography;

namespace Flagstone.Workflows.Executions;

/// <summary>
/// A history in 32 bytes: of no events 32 zero bytes; of events 1 to n the SHA-256 over the digest of events 1 to n-1 followed by the bytes of event n,
/// a <c>temporal.api.history.v1.HistoryEvent</c> as stored. Any event that is changed, left out, added or moved changes it. Pure.
/// </summary>
internal static class HistoryDigest
{
    public static byte[] Empty { get; } = new byte[SHA256.HashSizeInBytes];

    public static byte[] Next(ReadOnlySpan<byte> before, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(before);
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
