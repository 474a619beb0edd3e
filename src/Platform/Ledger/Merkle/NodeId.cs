namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>A complete subtree: the <paramref name="Index"/>-th from the left of those with 2^<paramref name="Level"/> leaves.</summary>
public readonly record struct NodeId(int Level, long Index)
{
    /// <summary>The tile that holds the hashes from which this node's hash follows.</summary>
    public TileId Tile => new(Level / TileId.Height, Index >> (TileId.Height - (Level % TileId.Height)));

    /// <summary>
    /// This node's hash, from the hashes of its <see cref="Tile"/>. The tile may be partial as long as it covers the subtree, which is so
    /// for each node that a proof for the tile's tree size asks for.
    /// </summary>
    public MerkleHash HashIn(ReadOnlySpan<MerkleHash> tile)
    {
        var height = Level % TileId.Height;
        var width = 1 << height;
        var first = (int)(Index << height) & (TileId.Width - 1);
        return Fold(tile.Slice(first, width));
    }

    /// <summary>The complete subtrees that make up the leaves from <paramref name="begin"/> to before <paramref name="end"/>, widest first.</summary>
    internal static void Cover(long begin, long end, List<NodeId> nodes)
    {
        while (begin < end)
        {
            var level = long.Log2(end - begin);
            nodes.Add(new((int)level, begin >> (int)level));
            begin += 1L << (int)level;
        }
    }

    private static MerkleHash Fold(ReadOnlySpan<MerkleHash> hashes)
    {
        if (hashes.Length == 1)
        {
            return hashes[0];
        }

        var half = hashes.Length / 2;
        return MerkleHash.OfNode(Fold(hashes[..half]), Fold(hashes[half..]));
    }
}
