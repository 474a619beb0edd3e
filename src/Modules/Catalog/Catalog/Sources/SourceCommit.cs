using Flagstone.Catalog.Repositories;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Sources;

/// <summary>One commit that a source applies: for whom, and with which marks in the ledger.</summary>
internal sealed record SourceCommit(StoredResource Source, SourceSpec Spec, CommitId Commit, Caller Caller)
{
    /// <summary>How the origin of all that a source writes begins.</summary>
    public const string OriginPrefix = "git:";

    public string Manager => SourceRules.ManagerPrefix + Source.Key.Name;

    /// <summary>Why it is applied, for the ledger; empty when it is new.</summary>
    public string Reason { get; init; } = "";

    public WriteOptions Options => new() { Origin = $"{OriginPrefix}{Spec.Repository}@{Commit}", FieldManager = Manager, Reason = Reason, Judged = true };
}
