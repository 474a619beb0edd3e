using Flagstone.Platform.Ledger.Merkle;

namespace Flagstone.Platform.Tests.Ledger.Merkle;

public sealed class TileTests
{
    // Two full tiles of level 1 and some more, so that three levels take part.
    private const int Size = (2 * 65_536) + (3 * 256) + 17;

    private static readonly MerkleHash[] Leaves = NaiveTree.Leaves(Size);
    private static readonly List<FilledTile> Filled = [];
    private static readonly CompactRange Range = default(CompactRange).Append(Leaves, Filled);

    [Fact]
    public void Each_full_tile_is_told_once_with_its_root()
    {
        Assert.Equal((Size / 256) + (Size / 65_536), Filled.Count);
        Assert.Equal(Filled.Count, Filled.Distinct().Count());
        Assert.All(Filled, filled =>
        {
            var width = 256 << (filled.Tile.Level * 8);
            var first = (int)filled.Tile.Index * width;
            Assert.Equal(NaiveTree.Root(Leaves.AsSpan(first, width)), filled.Root);
            Assert.Equal(256, filled.Tile.WidthAt(Size));
        });
    }

    [Fact]
    public void Tiles_fill_at_the_same_leaves_however_the_appends_are_grouped()
    {
        var filled = new List<FilledTile>();
        var range = default(CompactRange);
        for (var (i, step) = (0, 1); i < Size; i += step, step = (step * 7 % 1009) + 1)
        {
            range = range.Append(Leaves.AsSpan(i, Math.Min(step, Size - i)), filled);
        }

        Assert.Equal(Range.Root, range.Root);
        Assert.Equal(Filled, filled);
    }

    [Theory]
    [InlineData(0, Size)]
    [InlineData(65_535, Size)]
    [InlineData(Size - 1, Size)]
    [InlineData(131_072, Size)]
    [InlineData(700, 70_000)]
    public void Proofs_come_from_tiles_alone(int index, int size)
    {
        var root = NaiveTree.Root(Leaves.AsSpan(0, size));
        var inclusion = ProofPlan.Inclusion(index, size).Assemble(node => node.HashIn(Tile(node.Tile, size)));
        Assert.True(MerkleProof.VerifyInclusion(index, size, Leaves[index].AsSpan(), Wire(inclusion), root.AsSpan()));

        var oldRoot = NaiveTree.Root(Leaves.AsSpan(0, index + 1));
        var consistency = ProofPlan.Consistency(index + 1, size).Assemble(node => node.HashIn(Tile(node.Tile, size)));
        Assert.True(MerkleProof.VerifyConsistency(index + 1, size, oldRoot.AsSpan(), root.AsSpan(), Wire(consistency)));
    }

    [Fact]
    public void A_log_of_70_000_leaves_has_the_tiles_that_the_specification_counts()
    {
        Assert.Equal(256, new TileId(0, 272).WidthAt(70_000));
        Assert.Equal(112, new TileId(0, 273).WidthAt(70_000));
        Assert.Equal(0, new TileId(0, 274).WidthAt(70_000));
        Assert.Equal(256, new TileId(1, 0).WidthAt(70_000));
        Assert.Equal(17, new TileId(1, 1).WidthAt(70_000));
        Assert.Equal(1, new TileId(2, 0).WidthAt(70_000));
        Assert.Equal(0, new TileId(3, 0).WidthAt(70_000));
    }

    [Theory]
    [InlineData("tile/0/000", 0, 0L, 256)]
    [InlineData("tile/0/x001/x234/067", 0, 1_234_067L, 256)]
    [InlineData("tile/1/x001/234.p/17", 1, 1_234L, 17)]
    [InlineData("tile/63/255.p/255", 63, 255L, 255)]
    [InlineData("tile/entries/x001/x234/067.p/1", null, 1_234_067L, 1)]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/807", 0, long.MaxValue, 256)]
    public void A_path_has_one_spelling(string text, int? level, long index, int width)
    {
        Assert.True(TilePath.TryParse(text, out var path));
        Assert.Equal(new TilePath(level, index, width), path);
        Assert.Equal(text, path.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("tile/")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/0/")]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/0/0")]
    [InlineData("tile/0/1000")]
    [InlineData("tile/0/001/234")]
    [InlineData("tile/0/x001")]
    [InlineData("tile/0/x000/234")]
    [InlineData("tile/0/x001/234/")]
    [InlineData("tile/0/X001/234")]
    [InlineData("tile/0/+12")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/000.p/1/2")]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/808")]
    [InlineData("tile/0/x001/x009/x223/x372/x036/x854/x775/807")]
    [InlineData("tile/data/000")]
    public void Any_other_spelling_is_refused(string? text) => Assert.False(TilePath.TryParse(text, out _));

    private static MerkleHash[] Tile(TileId tile, int size)
    {
        var width = tile.WidthAt(size);
        Assert.InRange(width, 1, TileId.Width);
        var step = 1 << (8 * tile.Level);
        var first = (int)tile.Index * TileId.Width * step;
        return [.. Enumerable.Range(0, width).Select(i => NaiveTree.Root(Leaves.AsSpan(first + (i * step), step)))];
    }

    private static List<ReadOnlyMemory<byte>> Wire(IReadOnlyList<MerkleHash> proof) =>
        [.. proof.Select(hash => new ReadOnlyMemory<byte>(hash.ToArray()))];
}
