using Flagstone.Platform.Ledger.Merkle;

namespace Flagstone.Platform.Tests.Ledger.Merkle;

/// <summary>The definitions of RFC 9162 section 2.1, written down as they stand there, for trees small enough to recurse over.</summary>
internal static class NaiveTree
{
    public static MerkleHash[] Leaves(int size) => [.. Enumerable.Range(0, size).Select(i => MerkleHash.OfLeaf(BitConverter.GetBytes(i)))];

    public static MerkleHash Root(ReadOnlySpan<MerkleHash> leaves)
    {
        if (leaves.Length < 2)
        {
            return leaves.IsEmpty ? MerkleHash.EmptyRoot : leaves[0];
        }

        var k = Split(leaves.Length);
        return MerkleHash.OfNode(Root(leaves[..k]), Root(leaves[k..]));
    }

    public static List<MerkleHash> Path(int m, ReadOnlySpan<MerkleHash> leaves)
    {
        if (leaves.Length == 1)
        {
            return [];
        }

        var k = Split(leaves.Length);
        return m < k ? [.. Path(m, leaves[..k]), Root(leaves[k..])] : [.. Path(m - k, leaves[k..]), Root(leaves[..k])];
    }

    public static List<MerkleHash> SubProof(int m, ReadOnlySpan<MerkleHash> leaves, bool b)
    {
        if (m == leaves.Length)
        {
            return b ? [] : [Root(leaves)];
        }

        var k = Split(leaves.Length);
        return m <= k
            ? [.. SubProof(m, leaves[..k], b), Root(leaves[k..])]
            : [.. SubProof(m - k, leaves[k..], false), Root(leaves[..k])];
    }

    private static int Split(int n)
    {
        var k = 1;
        while (k * 2 < n)
        {
            k *= 2;
        }

        return k;
    }
}
