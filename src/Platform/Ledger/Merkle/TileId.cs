namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>
/// A tile of the tree (C2SP tlog-tiles): 256 consecutive hashes of tree level 8 * <paramref name="Level"/>, from
/// 256 * <paramref name="Index"/> on.
/// </summary>
public readonly record struct TileId(int Level, long Index)
{
    /// <summary>Levels of the tree that a tile spans.</summary>
    public const int Height = 8;

    /// <summary>Hashes in a full tile.</summary>
    public const int Width = 1 << Height;

    /// <summary>Bytes in a full tile.</summary>
    public const int FullBytes = Width * MerkleHash.Length;

    /// <summary>The highest level that a tree of 2^63 leaves has.</summary>
    public const int MaxLevel = 7;

    /// <summary>How many hashes this tile holds in a tree of this size: 0 when it does not exist, 256 when it is full.</summary>
    public int WidthAt(long size)
    {
        if (Level is < 0 or > MaxLevel || Index < 0)
        {
            return 0;
        }

        var hashes = size >> (Level * Height);
        return Index > hashes / Width ? 0 : (int)Math.Min(hashes - (Index * Width), Width);
    }

    /// <summary>The tile in tlog-tiles' path form, such as <c>tile/0/x001/234</c>.</summary>
    public override string ToString() => new TilePath(Level, Index, Width).ToString();
}
