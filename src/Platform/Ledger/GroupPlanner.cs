using System.Security.Cryptography;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Ledger.Merkle;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Ledger;

/// <summary>
/// Decides what a group writes: which units hold, in which order their rows stand, and where the tree's head moves.
/// Pure but for the salt of a sealed body: it reads what the session saw under the lock, and nothing else.
/// </summary>
internal sealed class GroupPlanner(GroupView view, long nowMicros, Sealer sealer)
{
    private readonly Dictionary<ResourceKey, StoredHead> overlay = [];
    private readonly List<MerkleHash> leaves = [];
    private long size = view.Size;

    public GroupPlan Plan { get; } = new()
    {
        OldSize = view.Size,
        // Never before the previous row's time, whatever the clock did.
        AtMicros = Math.Max(nowMicros, view.HeadMicros),
    };

    /// <summary>Adds a unit to the plan, or says why it does not hold; then it has left no trace.</summary>
    public CommitOutcome Add(Unit unit)
    {
        foreach (var (key, expected) in unit.Requires)
        {
            if (VersionOf(key) is var actual && actual != expected)
            {
                return new Conflicted(key, expected, actual);
            }
        }

        foreach (var write in unit.Writes)
        {
            var stored = Find(write.Key);
            if (stored.Version != write.Expected || (stored.Version != 0 && stored.Uid != write.Uid))
            {
                return new Conflicted(write.Key, write.Expected, stored.Version);
            }
        }

        var versions = new long[unit.Writes.Count];
        for (var i = 0; i < versions.Length; i++)
        {
            versions[i] = Write(unit, unit.Writes[i]);
        }

        foreach (var note in unit.Notes)
        {
            Append(unit, note.Key, note.Verb, ChangeType.None, note.Digest, null, default, default, default);
        }

        Plan.Due.AddRange(unit.Due);
        Plan.Sql.AddRange(unit.Sql);
        var committed = new Committed(versions, size);
        if (unit.Memo?.Invoke(committed) is { } memo)
        {
            Plan.Sql.Add(memo);
        }

        return committed;
    }

    /// <summary>Moves the head over all rows of the plan.</summary>
    public GroupPlan Complete()
    {
        if (!CompactRange.TryRead(view.Size, view.Edge, out var range))
        {
            throw new InvalidDataException($"The ledger's head row says {view.Size} rows, and its right edge is not that of such a tree.");
        }

        range = range.Append(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(leaves), Plan.Tiles);
        Plan.Size = size;
        Plan.Root = range.Root;
        Plan.Edge = range.ToBytes();
        return Plan;
    }

    private long VersionOf(ResourceKey key) => Find(key).Version;

    private StoredHead Find(ResourceKey key) =>
        overlay.TryGetValue(key, out var planned) ? planned : view.Stored.GetValueOrDefault(key);

    private long Write(Unit unit, ResourceWrite write)
    {
        var before = Find(write.Key);
        var sequence = size + 1;
        var body = write.Body.WithVersion(sequence);
        var stored = (ReadOnlyMemory<byte>)body;
        string digest;
        if (write.Sealed)
        {
            (stored, digest) = sealer.Seal(write.Key, body);
        }
        else
        {
            digest = Convert.ToHexStringLower(SHA256.HashData(body));
        }

        var change = write.Deletes ? ChangeType.Deleted : before.Version == 0 ? ChangeType.Added : ChangeType.Modified;
        var row = Append(unit, write.Key, write.Verb, change, digest, write, body, stored, before);
        if (Plan.Final.TryGetValue(write.Key, out var overtaken))
        {
            if (overtaken is not null)
            {
                Plan.Revisions.Add(overtaken);
            }
        }
        else if (before.Version != 0)
        {
            Plan.Superseded.Add(write.Key);
        }

        if (write.Deletes)
        {
            Plan.Revisions.Add(row);
            Plan.Final[write.Key] = null;
            overlay[write.Key] = default;
            return sequence;
        }

        Plan.Final[write.Key] = row;
        overlay[write.Key] = new StoredHead(sequence, write.Uid, write.Labels);
        return sequence;
    }

    private PlannedRow Append(
        Unit unit,
        ResourceKey key,
        string verb,
        ChangeType change,
        string digest,
        ResourceWrite? write,
        ReadOnlyMemory<byte> body,
        ReadOnlyMemory<byte> stored,
        StoredHead before)
    {
        var sequence = ++size;
        var entry = LedgerEntry.Write(
            unit.Actor, Plan.AtMicros, unit.Correlation, digest, key.ToString(), unit.Origin, unit.Reason, sequence, verb);
        var leaf = MerkleHash.OfLeaf(entry);
        leaves.Add(leaf);
        var row = new PlannedRow(
            sequence, key, unit.Actor.Id, verb, change, unit.Correlation, leaf.ToArray(), entry,
            write?.Uid ?? "", write?.Labels, before.Labels, write?.Owner, body, stored);
        Plan.Rows.Add(row);
        return row;
    }
}
