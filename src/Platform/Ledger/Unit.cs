using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Ledger;

/// <summary>
/// What commits together or not at all: preconditions, resource writes, ledger rows, due entries and a module's own rows.
/// </summary>
public sealed record Unit
{
    /// <summary>Who acts; on every ledger row of the unit.</summary>
    public required Actor Actor { get; init; }

    /// <summary>Where the change comes from: <c>api</c>, <c>git:REPOSITORY@COMMIT</c>, <c>reconcile</c>, ...</summary>
    public required string Origin { get; init; }

    /// <summary>Why, in a sentence; empty when the verb says all.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Joins the rows of one request or run; empty when there is none.</summary>
    public string Correlation { get; init; } = "";

    /// <summary>True for a controller's unit: people's units go before it.</summary>
    public bool Background { get; init; }

    /// <summary>Versions of what was read to decide and is not written. Version 0: it must not exist.</summary>
    public IReadOnlyList<Precondition> Requires { get; init; } = [];

    public IReadOnlyList<ResourceWrite> Writes { get; init; } = [];

    /// <summary>Ledger rows of acts that change no resource, such as the reading of a secret's value.</summary>
    public IReadOnlyList<LedgerNote> Notes { get; init; } = [];

    public IReadOnlyList<DueChange> Due { get; init; } = [];

    /// <summary>A module's own rows, run in order inside the transaction.</summary>
    public IReadOnlyList<SqlStatement> Sql { get; init; } = [];

    /// <summary>What must hold of a module's own rows; asked under the lock, where nobody else writes.</summary>
    public IReadOnlyList<Guard> Guards { get; init; } = [];

    /// <summary>
    /// The one thing whose rows the guards ask of and the statements change, where no unit of another scope touches them: guarded units of
    /// different scopes share a commit. Empty: the guards ask of anything.
    /// </summary>
    public string Scope { get; init; } = "";

    /// <summary>One more row of a module, of what the unit became: its versions are known only once it is numbered. Null for none.</summary>
    public Func<Committed, SqlStatement?>? Memo { get; init; }
}

/// <summary>What must still hold when the unit commits. Version 0: the resource must not exist.</summary>
public readonly record struct Precondition(ResourceKey Key, long Version);

/// <summary>One resource's change.</summary>
public sealed record ResourceWrite
{
    public required ResourceKey Key { get; init; }

    /// <summary>What happened, for the ledger: <c>create</c>, <c>update</c>, <c>patch</c>, <c>apply</c>, <c>status</c>, <c>delete</c>.</summary>
    public required string Verb { get; init; }

    /// <summary>The version that the writer saw; 0 for a creation.</summary>
    public required long Expected { get; init; }

    public required string Uid { get; init; }

    /// <summary>The next body, or for a deletion the last one.</summary>
    public required ResourceBody Body { get; init; }

    /// <summary>True when the resource leaves the store.</summary>
    public bool Deletes { get; init; }

    /// <summary>Labels as canonical JSON, or null when there are none.</summary>
    public string? Labels { get; init; }

    /// <summary>The uid of the controlling (else first) owner, or null.</summary>
    public string? Owner { get; init; }

    /// <summary>True for a kind whose body is sealed at rest and enters the ledger only as a salted commitment.</summary>
    public bool Sealed { get; init; }
}

/// <summary>A ledger row of an act on something that the unit does not write as a resource.</summary>
public sealed record LedgerNote(ResourceKey Key, string Verb, string Digest);

/// <summary>
/// Sets when a grain is woken, or clears it. Without a stamp it is a wake-up and can only bring the time forward; with one it is the answer
/// of who just reconciled, and counts only if nobody woke the grain meanwhile.
/// </summary>
/// <param name="Kind">The controller's name.</param>
/// <param name="Key">The grain's key.</param>
/// <param name="At">When; null clears.</param>
/// <param name="Attempt">Failures in a row so far.</param>
/// <param name="IfStamp">Only if the entry still has this stamp; null: in any case.</param>
public sealed record DueChange(string Kind, string Key, DateTimeOffset? At, int Attempt = 0, long? IfStamp = null);

/// <summary>One statement of a module, in SQL that both databases read, with <c>@name</c> parameters. Its text is a constant: writers keep it prepared.</summary>
public sealed record SqlStatement(string Text, params (string Name, object? Value)[] Parameters);

/// <summary>A condition on a module's own rows.</summary>
/// <param name="Name">How the outcome names it.</param>
/// <param name="Query">It holds when this yields a row.</param>
public sealed record Guard(string Name, SqlStatement Query);

/// <summary>How a unit ended.</summary>
public abstract record CommitOutcome
{
    private protected CommitOutcome()
    {
    }
}

/// <summary>The unit is durable. <paramref name="Versions"/> has the version of each write, in order; <paramref name="Head"/> the sequence of its last row.</summary>
public sealed record Committed(IReadOnlyList<long> Versions, long Head) : CommitOutcome;

/// <summary>A precondition failed; nothing of the unit was stored.</summary>
/// <param name="Key">What changed meanwhile.</param>
/// <param name="Expected">The version that the unit relied on; 0: absence.</param>
/// <param name="Actual">The version now; 0 when it does not exist.</param>
public sealed record Conflicted(ResourceKey Key, long Expected, long Actual) : CommitOutcome;

/// <summary>A guard did not hold; nothing of the unit was stored.</summary>
/// <param name="Guard">Its name.</param>
public sealed record Unmet(string Guard) : CommitOutcome;
