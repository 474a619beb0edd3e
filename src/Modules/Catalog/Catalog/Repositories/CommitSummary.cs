namespace Flagstone.Catalog.Repositories;

/// <summary>A commit as a list shows it. The first line of its message is its title.</summary>
internal sealed record CommitSummary(
    CommitId Id, string Title, string Message, CommitAuthor Author, DateTimeOffset When, IReadOnlyList<CommitId> Parents);

/// <summary>What a commit did to a file.</summary>
internal sealed record FileChange(string Path, FileChangeKind Kind);

internal enum FileChangeKind
{
    Added,
    Modified,
    Deleted,
}
