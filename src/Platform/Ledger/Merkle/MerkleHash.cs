using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>
/// A SHA-256 hash of a leaf or of an inner node of the log's tree (RFC 6962 section 2.1). The default value is 32 zero bytes, which is the
/// hash of nothing.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct MerkleHash
{
    /// <summary>Length of a hash in bytes.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    private const byte LeafPrefix = 0x00;
    private const byte NodePrefix = 0x01;
    private const int StackLimit = 1024;

    private readonly ulong a;
    private readonly ulong b;
    private readonly ulong c;
    private readonly ulong d;

    private MerkleHash(ReadOnlySpan<byte> bytes) => this = MemoryMarshal.Read<MerkleHash>(bytes);

    /// <summary>The root of the empty tree: SHA-256 of no bytes.</summary>
    public static MerkleHash EmptyRoot { get; } = new(SHA256.HashData([]));

    /// <summary>The hash of a leaf: SHA-256 of 0x00 and the entry.</summary>
    public static MerkleHash OfLeaf(ReadOnlySpan<byte> entry)
    {
        var length = entry.Length + 1;
        byte[]? rented = null;
        var input = length <= StackLimit ? stackalloc byte[length] : (rented = ArrayPool<byte>.Shared.Rent(length)).AsSpan(0, length);
        input[0] = LeafPrefix;
        entry.CopyTo(input[1..]);
        var hash = Sha256(input);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }

        return hash;
    }

    /// <summary>The hash of an inner node: SHA-256 of 0x01 and its two children.</summary>
    public static MerkleHash OfNode(in MerkleHash left, in MerkleHash right)
    {
        Span<byte> input = stackalloc byte[1 + (2 * Length)];
        input[0] = NodePrefix;
        left.AsSpan().CopyTo(input[1..]);
        right.AsSpan().CopyTo(input[(1 + Length)..]);
        return Sha256(input);
    }

    /// <summary>Reads a hash of exactly 32 bytes; false for any other length.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MerkleHash hash)
    {
        if (bytes.Length != Length)
        {
            hash = default;
            return false;
        }

        hash = new(bytes);
        return true;
    }

    /// <summary>The 32 bytes, without a copy.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> AsSpan() => MemoryMarshal.AsBytes(new ReadOnlySpan<MerkleHash>(in this));

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray() => AsSpan().ToArray();

    /// <summary>The hash in standard base64, as checkpoints and proofs print it.</summary>
    public override string ToString() => Convert.ToBase64String(AsSpan());

    private static MerkleHash Sha256(ReadOnlySpan<byte> input)
    {
        Span<byte> hash = stackalloc byte[Length];
        SHA256.HashData(input, hash);
        return new(hash);
    }
}
