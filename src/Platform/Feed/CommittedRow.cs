using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Feed;

/// <summary>What a committed ledger row did to a resource, as a watch names it.</summary>
public enum ChangeType
{
    /// <summary>The row changes no resource.</summary>
    None = 0,
    Added = 1,
    Modified = 2,
    Deleted = 3,
}

/// <summary>A committed ledger row with what a watcher needs of its resource.</summary>
/// <param name="Sequence">Its place in the total order; the resource's version.</param>
/// <param name="Labels">Labels after the change as canonical JSON, or null for none.</param>
/// <param name="OldLabels">Labels before the change, or null for none.</param>
/// <param name="Body">The body as served; empty when <paramref name="Change"/> is <see cref="ChangeType.None"/>, and when it was compacted away.</param>
public sealed record CommittedRow(
    long Sequence,
    ResourceKey Key,
    ChangeType Change,
    string Verb,
    string? Labels,
    string? OldLabels,
    ReadOnlyMemory<byte> Body);
