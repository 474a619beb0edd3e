using System.Text;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Runs;

namespace Flagstone.Catalog.Deployments;

/// <summary>Reads and moves what a service's GitOps repository deploys. A deployment is a commit there, and nothing else.</summary>
internal sealed class Releases(HostedRepositories repositories)
{
    private const int MaxBytes = 1 << 20;
    private const int MaxHistory = 200;

    public static RepositoryName? GitopsOf(RepositoryName app) =>
        RepositoryName.TryParse(app.Value + ServiceNameRules.GitopsSuffix, out var name) ? name : null;

    /// <summary>The manifest that deploys a repository, at the head of its GitOps repository; null when there is none.</summary>
    public Release? Find(RepositoryName app)
    {
        if (GitopsOf(app) is not { } gitops || repositories.Resolve(gitops, BranchName.Main) is not { } head
            || repositories.ReadTree(gitops, head, FolderPath.Root, FileLimits.Default) is not FilesRead { Files: var files })
        {
            return null;
        }

        foreach (var (path, content) in files.Where(f => f.Key.Value.EndsWith(".yaml", StringComparison.Ordinal)))
        {
            var text = Encoding.UTF8.GetString(content.Bytes.Span);
            if (DeploymentText.Read(text, app) is { } deployed)
            {
                return new Release(app, gitops, head, path, text, deployed);
            }
        }

        return null;
    }

    /// <summary>
    /// The commit to go back to: of those that were deployed, by the GitOps repository's history, the last that answered and is behind the one
    /// that is deployed. What is ahead of it was turned away from before. Null when there is none.
    /// </summary>
    public CommitId? Previous(Release release, IReadOnlySet<string> answered)
    {
        var deployed = release.Deployed.Commit;
        var isKnown = IsKnown(release.App, deployed);
        return repositories.Log(release.Gitops, release.Head, MaxHistory)
            .Select(c => repositories.ReadFile(release.Gitops, c.Id, release.File, MaxBytes))
            .Select(f => f is null ? null : DeploymentText.Read(Encoding.UTF8.GetString(f.Bytes.Span), release.App)?.Commit)
            .FirstOrDefault(c => c is { } commit && commit != deployed && answered.Contains(commit.Value)
                && IsKnown(release.App, commit) && (!isKnown || repositories.Contains(release.App, deployed, commit)));
    }

    /// <summary>The rollback that an idempotency key stands for, among the newest commits of the GitOps repository; null when it stands for none.</summary>
    public (CommitId Gitops, RollbackMark Mark)? Keyed(Release release, string key)
    {
        foreach (var commit in repositories.Log(release.Gitops, release.Head, MaxHistory))
        {
            if (RollbackMark.TryRead(commit.Message, out var mark) && mark.Key == key)
            {
                return (commit.Id, mark);
            }
        }

        return null;
    }

    /// <summary>True when the commit is part of what the app's main branch has been.</summary>
    public bool IsKnown(RepositoryName app, CommitId commit) =>
        repositories.Resolve(app, BranchName.Main) is { } head && repositories.Contains(app, head, commit);

    /// <summary>Commits the move. It fails when somebody committed meanwhile: their commit may have moved it too.</summary>
    public CommitOutcome Move(Release release, CommitId to, CommitId? rolledBackFrom, string message, CommitAuthor author, DateTimeOffset when)
    {
        var text = DeploymentText.Move(release.Text, release.App, release.Deployed.Commit, to, rolledBackFrom);
        if (!FileSet.TryCreate([KeyValuePair.Create(release.File, FileContent.Text(text))], FileLimits.Default, out var written, out var refusal))
        {
            throw new InvalidOperationException(refusal.Message);
        }

        return repositories.Commit(
            release.Gitops,
            new CommitRequest(BranchName.Main, new Changes(written, []), message, author, when) { Expected = ExpectedHead.At(release.Head) });
    }
}

/// <summary>What a GitOps repository deploys of an app's repository, and where it says so.</summary>
/// <param name="Head">The GitOps commit that was read.</param>
internal sealed record Release(RepositoryName App, RepositoryName Gitops, CommitId Head, RelativePath File, string Text, Deployed Deployed)
{
    /// <summary>Only development follows the branch by itself; what runs elsewhere is proposed and approved.</summary>
    public bool FollowsBranch => DeploymentText.IsDevelopment(Text);
}
