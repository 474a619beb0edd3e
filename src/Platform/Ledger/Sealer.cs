using System.Security.Cryptography;
using System.Text;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Ledger;

/// <summary>
/// Seals the bodies of secrets at rest: AES-256-GCM, bound to the resource's key. The salt of the ledger's commitment lies inside,
/// so that the digest in the ledger tells nothing to who cannot open the body.
/// Layout: version 1, nonce 12, tag 16, then the sealed salt 16 and body.
/// </summary>
public sealed class Sealer
{
    private const byte Layout = 1;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int SaltLength = 16;
    private const int HeadLength = 1 + NonceLength + TagLength;

    private readonly byte[] key;

    /// <param name="key">32 bytes.</param>
    public Sealer(byte[] key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, 32);
        this.key = key;
    }

    public (ReadOnlyMemory<byte> Sealed, string Digest) Seal(ResourceKey resource, ReadOnlySpan<byte> body)
    {
        var plain = new byte[SaltLength + body.Length];
        RandomNumberGenerator.Fill(plain.AsSpan(0, SaltLength));
        body.CopyTo(plain.AsSpan(SaltLength));
        var digest = Convert.ToHexStringLower(SHA256.HashData(plain));
        var result = new byte[HeadLength + plain.Length];
        result[0] = Layout;
        RandomNumberGenerator.Fill(result.AsSpan(1, NonceLength));
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(
            result.AsSpan(1, NonceLength), plain, result.AsSpan(HeadLength), result.AsSpan(1 + NonceLength, TagLength),
            Encoding.UTF8.GetBytes(resource.ToString()));
        CryptographicOperations.ZeroMemory(plain);
        return (result, digest);
    }

    /// <summary>Opens a sealed body; throws <see cref="CryptographicException"/> when the key is not the one that sealed it.</summary>
    public byte[] Open(ResourceKey resource, ReadOnlySpan<byte> stored)
    {
        if (stored.Length < HeadLength + SaltLength || stored[0] != Layout)
        {
            throw new CryptographicException($"The stored body of {resource.Display} is not a sealed one.");
        }

        var plain = new byte[stored.Length - HeadLength];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(
            stored.Slice(1, NonceLength), stored[HeadLength..], stored.Slice(1 + NonceLength, TagLength), plain,
            Encoding.UTF8.GetBytes(resource.ToString()));
        return plain[SaltLength..];
    }
}
