using Flagstone.Catalog.Files;
using LibGit2Sharp;

namespace Flagstone.Catalog.Repositories;

/// <summary>
/// The Git repositories that the platform hosts: bare, in one folder, open to the platform here and to people over HTTP. Every call blocks
/// on the disk; a grain makes it on the thread pool.
/// </summary>
internal sealed class HostedRepositories(RepositoryFolder folder)
{
    // Each lost race means that somebody else's commit went in, so a few are enough.
    private const int MaxRaces = 10;

    public RepositoryFolder Folder => folder;

    /// <summary>Where a branch stands, or null where the repository or the branch is not there.</summary>
    public CommitId? Resolve(RepositoryName name, BranchName branch)
    {
        if (!folder.Exists(name))
        {
            return null;
        }

        using var repository = Open(name);
        return Head(repository, branch)?.Identify();
    }

    public CommitOutcome Commit(RepositoryName name, CommitRequest request)
    {
        using var repository = Open(name);
        for (var race = 0; race < MaxRaces; race++)
        {
            var parent = Head(repository, request.Branch);
            if (!request.Expected.Admits(parent?.Identify()))
            {
                return new HeadMoved(parent?.Identify());
            }

            var tree = CommitTrees.Write(repository, parent, request.Content);
            if (parent is not null && parent.Tree.Id == tree.Id)
            {
                return new Unchanged(parent.Identify());
            }

            var commit = CommitTrees.Write(repository, parent, tree, request).Identify();
            if (GitReferences.TryMove(folder, name, request.Branch, parent?.Identify(), commit, () => Resolve(name, request.Branch)))
            {
                return new Committed(commit);
            }
        }

        throw new IOException($"Branch '{request.Branch}' of repository '{name}' moved {MaxRaces} times while it was committed to.");
    }

    /// <summary>
    /// Makes a repository whose first commit is this one. Made again, it finds its own commit under whatever was added since; a repository
    /// that began otherwise is not touched.
    /// </summary>
    public PublishOutcome Publish(RepositoryName name, CommitRequest request)
    {
        folder.CreateIfAbsent(name);
        using var repository = Open(name);
        var first = CommitTrees.Write(repository, null, CommitTrees.Write(repository, null, request.Content), request);
        var head = Head(repository, request.Branch);
        if (head is null
            && GitReferences.TryMove(folder, name, request.Branch, null, first.Identify(), () => Resolve(name, request.Branch)))
        {
            return new Published(first.Identify());
        }

        head = Head(repository, request.Branch);
        return head is not null && repository.ObjectDatabase.FindMergeBase(head, first)?.Id == first.Id
            ? new Published(first.Identify())
            : new NameTaken();
    }

    public FileReading ReadTree(RepositoryName name, CommitId commit, FolderPath below, FileLimits limits)
    {
        using var repository = Open(name);
        return new TreeReader(repository, limits).Read(Find(repository, name, commit), below);
    }

    /// <summary>The file, or null where the commit has none of that name or it is larger than the limit.</summary>
    public FileContent? ReadFile(RepositoryName name, CommitId commit, RelativePath path, int maxBytes)
    {
        using var repository = Open(name);
        return TreeReader.ReadFile(repository, Find(repository, name, commit), path, maxBytes);
    }

    /// <summary>The newest commits that a commit stands on, itself first.</summary>
    public IReadOnlyList<CommitSummary> Log(RepositoryName name, CommitId from, int limit)
    {
        using var repository = Open(name);
        var filter = new CommitFilter
        {
            IncludeReachableFrom = Find(repository, name, from),
            SortBy = CommitSortStrategies.Topological | CommitSortStrategies.Time,
        };
        return [.. repository.Commits.QueryBy(filter).Take(limit).Select(GitObjects.Summarize)];
    }

    /// <summary>True when a commit stands on another, or is it.</summary>
    public bool Contains(RepositoryName name, CommitId head, CommitId commit)
    {
        using var repository = Open(name);
        return repository.Lookup<Commit>(commit.Value) is { } earlier
            && repository.ObjectDatabase.FindMergeBase(Find(repository, name, head), earlier)?.Id == earlier.Id;
    }

    /// <summary>Which files differ between two commits, or between nothing and a commit.</summary>
    public IReadOnlyList<FileChange> Diff(RepositoryName name, CommitId? from, CommitId to, int limit)
    {
        using var repository = Open(name);
        var before = from is { } earlier ? Find(repository, name, earlier).Tree : null;
        var options = new CompareOptions { Similarity = SimilarityOptions.None };
        using var changes = repository.Diff.Compare<TreeChanges>(before, Find(repository, name, to).Tree, options);
        return [.. changes.Take(limit).Select(change => new FileChange(change.Path, GitObjects.KindOf(change.Status)))];
    }

    /// <summary>The change of one file as a unified diff; null where it is binary or larger than the limit.</summary>
    public string? Patch(RepositoryName name, CommitId? from, CommitId to, RelativePath path, int maxBytes)
    {
        using var repository = Open(name);
        var before = from is { } earlier ? Find(repository, name, earlier) : null;
        var after = Find(repository, name, to);
        if (TreeReader.SizeOf(repository, before, path) > maxBytes || TreeReader.SizeOf(repository, after, path) > maxBytes)
        {
            return null;
        }

        using var patch = repository.Diff.Compare<Patch>(before?.Tree, after.Tree, [path.Value]);
        return patch[path.Value] is { IsBinaryComparison: true } ? null : patch.Content;
    }

    /// <summary>Writes the files of a commit to a folder that must not be there yet. Symbolic links and submodules are refused.</summary>
    public FileReading Export(RepositoryName name, CommitId commit, string target, FileLimits limits)
    {
        var reading = ReadTree(name, commit, FolderPath.Root, limits);
        if (reading is FilesRead read)
        {
            FileExport.Write(read.Files, target);
        }

        return reading;
    }

    private Repository Open(RepositoryName name) =>
        folder.Exists(name)
            ? new Repository(folder.PathOf(name))
            : throw new RepositoryNotFoundException($"There is no repository '{name}'.");

    private static Commit? Head(Repository repository, BranchName branch) =>
        repository.Refs[branch.Reference] is DirectReference reference ? repository.Lookup<Commit>(reference.TargetIdentifier) : null;

    private static Commit Find(Repository repository, RepositoryName name, CommitId commit) =>
        repository.Lookup<Commit>(commit.Value) ?? throw new NotFoundException($"Repository '{name}' has no commit {commit}.");
}

internal abstract record PublishOutcome
{
    private protected PublishOutcome() { }
}

internal sealed record Published(CommitId Commit) : PublishOutcome;

/// <summary>A repository of the name is there, and began with something else.</summary>
internal sealed record NameTaken : PublishOutcome;
