using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>A public Ed25519 key with its name, as C2SP signed-note writes it: <c>name+hash+base64</c>.</summary>
public sealed class NoteVerifierKey
{
    internal const byte Ed25519Type = 0x01;

    private readonly PublicKey key;

    internal NoteVerifierKey(string name, PublicKey key)
    {
        this.key = key;
        Name = name;
        Hash = HashOf(name, key.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>The key's name, by custom a URL without its scheme; it holds no space and no plus sign.</summary>
    public string Name { get; }

    /// <summary>The first four bytes of SHA-256 of the name, a newline, the algorithm and the key: a hint for choosing the key.</summary>
    public uint Hash { get; }

    /// <summary>Parses <c>name+hash+base64</c>; false when it is malformed, is not Ed25519, or the hash is not that of the key.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out NoteVerifierKey? parsed)
    {
        parsed = null;
        if (text?.Split('+', 3) is not [var name, { Length: 8 } hash, var encoded]
            || !IsValidName(name)
            || !StrictBase64.TryDecode(encoded, out var blob)
            || blob is not [Ed25519Type, ..]
            || !PublicKey.TryImport(SignatureAlgorithm.Ed25519, blob.AsSpan(1), KeyBlobFormat.RawPublicKey, out var publicKey))
        {
            return false;
        }

        var candidate = new NoteVerifierKey(name, publicKey!);
        if (hash != candidate.Hash.ToString("x8", CultureInfo.InvariantCulture))
        {
            return false;
        }

        parsed = candidate;
        return true;
    }

    /// <summary>The key in the form that <see cref="TryParse"/> reads.</summary>
    public override string ToString() =>
        $"{Name}+{Hash:x8}+{Convert.ToBase64String([Ed25519Type, .. key.Export(KeyBlobFormat.RawPublicKey)])}";

    internal static bool IsValidName(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || name.Contains('+'))
        {
            return false;
        }

        foreach (var rune in name.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune) || Rune.IsControl(rune) || rune == Rune.ReplacementChar)
            {
                return false;
            }
        }

        return true;
    }

    internal bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        SignatureAlgorithm.Ed25519.Verify(key, text, signature);

    private static uint HashOf(string name, byte[] publicKey)
    {
        var hash = SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', Ed25519Type, .. publicKey]);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }
}
