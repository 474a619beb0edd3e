using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Storage;

/// <summary>The writing side of a database: one group of units, one transaction. Two databases, hence an interface.</summary>
internal interface IGroupSession : IAsyncDisposable
{
    /// <summary>
    /// Opens the transaction, takes the sequencer lock before anything is read (when <paramref name="ledgered"/>), and reads the head,
    /// the time, what is stored of <paramref name="keys"/>, and which of <paramref name="guards"/> yields a row.
    /// </summary>
    Task<GroupView> BeginAsync(IReadOnlyList<ResourceKey> keys, IReadOnlyList<SqlStatement> guards, bool ledgered, CancellationToken ct);

    /// <summary>Writes the planned group and commits. Throws when the group did not commit or when that is unknown.</summary>
    Task CommitAsync(GroupPlan plan, CancellationToken ct);

    /// <summary>Ends the transaction without a trace. Never throws; a broken connection is closed.</summary>
    Task RollbackAsync();

    /// <summary>The leaf hash at a sequence, or null: settles what an interrupted commit did.</summary>
    Task<byte[]?> LeafAtAsync(long sequence, CancellationToken ct);
}

/// <summary>What the group sees under the lock.</summary>
/// <param name="Holds">For each guard, in order, whether it yields a row.</param>
internal sealed record GroupView(
    long Size, byte[] Edge, long HeadMicros, long? NowMicros, Dictionary<ResourceKey, StoredHead> Stored, IReadOnlyList<bool> Holds);

/// <summary>A stored resource without its body.</summary>
internal readonly record struct StoredHead(long Version, string Uid, string? Labels);
