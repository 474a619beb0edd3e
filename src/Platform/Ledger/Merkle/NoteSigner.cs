using System.Buffers.Binary;
using NSec.Cryptography;

namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>A private Ed25519 key with its name, which signs notes (C2SP signed-note).</summary>
public sealed class NoteSigner : IDisposable
{
    private readonly Key key;

    /// <summary>Makes a signer from the key's 32-byte seed.</summary>
    /// <exception cref="ArgumentException">The name is empty or holds a space or a plus sign, or the seed is not of 32 bytes.</exception>
    public NoteSigner(string name, ReadOnlySpan<byte> seed)
    {
        if (!NoteVerifierKey.IsValidName(name))
        {
            throw new ArgumentException($"'{name}' cannot name a key: a name is not empty and holds no space and no plus sign.", nameof(name));
        }

        if (!Key.TryImport(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey, out var imported))
        {
            throw new ArgumentException("The seed of an Ed25519 key has 32 bytes.", nameof(seed));
        }

        key = imported!;
        Verifier = new(name, key.PublicKey);
    }

    /// <summary>The public half.</summary>
    public NoteVerifierKey Verifier { get; }

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();

    internal string SignatureLine(ReadOnlySpan<byte> text)
    {
        var signature = new byte[sizeof(uint) + SignatureAlgorithm.Ed25519.SignatureSize];
        BinaryPrimitives.WriteUInt32BigEndian(signature, Verifier.Hash);
        SignatureAlgorithm.Ed25519.Sign(key, text, signature.AsSpan(sizeof(uint)));
        return $"{SignedNote.SignatureMark}{Verifier.Name} {Convert.ToBase64String(signature)}\n";
    }
}
