using System.Globalization;
using Flagstone.Platform.Ledger.Merkle;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Ledger;

/// <summary>
/// The ledger as a C2SP tlog-tiles log: checkpoint, hash tiles, entry bundles and proofs. Full tiles are stored; partial ones and bundles are
/// cut from the rows when asked for.
/// </summary>
public sealed class TransparencyLog(PlatformDatabase database, NoteSigner signer)
{
    private const string LeafRange = "SELECT leaf FROM ledger WHERE seq > @first AND seq <= @last ORDER BY seq";
    private const string EntryRange = "SELECT entry FROM ledger WHERE seq > @first AND seq <= @last ORDER BY seq";
    private const string RootRange = "SELECT root FROM tile WHERE level = @level AND idx >= @first AND idx < @last ORDER BY idx";

    /// <summary>The public key, in C2SP's text form, with which checkpoints are verified.</summary>
    public string VerifierKey => signer.Verifier.ToString();

    public async Task<Checkpoint> HeadAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command("SELECT size, root FROM head");
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var root = reader.GetInt64(0) == 0 ? MerkleHash.EmptyRoot : MerkleHash.TryRead(reader.GetFieldValue<byte[]>(1), out var hash) ? hash : default;
        return new Checkpoint(signer.Verifier.Name, reader.GetInt64(0), root);
    }

    /// <summary>The checkpoint as a signed note.</summary>
    public async Task<string> SignedCheckpointAsync(CancellationToken ct) => SignedNote.Sign((await HeadAsync(ct)).ToString(), signer);

    /// <summary>The bytes of a tile of hashes, or of an entry bundle; null when the log is not that large.</summary>
    public async Task<byte[]?> TileAsync(TilePath path, CancellationToken ct)
    {
        var size = (await HeadAsync(ct)).Size;
        return path.Tile is { } tile
            ? tile.WidthAt(size) < path.Width ? null : await HashesAsync(tile, path.Width, ct)
            : new TileId(0, path.Index).WidthAt(size) < path.Width ? null : await BundleAsync(path, ct);
    }

    /// <summary>The proof that a row is in the tree of a size: its leaf index is its sequence less one.</summary>
    public async Task<IReadOnlyList<MerkleHash>> InclusionAsync(long sequence, long size, CancellationToken ct) =>
        await AssembleAsync(ProofPlan.Inclusion(sequence - 1, size), size, ct);

    /// <summary>The proof that the tree of one size is the beginning of another's.</summary>
    public async Task<IReadOnlyList<MerkleHash>> ConsistencyAsync(long oldSize, long newSize, CancellationToken ct) =>
        await AssembleAsync(ProofPlan.Consistency(oldSize, newSize), newSize, ct);

    /// <summary>A receipt for one row: C2SP tlog-proof, all that an auditor needs to check it alone.</summary>
    public async Task<string?> ReceiptAsync(long sequence, CancellationToken ct)
    {
        var head = await HeadAsync(ct);
        if (sequence < 1 || sequence > head.Size)
        {
            return null;
        }

        var proof = await InclusionAsync(sequence, head.Size, ct);
        var lines = string.Concat(proof.Select(h => $"{h}\n"));
        return string.Create(CultureInfo.InvariantCulture, $"c2sp.org/tlog-proof@v1\nindex {sequence - 1}\n{lines}\n{SignedNote.Sign(head.ToString(), signer)}");
    }

    /// <summary>Proofs of several rows against one signed checkpoint; the rows must be in it.</summary>
    public async Task<(string Checkpoint, IReadOnlyList<IReadOnlyList<MerkleHash>> Proofs)> ProveAsync(IReadOnlyList<long> sequences, CancellationToken ct)
    {
        var head = await HeadAsync(ct);
        var proofs = new List<IReadOnlyList<MerkleHash>>(sequences.Count);
        foreach (var sequence in sequences)
        {
            proofs.Add(await InclusionAsync(sequence, head.Size, ct));
        }

        return (SignedNote.Sign(head.ToString(), signer), proofs);
    }

    private async Task<IReadOnlyList<MerkleHash>> AssembleAsync(ProofPlan plan, long size, CancellationToken ct)
    {
        var tiles = new Dictionary<TileId, MerkleHash[]>();
        var hashes = new List<MerkleHash>(plan.Nodes.Count);
        foreach (var node in plan.Nodes)
        {
            if (!tiles.TryGetValue(node.Tile, out var tile))
            {
                tile = tiles[node.Tile] = Split(await HashesAsync(node.Tile, node.Tile.WidthAt(size), ct));
            }

            hashes.Add(node.HashIn(tile));
        }

        return plan.Assemble(hashes);
    }

    private async Task<byte[]> HashesAsync(TileId tile, int width, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var first = tile.Index * TileId.Width;
        await using var command = tile.Level == 0
            ? connection.Command(LeafRange, ("first", first), ("last", first + width))
            : connection.Command(RootRange, ("level", tile.Level - 1), ("first", first), ("last", first + width));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var bytes = new byte[width * MerkleHash.Length];
        for (var at = 0; await reader.ReadAsync(ct); at += MerkleHash.Length)
        {
            reader.GetFieldValue<byte[]>(0).CopyTo(bytes, at);
        }

        return bytes;
    }

    private async Task<byte[]> BundleAsync(TilePath path, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var first = path.Index * TileId.Width;
        await using var command = connection.Command(EntryRange, ("first", first), ("last", first + path.Width));
        await using var reader = await command.ExecuteReaderAsync(ct);
        using var bundle = new MemoryStream();
        while (await reader.ReadAsync(ct))
        {
            var entry = reader.GetFieldValue<byte[]>(0);
            bundle.WriteByte((byte)(entry.Length >> 8));
            bundle.WriteByte((byte)entry.Length);
            bundle.Write(entry);
        }

        return bundle.ToArray();
    }

    private static MerkleHash[] Split(byte[] bytes)
    {
        var hashes = new MerkleHash[bytes.Length / MerkleHash.Length];
        for (var i = 0; i < hashes.Length; i++)
        {
            MerkleHash.TryRead(bytes.AsSpan(i * MerkleHash.Length, MerkleHash.Length), out hashes[i]);
        }

        return hashes;
    }
}
