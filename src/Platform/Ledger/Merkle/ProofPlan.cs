namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>
/// Which nodes a proof needs. Planning and assembling are pure, so that the caller reads all nodes in one round trip: at most two for each
/// level of the tree.
/// </summary>
public sealed class ProofPlan
{
    private readonly List<NodeId> nodes = [];
    private readonly List<int> widths = [];

    private ProofPlan()
    {
    }

    /// <summary>The nodes to read, in the order in which <see cref="Assemble"/> takes their hashes. Each is complete in the tree.</summary>
    public IReadOnlyList<NodeId> Nodes => nodes;

    /// <summary>The plan for PATH(index, D[size]) of RFC 9162 section 2.1.3.1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not that of a leaf in a tree of this size.</exception>
    public static ProofPlan Inclusion(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var plan = new ProofPlan();
        plan.Path(index, 0, size);
        return plan;
    }

    /// <summary>The plan for PROOF(oldSize, D[newSize]) of RFC 9162 section 2.1.4.1; empty when the sizes are equal.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The old size is not from 1 to the new size.</exception>
    public static ProofPlan Consistency(long oldSize, long newSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(oldSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, newSize);
        var plan = new ProofPlan();
        plan.SubProof(oldSize, 0, newSize, known: true);
        return plan;
    }

    /// <summary>The proof, from the hashes of <see cref="Nodes"/> in their order.</summary>
    /// <exception cref="ArgumentException">There is not one hash for each node.</exception>
    public IReadOnlyList<MerkleHash> Assemble(IReadOnlyList<MerkleHash> hashes)
    {
        if (hashes.Count != nodes.Count)
        {
            throw new ArgumentException($"The plan asks for {nodes.Count} hashes and got {hashes.Count}.", nameof(hashes));
        }

        var proof = new MerkleHash[widths.Count];
        var next = 0;
        for (var i = 0; i < proof.Length; i++)
        {
            next += widths[i];
            var hash = hashes[next - 1];
            for (var j = next - 2; j >= next - widths[i]; j--)
            {
                hash = MerkleHash.OfNode(hashes[j], hash);
            }

            proof[i] = hash;
        }

        return proof;
    }

    /// <summary>The proof, when a node's hash is at hand without waiting.</summary>
    public IReadOnlyList<MerkleHash> Assemble(Func<NodeId, MerkleHash> read) => Assemble(nodes.ConvertAll(node => read(node)));

    private void Path(long index, long begin, long end)
    {
        if (end - begin == 1)
        {
            return;
        }

        var middle = begin + LargestPowerBelow(end - begin);
        if (index < middle)
        {
            Path(index, begin, middle);
            Add(middle, end);
            return;
        }

        Path(index, middle, end);
        Add(begin, middle);
    }

    private void SubProof(long size, long begin, long end, bool known)
    {
        if (size == end)
        {
            if (!known)
            {
                Add(begin, end);
            }

            return;
        }

        var middle = begin + LargestPowerBelow(end - begin);
        if (size <= middle)
        {
            SubProof(size, begin, middle, known);
            Add(middle, end);
            return;
        }

        SubProof(size, middle, end, known: false);
        Add(begin, middle);
    }

    private void Add(long begin, long end)
    {
        var before = nodes.Count;
        NodeId.Cover(begin, end, nodes);
        widths.Add(nodes.Count - before);
    }

    private static long LargestPowerBelow(long n) => 1L << (int)long.Log2(n - 1);
}
