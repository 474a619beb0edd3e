using System.Numerics;
using System.Runtime.InteropServices;

namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>
/// The right edge of the tree: the roots of the complete subtrees that cover all leaves, widest first, one for each bit set in the size.
/// It is all that appending needs. It is immutable: a writer whose commit fails goes on from the value that it had.
/// </summary>
internal readonly struct CompactRange
{
    private const int MaxHeight = 63;

    private readonly MerkleHash[]? edge;

    private CompactRange(long size, MerkleHash[] edge)
    {
        Size = size;
        this.edge = edge;
    }

    /// <summary>The number of leaves.</summary>
    public long Size { get; }

    /// <summary>The root of the tree (RFC 6962 section 2.1).</summary>
    public MerkleHash Root
    {
        get
        {
            if (edge is not { Length: > 0 })
            {
                return MerkleHash.EmptyRoot;
            }

            var root = edge[^1];
            for (var i = edge.Length - 2; i >= 0; i--)
            {
                root = MerkleHash.OfNode(edge[i], root);
            }

            return root;
        }
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote for a tree of this size; false when the length does not belong to the size.</summary>
    public static bool TryRead(long size, ReadOnlySpan<byte> bytes, out CompactRange range)
    {
        if (size < 0 || bytes.Length != BitOperations.PopCount((ulong)size) * MerkleHash.Length)
        {
            range = default;
            return false;
        }

        range = new(size, MemoryMarshal.Cast<byte, MerkleHash>(bytes).ToArray());
        return true;
    }

    /// <summary>
    /// The range with these leaf hashes appended. Each tile that becomes full is added to <paramref name="filled"/>, a tile before those of
    /// the levels above it.
    /// </summary>
    public CompactRange Append(ReadOnlySpan<MerkleHash> leaves, ICollection<FilledTile>? filled = null)
    {
        Span<MerkleHash> peaks = stackalloc MerkleHash[MaxHeight + 1];
        edge.CopyTo(peaks);
        var count = edge?.Length ?? 0;
        var size = Size;
        foreach (var leaf in leaves)
        {
            var hash = leaf;
            var height = 0;
            for (var bits = size; (bits & 1) == 1; bits >>= 1)
            {
                hash = MerkleHash.OfNode(peaks[--count], hash);
                height++;
                if (height % TileId.Height == 0)
                {
                    filled?.Add(new(new((height / TileId.Height) - 1, size >> height), hash));
                }
            }

            peaks[count++] = hash;
            size = checked(size + 1);
        }

        return new(size, peaks[..count].ToArray());
    }

    /// <summary>The hashes of the edge, 32 bytes each, widest subtree first; the size is stored beside them.</summary>
    public byte[] ToBytes() => MemoryMarshal.AsBytes<MerkleHash>(edge).ToArray();
}

/// <summary>
/// A tile that an append filled. <paramref name="Root"/> is the hash of its 256 hashes: it is this tile's entry in the tile above, so a
/// writer that stores it beside the tile makes the levels above without reading the tiles below.
/// </summary>
internal readonly record struct FilledTile(TileId Tile, MerkleHash Root);
