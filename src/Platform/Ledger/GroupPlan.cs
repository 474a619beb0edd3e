using Flagstone.Platform.Feed;
using Flagstone.Platform.Ledger.Merkle;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Ledger;

/// <summary>All that one group writes.</summary>
internal sealed class GroupPlan
{
    public required long OldSize { get; init; }

    public long Size { get; set; }

    public long AtMicros { get; init; }

    public MerkleHash Root { get; set; }

    public byte[] Edge { get; set; } = [];

    /// <summary>Ledger rows in order.</summary>
    public List<PlannedRow> Rows { get; } = [];

    /// <summary>Keys whose stored row is superseded: it moves to the revisions before anything else is written.</summary>
    public List<ResourceKey> Superseded { get; } = [];

    /// <summary>The last state in this group of each written key; null for one that is deleted.</summary>
    public Dictionary<ResourceKey, PlannedRow?> Final { get; } = [];

    /// <summary>Bodies that are not any key's last state: those overtaken within the group, and those of deletions.</summary>
    public List<PlannedRow> Revisions { get; } = [];

    public List<FilledTile> Tiles { get; } = [];

    public List<DueChange> Due { get; } = [];

    public List<SqlStatement> Sql { get; } = [];
}

internal sealed record PlannedRow(
    long Sequence,
    ResourceKey Key,
    string Actor,
    string Verb,
    ChangeType Change,
    string Correlation,
    byte[] Leaf,
    byte[] Entry,
    string Uid,
    string? Labels,
    string? OldLabels,
    string? Owner,
    ReadOnlyMemory<byte> Body,
    ReadOnlyMemory<byte> Stored);
