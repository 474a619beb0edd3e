using LibGit2Sharp;

namespace Flagstone.Catalog.Repositories;

/// <summary>From the library's objects to ours.</summary>
internal static class GitObjects
{
    public static CommitId Identify(this Commit commit) =>
        CommitId.TryParse(commit.Sha, out var id) ? id : throw new System.Diagnostics.UnreachableException(commit.Sha);

    public static CommitSummary Summarize(Commit commit) => new(
        commit.Identify(),
        commit.MessageShort,
        commit.Message,
        new CommitAuthor(commit.Author.Name, commit.Author.Email),
        commit.Author.When,
        [.. commit.Parents.Select(Identify)]);

    public static FileChangeKind KindOf(ChangeKind kind) => kind switch
    {
        ChangeKind.Added => FileChangeKind.Added,
        ChangeKind.Deleted => FileChangeKind.Deleted,
        _ => FileChangeKind.Modified,
    };
}
