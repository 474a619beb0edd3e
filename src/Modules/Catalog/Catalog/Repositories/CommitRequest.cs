using Flagstone.Catalog.Files;

namespace Flagstone.Catalog.Repositories;

/// <summary>A commit to make. The same request on the same parent gives the same commit, whenever and however often it is made.</summary>
internal sealed record CommitRequest(BranchName Branch, CommitContent Content, string Message, CommitAuthor Author, DateTimeOffset When)
{
    /// <summary>Where the branch must stand. The commit goes on top of wherever it stands unless this says otherwise.</summary>
    public ExpectedHead Expected { get; init; } = ExpectedHead.Any;
}

/// <summary>A name and an address, without the characters that Git's format gives a meaning.</summary>
internal readonly record struct CommitAuthor
{
    private static readonly System.Buffers.SearchValues<char> Reserved = System.Buffers.SearchValues.Create("<>\n\r\0");

    public CommitAuthor(string name, string email)
    {
        Name = Clean(name);
        Email = Clean(email);
    }

    public string Name { get; }

    public string Email { get; }

    private static string Clean(string text)
    {
        var kept = new string([.. text.Where(c => !Reserved.Contains(c))]).Trim();
        return kept.Length > 0 ? kept : "unknown";
    }
}

internal abstract record CommitContent
{
    private protected CommitContent() { }
}

/// <summary>The files of the commit are these and no others.</summary>
internal sealed record WholeTree(FileSet Files) : CommitContent;

/// <summary>The files of the parent, with some written and some removed.</summary>
internal sealed record Changes(FileSet Written, IReadOnlyList<RelativePath> Removed) : CommitContent;

internal abstract record ExpectedHead
{
    private protected ExpectedHead() { }

    public static ExpectedHead Any { get; } = new AnyHead();

    /// <summary>The branch must not be there.</summary>
    public static ExpectedHead Absent { get; } = new HeadAt(null);

    public static ExpectedHead At(CommitId commit) => new HeadAt(commit);

    public bool Admits(CommitId? head) => this is not HeadAt at || at.Commit == head;

    private sealed record AnyHead : ExpectedHead;

    private sealed record HeadAt(CommitId? Commit) : ExpectedHead;
}

internal abstract record CommitOutcome
{
    private protected CommitOutcome() { }
}

/// <summary>The branch stands at this commit, and its objects are on disk.</summary>
internal sealed record Committed(CommitId Commit) : CommitOutcome;

/// <summary>The content is what the branch has; nothing was committed.</summary>
internal sealed record Unchanged(CommitId Commit) : CommitOutcome;

/// <summary>The branch stands elsewhere than expected; null where it is absent.</summary>
internal sealed record HeadMoved(CommitId? Head) : CommitOutcome;
