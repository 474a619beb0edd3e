using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Repositories;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Kubernetes;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Sources;

[GrainInterfaceType("flagstone.git-source")]
internal interface IGitSourceGrain : IReconcileGrain;

/// <summary>
/// Makes the store say what a branch says. A commit is applied whole or not at all: every manifest is read and judged first, then objects,
/// prunes and the source's own status are stored in one unit.
/// </summary>
[GrainType("flagstone.git-source")]
internal sealed class GitSourceGrain(
    HostedRepositories repositories,
    ResourceStore store,
    ResourceGateway gateway,
    LedgerWriter writer,
    NamespaceView namespaces,
    KindRegistry kinds,
    TokenStore tokens,
    CommitPlanner planner,
    EventRecorder events,
    TimeProvider clock) : Grain, IGitSourceGrain
{
    public const string Controller = "git-source";

    /// <summary>Each lost race means that something that the commit touches was written meanwhile.</summary>
    private const int MaxTries = 5;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(60);

    /// <summary>What stood in the way may go away by itself, such as a kind that is not defined yet.</summary>
    private static readonly TimeSpan RefusedPoll = TimeSpan.FromSeconds(5);

    /// <summary>A source that was declared anew, and the source that is named like a repository that moved; a push wakes the others itself.</summary>
    public static IEnumerable<string> Route(CommittedRow row)
    {
        if (row.Change is ChangeType.Added or ChangeType.Modified)
        {
            if (row.Key.Kind == GitKinds.Source && row.Verb != "status")
            {
                yield return row.Key.ToString();
            }
            else if (row.Key.Kind == GitKinds.Repository)
            {
                yield return GitKinds.SourceKey(row.Key.Name).ToString();
            }
        }
    }

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key))
        {
            return ReconcileResult.Done;
        }

        for (var attempt = 1; ; attempt++)
        {
            var step = await StepAsync(key);
            if (step.Lost is not { } lost)
            {
                return step.Result;
            }

            namespaces.Forget(lost.Key.Name);
            if (attempt == MaxTries)
            {
                throw new InvalidOperationException($"{lost.Key} changed {MaxTries} times while source {key.Name} was applied.");
            }
        }
    }

    private async Task<Step> StepAsync(ResourceKey key)
    {
        if (await store.FindAsync(key, CancellationToken.None) is not { } source
            || source.ToDocument() is var document && document.IsDeleting()
            || SourceSpec.Of(document) is not { } spec)
        {
            return new Step(ReconcileResult.Done);
        }

        if (await Task.Run(() => repositories.Resolve(spec.Repository, spec.Branch)) is not { } head)
        {
            return await RefuseAsync(source, null, "NoBranch", $"Repository '{spec.Repository}' has no branch '{spec.Branch}'");
        }

        if (SourceStatus.IsApplied(document, head))
        {
            return new Step(ReconcileResult.After(Poll * (1 - (Random.Shared.NextDouble() / 4))));
        }

        if (await CallerAsync(spec, head) is not { } caller)
        {
            return await RefuseAsync(source, head, "NotAllowed", "The one for whom the source acts is not known here, or may act no more");
        }

        return await ApplyAsync(new SourceCommit(source, spec, head, caller), document);
    }

    private async Task<Step> ApplyAsync(SourceCommit commit, JsonObject document)
    {
        var reading = await Task.Run(() => Read(commit.Spec, commit.Commit));
        if (reading is not FilesRead { Files: var files })
        {
            return await RefuseAsync(commit.Source, commit.Commit, "Unreadable", ((FilesRefused)reading).Refusal.Message);
        }

        var (manifests, refusal) = new ManifestReader(kinds, commit.Spec).Read(files);
        if (refusal is not null)
        {
            return await RefuseAsync(commit.Source, commit.Commit, "Refused", refusal.Message);
        }

        var (writes, refused) = await planner.PlanAsync(commit, manifests, SourceStatus.Inventory(document), CancellationToken.None);
        if (refused is not null)
        {
            return await RefuseAsync(commit.Source, commit.Commit, "Refused", refused.Message);
        }

        var status = await StatusAsync(commit, manifests);
        var unit = ResourceGateway.UnitOf(commit.Caller, [.. writes, status], commit.Options, clock.GetUtcNow()) with
        {
            Actor = commit.Caller.IsSystem ? commit.Caller.Actor : new Actor($"system:{Controller}", commit.Caller.Actor.Id),
            Background = true,
        };
        return await writer.CommitAsync(unit, CancellationToken.None) is Conflicted lost
            ? new Step(default, lost)
            : new Step(ReconcileResult.After(Poll));
    }

    private FileReading Read(SourceSpec spec, CommitId commit)
    {
        if (RelativePath.TryParse(spec.Path.Value, out var path)
            && repositories.ReadFile(spec.Repository, commit, path, FileLimits.Default.FileBytes) is { } file)
        {
            return FileSet.TryCreate([KeyValuePair.Create(path, file)], FileLimits.Default, out var only, out var refusal)
                ? new FilesRead(only)
                : new FilesRefused(refusal);
        }

        return repositories.ReadTree(spec.Repository, commit, spec.Path, FileLimits.Default);
    }

    private async Task<Prepared> StatusAsync(SourceCommit commit, IReadOnlyList<Manifest> manifests)
    {
        var (prepared, problem) = await gateway.PrepareUpdateAsync(Caller.System(Controller), kinds.Find(GitKinds.Source)!, commit.Source, (source, _) =>
        {
            SourceStatus.Applied(source, commit.Commit, manifests.Select(m => m.Key), clock.GetUtcNow());
            return new((source, null));
        }, commit.Options with { Subresource = "status", FieldManager = $"flagstone-{Controller}" }, CancellationToken.None);
        return problem is null ? prepared! : throw new InvalidOperationException(problem.Detail);
    }

    // Whoever moved the branch to this commit, else who had the source made; the platform's own commits act for the latter.
    private async Task<Caller?> CallerAsync(SourceSpec spec, CommitId head)
    {
        var repository = await store.FindAsync(GitKinds.RepositoryKey(spec.Repository), CancellationToken.None);
        var pusher = repository is null ? null : PushRecorder.PusherOf(repository.ToDocument(), spec.Branch, head);
        var actor = pusher is { Length: > 0 } && !IsPlatform(pusher) ? pusher : spec.Actor;
        return actor.Length == 0 || IsPlatform(actor) ? Caller.System(Controller) : await tokens.PrincipalAsync(actor, CancellationToken.None);
    }

    private static bool IsPlatform(string actor) => actor.StartsWith("system:", StringComparison.Ordinal);

    private async Task<Step> RefuseAsync(StoredResource source, CommitId? commit, string reason, string message)
    {
        var before = source.ToDocument().FindCondition(SourceStatus.Synced);
        await gateway.SetStatusAsync(
            Controller, kinds.Find(GitKinds.Source)!, source.Key, d => SourceStatus.Refused(d, commit, reason, message, clock.GetUtcNow()), CancellationToken.None);
        if (before?.Message != message)
        {
            await events.RecordAsync(Controller, source.ToDocument(), "Warning", reason, message, CancellationToken.None);
        }

        return new Step(ReconcileResult.After(RefusedPoll));
    }

    private sealed record Step(ReconcileResult Result, Conflicted? Lost = null);
}
