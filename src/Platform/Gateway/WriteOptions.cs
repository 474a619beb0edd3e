using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Gateway;

/// <summary>What becomes of fields that the schema does not name; Kubernetes' <c>fieldValidation</c>.</summary>
public enum FieldValidation
{
    /// <summary>They are dropped.</summary>
    Ignore,

    /// <summary>They are dropped, and a warning says so.</summary>
    Warn,

    /// <summary>The request is refused.</summary>
    Strict,
}

/// <summary>How a write is done.</summary>
public sealed record WriteOptions
{
    /// <summary>Everything is judged and nothing is stored.</summary>
    public bool DryRun { get; init; }

    public FieldValidation Fields { get; init; } = FieldValidation.Strict;

    /// <summary>Who owns the fields written, in <c>metadata.managedFields</c>.</summary>
    public string FieldManager { get; init; } = "flagstone";

    /// <summary>True when the document brings its managed fields with it, as that of a server-side apply does.</summary>
    internal bool OwnershipRecorded { get; init; }

    /// <summary><c>status</c>, or empty for the resource itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>True when a controller's write is judged like a person's: what a composition makes is.</summary>
    public bool Judged { get; init; }

    /// <summary>The namespace that the same unit creates, so that what is created in it need not find it there; empty for none.</summary>
    public string CreatesNamespace { get; init; } = "";

    /// <summary>Where the change comes from, for the ledger.</summary>
    public string Origin { get; init; } = "api";

    /// <summary>Why, for the ledger; empty when the verb says all.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Joins the rows of one request or run.</summary>
    public string Correlation { get; init; } = "";

    /// <summary>The ledger's verb; empty for the operation's own.</summary>
    public string Verb { get; init; } = "";

    /// <summary>Controllers that the commit makes due, where no row of the feed tells them.</summary>
    public IReadOnlyList<DueChange> Wakes { get; init; } = [];

    /// <summary>Rows of a module that are stored with a single write; null for none.</summary>
    public CommitAlong? Along { get; init; }
}

/// <summary>What is stored in the commit of a resource, beside it.</summary>
/// <param name="Guard">What must hold; else the write ends as <see cref="Repeated"/>.</param>
/// <param name="Memo">A row of what the resource became; null for none.</param>
public sealed record CommitAlong(Guard Guard, IReadOnlyList<SqlStatement> Rows, Func<StoredResource, SqlStatement?> Memo);

/// <summary>What a deletion does with dependents.</summary>
public enum Propagation
{
    /// <summary>They go afterwards.</summary>
    Background,

    /// <summary>They go first; the owner waits.</summary>
    Foreground,

    /// <summary>They stay, without the owner.</summary>
    Orphan,
}

/// <param name="Uid">Only if the resource still is this one; null for any.</param>
/// <param name="Version">Only if it is still at this version; null for any.</param>
public sealed record DeleteOptions(Propagation Propagation = Propagation.Background, string? Uid = null, long? Version = null);

/// <summary>How a write ended.</summary>
public abstract record WriteOutcome
{
    private protected WriteOutcome()
    {
    }
}

/// <summary>It is stored (or, for a dry run, would be).</summary>
/// <param name="Resource">The resource after the write; of a finished deletion, the last one.</param>
/// <param name="Gone">True when it left the store.</param>
public sealed record Written(StoredResource Resource, bool Created, bool Gone, IReadOnlyList<string> Warnings) : WriteOutcome;

/// <summary>The guard of what was to be stored beside it did not hold: the same was done already.</summary>
public sealed record Repeated : WriteOutcome
{
    public static readonly Repeated Instance = new();
}

public sealed record Refused(Problem Problem) : WriteOutcome;
