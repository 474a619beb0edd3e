using CsCheck;
using Flagstone.Platform.Ledger.Merkle;

namespace Flagstone.Platform.Tests.Ledger.Merkle;

public sealed class MerkleTests
{
    private const int MaxSize = 600;

    private static readonly MerkleHash[] Leaves = NaiveTree.Leaves(MaxSize);
    private static readonly MerkleHash[] Roots = [.. Enumerable.Range(0, MaxSize + 1).Select(n => NaiveTree.Root(Leaves.AsSpan(0, n)))];
    private static readonly Dictionary<NodeId, MerkleHash> Nodes = AllNodes();

    [Fact]
    public void The_empty_tree_has_the_hash_of_nothing() =>
        Assert.Equal("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", default(CompactRange).Root.ToString());

    [Fact]
    public void A_long_leaf_is_hashed_as_a_short_one() =>
        Assert.Equal(
            System.Security.Cryptography.SHA256.HashData(new byte[5001]),
            MerkleHash.OfLeaf(new byte[5000]).ToArray());

    [Fact]
    public void Every_size_has_the_root_of_the_naive_recursion()
    {
        var range = default(CompactRange);
        for (var n = 1; n <= MaxSize; n++)
        {
            range = range.Append([Leaves[n - 1]]);
            Assert.Equal(Roots[n], range.Root);
            Assert.Equal(n, range.Size);
            Assert.True(CompactRange.TryRead(n, range.ToBytes(), out var read));
            Assert.Equal(Roots[n], read.Root);
        }
    }

    [Fact]
    public void Appending_in_groups_is_appending_one_by_one() =>
        Gen.Int[0, 300].Select(Gen.Int[0, 300]).Sample((first, second) =>
        {
            var range = default(CompactRange).Append(Leaves.AsSpan(0, first)).Append(Leaves.AsSpan(first, second));
            return range.Root == Roots[first + second];
        });

    [Fact]
    public void An_edge_of_another_size_is_refused()
    {
        var bytes = default(CompactRange).Append(Leaves.AsSpan(0, 7)).ToBytes();
        Assert.True(CompactRange.TryRead(11, bytes, out _));
        Assert.False(CompactRange.TryRead(8, bytes, out _));
        Assert.False(CompactRange.TryRead(7, bytes.AsSpan(1), out _));
        Assert.False(CompactRange.TryRead(-1, bytes, out _));
    }

    [Fact]
    public void Every_inclusion_proof_is_the_naive_one_and_verifies()
    {
        for (var n = 1; n <= MaxSize; n++)
        {
            for (var i = 0; i < n; i++)
            {
                var plan = ProofPlan.Inclusion(i, n);
                Assert.True(plan.Nodes.Count <= 20, "A proof reads at most two nodes for each level.");
                var proof = plan.Assemble(node => Nodes[node]);
                Assert.True(MerkleProof.VerifyInclusion(i, n, Leaves[i].AsSpan(), Wire(proof), Roots[n].AsSpan()), $"{i} in {n}");
                if (n <= 130 || n % 29 == 0)
                {
                    Assert.Equal(NaiveTree.Path(i, Leaves.AsSpan(0, n)), proof);
                }
            }
        }
    }

    [Fact]
    public void Every_consistency_proof_is_the_naive_one_and_verifies()
    {
        for (var n = 1; n <= MaxSize; n++)
        {
            for (var m = 1; m <= n; m++)
            {
                var proof = ProofPlan.Consistency(m, n).Assemble(node => Nodes[node]);
                Assert.True(MerkleProof.VerifyConsistency(m, n, Roots[m].AsSpan(), Roots[n].AsSpan(), Wire(proof)), $"{m} to {n}");
                if (n <= 130 || n % 29 == 0)
                {
                    Assert.Equal(NaiveTree.SubProof(m, Leaves.AsSpan(0, n), b: true), proof);
                }
            }
        }
    }

    [Fact]
    public void A_tampered_inclusion_proof_does_not_verify() =>
        Gen.Int[1, MaxSize].SelectMany(n => Gen.Select(Gen.Const(n), Gen.Int[0, n - 1], Gen.Int[0, 6], Gen.Int)).Sample((n, i, kind, seed) =>
        {
            var proof = Wire(ProofPlan.Inclusion(i, n).Assemble(node => Nodes[node]));
            var (index, size, leaf, root) = ((long)i, (long)n, Leaves[i].ToArray(), Roots[n].ToArray());
            switch (kind)
            {
                case 0:
                    leaf[(seed >>> 3) % leaf.Length] ^= 1;
                    break;
                case 1:
                    root[(seed >>> 3) % root.Length] ^= 1;
                    break;
                case 2:
                    proof.Add(root);
                    break;
                case 3:
                    proof.Insert(0, leaf);
                    break;
                case 4 when proof.Count > 0:
                    proof.RemoveAt((seed >>> 3) % proof.Count);
                    break;
                case 5 when proof.Count > 0:
                    proof[0] = proof[0][..31];
                    break;
                default:
                    index = (seed >>> 1) % 2 == 0 ? size : -1;
                    break;
            }

            return !MerkleProof.VerifyInclusion(index, size, leaf, proof, root);
        });

    [Fact]
    public void A_tampered_consistency_proof_does_not_verify() =>
        Gen.Int[2, MaxSize].SelectMany(n => Gen.Select(Gen.Const(n), Gen.Int[1, n - 1], Gen.Int[0, 5], Gen.Int)).Sample((n, m, kind, seed) =>
        {
            var proof = Wire(ProofPlan.Consistency(m, n).Assemble(node => Nodes[node]));
            var (first, second, old, @new) = ((long)m, (long)n, Roots[m].ToArray(), Roots[n].ToArray());
            switch (kind)
            {
                case 0:
                    old[(seed >>> 3) % old.Length] ^= 1;
                    break;
                case 1:
                    @new[(seed >>> 3) % @new.Length] ^= 1;
                    break;
                case 2:
                    proof.Add(@new);
                    break;
                case 3:
                    proof.RemoveAt((seed >>> 3) % proof.Count);
                    break;
                case 4:
                    (first, second) = (second, first);
                    break;
                default:
                    proof[^1] = proof[^1][..31];
                    break;
            }

            return !MerkleProof.VerifyConsistency(first, second, old, @new, proof);
        });

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 3)]
    [InlineData(-1, 3)]
    public void A_plan_for_a_leaf_outside_the_tree_is_a_bug(long index, long size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofPlan.Inclusion(index, size));

    private static List<ReadOnlyMemory<byte>> Wire(IReadOnlyList<MerkleHash> proof) =>
        [.. proof.Select(hash => new ReadOnlyMemory<byte>(hash.ToArray()))];

    private static Dictionary<NodeId, MerkleHash> AllNodes()
    {
        var nodes = new Dictionary<NodeId, MerkleHash>();
        for (var (level, width) = (0, 1); width <= MaxSize; (level, width) = (level + 1, width * 2))
        {
            for (var i = 0; (i + 1) * width <= MaxSize; i++)
            {
                nodes[new(level, i)] = NaiveTree.Root(Leaves.AsSpan(i * width, width));
            }
        }

        return nodes;
    }
}
