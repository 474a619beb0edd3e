namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>
/// Verification of proofs by the algorithms of RFC 9162 section 2.1. A proof that is too short, too long, or holds a hash that is not of
/// 32 bytes does not verify. Nothing here throws on bad input.
/// </summary>
public static class MerkleProof
{
    /// <summary>Whether the proof shows that a leaf is at this index in the tree of this size and root (RFC 9162 section 2.1.3.2).</summary>
    public static bool VerifyInclusion(
        long index, long size, ReadOnlySpan<byte> leafHash, IReadOnlyList<ReadOnlyMemory<byte>> proof, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size || !MerkleHash.TryRead(leafHash, out var hash) || !MerkleHash.TryRead(root, out var expected))
        {
            return false;
        }

        var (fn, sn) = (index, size - 1);
        for (var i = 0; i < proof.Count; i++)
        {
            if (sn == 0 || !MerkleHash.TryRead(proof[i].Span, out var sibling))
            {
                return false;
            }

            if (IsRightChild(fn, sn))
            {
                hash = MerkleHash.OfNode(sibling, hash);
                SkipAbsentLevels(ref fn, ref sn);
            }
            else
            {
                hash = MerkleHash.OfNode(hash, sibling);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 && hash == expected;
    }

    /// <summary>
    /// Whether the proof shows that the tree of the new size and root extends the one of the old (RFC 9162 section 2.1.4.2). Equal sizes ask
    /// for equal roots and no proof. Nothing is consistent with the empty tree except itself: such a proof says nothing.
    /// </summary>
    public static bool VerifyConsistency(
        long oldSize, long newSize, ReadOnlySpan<byte> oldRoot, ReadOnlySpan<byte> newRoot, IReadOnlyList<ReadOnlyMemory<byte>> proof)
    {
        if (oldSize < 0 || oldSize > newSize)
        {
            return false;
        }

        if (oldSize == newSize)
        {
            return proof.Count == 0 && oldRoot.SequenceEqual(newRoot);
        }

        if (oldSize == 0 || proof.Count == 0 || !MerkleHash.TryRead(oldRoot, out var old) || !MerkleHash.TryRead(newRoot, out var @new))
        {
            return false;
        }

        // A complete old tree is itself the first node of the path; the proof leaves it out.
        var next = 0;
        var start = old;
        if (!long.IsPow2(oldSize) && !MerkleHash.TryRead(proof[next++].Span, out start))
        {
            return false;
        }

        var (fn, sn) = (oldSize - 1, newSize - 1);
        while ((fn & 1) == 1)
        {
            (fn, sn) = (fn >> 1, sn >> 1);
        }

        var (fr, sr) = (start, start);
        for (; next < proof.Count; next++)
        {
            if (sn == 0 || !MerkleHash.TryRead(proof[next].Span, out var sibling))
            {
                return false;
            }

            if (IsRightChild(fn, sn))
            {
                fr = MerkleHash.OfNode(sibling, fr);
                sr = MerkleHash.OfNode(sibling, sr);
                SkipAbsentLevels(ref fn, ref sn);
            }
            else
            {
                sr = MerkleHash.OfNode(sr, sibling);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 && fr == old && sr == @new;
    }

    private static bool IsRightChild(long fn, long sn) => (fn & 1) == 1 || fn == sn;

    // A last node without a sibling is its own parent, so the proof has no hash for those levels.
    private static void SkipAbsentLevels(ref long fn, ref long sn)
    {
        while ((fn & 1) == 0 && fn != 0)
        {
            (fn, sn) = (fn >> 1, sn >> 1);
        }
    }
}
