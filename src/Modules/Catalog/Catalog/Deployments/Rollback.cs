using Flagstone.Catalog.Endpoints;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Services;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Deployments;

/// <summary>Brings an earlier commit of a service back: one GitOps commit, in the name of whoever asks.</summary>
internal sealed class Rollback(
    HostedRepositories repositories, Releases releases, PushRecorder pushes, ResourceStore store, KindRegistry kinds, TimeProvider clock)
{
    private static readonly KindId Deployment = new("deployments", "apps");

    /// <summary>What a rollback would do, for the question before it: <see cref="RollbackPlanned"/>, or why it would be refused.</summary>
    /// <param name="to">The commit to bring back, or null for the one that ran before.</param>
    public async Task<RollbackOutcome> PlanAsync(ResourceKey service, RepositoryName app, CommitId? to, CancellationToken ct)
    {
        if (await Task.Run(() => releases.Find(app), ct) is not { } release)
        {
            return new RollbackRefused(CatalogProblems.NothingDeployed(service, app));
        }

        var answered = await AnsweredAsync(service, app, ct);
        var target = to ?? await Task.Run(() => releases.Previous(release, answered), ct);
        if (target is not { } commit)
        {
            return new RollbackRefused(CatalogProblems.NoEarlierCommit(service, release.Deployed.Commit));
        }

        if (!await Task.Run(() => releases.IsKnown(app, commit), ct))
        {
            return new RollbackRefused(Catalogue.BadRequest($"Commit {commit} is not on branch main of repository '{app}'. Name one that 'git log' lists."));
        }

        return answered.Contains(commit.Value)
            ? new RollbackPlanned(release, commit)
            : new RollbackRefused(CatalogProblems.NeverAnswered(service, commit, release.Gitops));
    }

    /// <param name="to">The commit to bring back, or null for the one that ran before.</param>
    /// <param name="key">The caller's idempotency key: what it stood for before is answered again. Null for none.</param>
    public async Task<RollbackOutcome> RunAsync(Caller caller, ResourceKey service, RepositoryName app, CommitId? to, CancellationToken ct, string? key = null)
    {
        var deployment = new ResourceKey(Deployment, app.Value, app.Value);
        if (AccessRules.Refuse(caller, "update", kinds.Find(Deployment)!, app.Value) is { } denied)
        {
            return new RollbackRefused(Catalogue.Forbidden(caller.Name, "update", deployment, denied));
        }

        if (await Task.Run(() => releases.Find(app), ct) is { } found && await BeforeAsync(caller, service, found, to, key, ct) is { } before)
        {
            return before;
        }

        var planned = await PlanAsync(service, app, to, ct);
        if (planned is not RollbackPlanned { Release: var release, To: var commit })
        {
            return planned;
        }

        // The branch's head is turned away from; it is not deployed again until the branch moves.
        var held = repositories.Resolve(app, BranchName.Main) is { } head && head != commit ? head : (CommitId?)null;
        var mark = new RollbackMark(
            release.Deployed.Commit, commit, key is null ? "" : RollbackMark.KeyOf(caller, key), key is null ? "" : RollbackMark.RequestOf(service, to));
        var author = new CommitAuthor(caller.Name, "platform@flagstone.invalid");
        var outcome = await Task.Run(() => releases.Move(release, commit, held, mark.Message(app, caller.Name), author, clock.GetUtcNow()), CancellationToken.None);
        if (outcome is HeadMoved)
        {
            // Whoever moved it may have been this very request.
            return await Task.Run(() => releases.Find(app), CancellationToken.None) is { } moved
                && await BeforeAsync(caller, service, moved, to, key, CancellationToken.None) is { } first
                ? first
                : new RollbackRefused(Catalogue.Stale(service));
        }

        await pushes.RecordAsync(release.Gitops, caller.Actor, CancellationToken.None);
        var made = outcome switch { Committed c => c.Commit, Unchanged u => u.Commit, _ => throw new System.Diagnostics.UnreachableException() };
        return new RolledBack(release.Deployed.Commit, commit, made);
    }

    // What answers at this moment may not have been written down yet.
    private async Task<IReadOnlySet<string>> AnsweredAsync(ResourceKey service, RepositoryName app, CancellationToken ct)
    {
        var component = await store.FindAsync(service, ct);
        var deployment = await store.FindAsync(new ResourceKey(Deployment, app.Value, app.Value), ct);
        return new HashSet<string>(
            [
                .. component is null ? [] : AnsweredCommits.Of(component.ToDocument()),
                .. deployment is null ? Array.Empty<string>() : [ServiceReader.AnsweringOf(deployment.ToDocument())],
            ],
            StringComparer.Ordinal);
    }

    private async Task<RollbackOutcome?> BeforeAsync(Caller caller, ResourceKey service, Release release, CommitId? to, string? key, CancellationToken ct)
    {
        if (key is null || await Task.Run(() => releases.Keyed(release, RollbackMark.KeyOf(caller, key)), ct) is not { } found)
        {
            return null;
        }

        return found.Mark.Request == RollbackMark.RequestOf(service, to)
            ? new RolledBack(found.Mark.From, found.Mark.To, found.Gitops)
            : new RollbackRefused(Catalogue.KeyReused(key));
    }
}

internal abstract record RollbackOutcome
{
    private protected RollbackOutcome() { }
}

/// <summary>It can be done, and nothing has been done yet.</summary>
internal sealed record RollbackPlanned(Release Release, CommitId To) : RollbackOutcome
{
    public CommitId From => Release.Deployed.Commit;
}

/// <param name="Gitops">The GitOps commit that says so.</param>
internal sealed record RolledBack(CommitId From, CommitId To, CommitId Gitops) : RollbackOutcome;

internal sealed record RollbackRefused(Problem Problem) : RollbackOutcome;
