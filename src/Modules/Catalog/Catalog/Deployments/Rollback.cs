using Flagstone.Catalog.Repositories;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Deployments;

/// <summary>Brings an earlier commit of a service back: one GitOps commit, in the name of whoever asks.</summary>
internal sealed class Rollback(HostedRepositories repositories, Releases releases, PushRecorder pushes, KindRegistry kinds, TimeProvider clock)
{
    private static readonly KindId Deployment = new("deployments", "apps");

    /// <param name="to">The commit to bring back, or null for the one that ran before.</param>
    public async Task<RollbackOutcome> RunAsync(Caller caller, ResourceKey service, RepositoryName app, CommitId? to, CancellationToken ct)
    {
        var key = new ResourceKey(Deployment, app.Value, app.Value);
        if (AccessRules.Refuse(caller, "update", kinds.Find(Deployment)!, app.Value) is { } denied)
        {
            return new RollbackRefused(Catalogue.Forbidden(caller.Name, "update", key, denied));
        }

        if (await Task.Run(() => releases.Find(app), ct) is not { } release)
        {
            return new RollbackRefused(Catalogue.Conflict(service, $"repository '{app}-gitops' deploys nothing of '{app}', so there is nothing to roll back"));
        }

        var target = to ?? await Task.Run(() => releases.Previous(release), ct);
        if (target is not { } commit)
        {
            return new RollbackRefused(Catalogue.Conflict(service, $"only {release.Deployed.Commit} ever ran, so there is nothing to go back to"));
        }

        if (!await Task.Run(() => releases.IsKnown(app, commit), ct))
        {
            return new RollbackRefused(Catalogue.BadRequest($"Commit {commit} is not on branch main of repository '{app}'. Name one that 'git log' lists."));
        }

        // The branch's head is turned away from; it is not deployed again until the branch moves.
        var held = repositories.Resolve(app, BranchName.Main) is { } head && head != commit ? head : (CommitId?)null;
        var message = $"Roll {app} back to {commit.Value[..7]}\n\nFrom {release.Deployed.Commit}, by {caller.Name}.\n";
        var author = new CommitAuthor(caller.Name, "platform@flagstone.invalid");
        var outcome = await Task.Run(() => releases.Move(release, commit, held, message, author, clock.GetUtcNow()), CancellationToken.None);
        if (outcome is HeadMoved)
        {
            return new RollbackRefused(Catalogue.Stale(service));
        }

        await pushes.RecordAsync(release.Gitops, caller.Actor, CancellationToken.None);
        var made = outcome switch { Committed c => c.Commit, Unchanged u => u.Commit, _ => throw new System.Diagnostics.UnreachableException() };
        return new RolledBack(release.Deployed.Commit, commit, made);
    }
}

internal abstract record RollbackOutcome
{
    private protected RollbackOutcome() { }
}

/// <param name="Gitops">The GitOps commit that says so.</param>
internal sealed record RolledBack(CommitId From, CommitId To, CommitId Gitops) : RollbackOutcome;

internal sealed record RollbackRefused(Problem Problem) : RollbackOutcome;
