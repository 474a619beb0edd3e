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
/// prunes and the source's own status are stored in one unit. What others then change of it is brought back, without waiting for a commit.
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
    SourceDrift drift,
    LedgerReader ledger,
    EventRecorder events,
    TimeProvider clock) : Grain, IGitSourceGrain
{
    public const string Controller = "git-source";

    /// <summary>Each lost race means that something that the commit touches was written meanwhile.</summary>
    private const int MaxTries = 5;

    /// <summary>An event names so many objects.</summary>
    private const int MaxNamed = 5;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(60);

    /// <summary>What stood in the way may go away by itself, such as a kind that is not defined yet.</summary>
    private static readonly TimeSpan RefusedPoll = TimeSpan.FromSeconds(5);

    private readonly Dictionary<ResourceKey, DateTimeOffset> reverted = [];

    /// <summary>All rows up to this one were compared with the applied commit; 0 after an activation.</summary>
    private long examined;

    /// <summary>
    /// A source that was declared anew, the source that is named like a repository that moved, and those whose objects somebody wrote to; a push
    /// wakes the others itself.
    /// </summary>
    public static IEnumerable<string> Route(CommittedRow row)
    {
        foreach (var name in SourceDrift.SourcesOf(row))
        {
            yield return GitKinds.SourceKey(name).ToString();
        }

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

        var upTo = await ledger.HeadAsync(CancellationToken.None);
        IReadOnlyList<ResourceKey>? drifted = null;
        if (SourceStatus.IsApplied(document, head))
        {
            drifted = await drift.ChangedAsync(spec, SourceStatus.Inventory(document), examined, CancellationToken.None);
            if (drifted.Count == 0)
            {
                examined = upTo;
                return new Step(ReconcileResult.After(Poll * (1 - (Random.Shared.NextDouble() / 4))));
            }

            if (Rest(drifted) is { } rest)
            {
                return new Step(ReconcileResult.After(rest));
            }
        }

        if (await CallerAsync(spec, head) is not { } caller)
        {
            return await RefuseAsync(source, head, "NotAllowed", "The one for whom the source acts is not known here, or may act no more");
        }

        var commit = new SourceCommit(source, spec, head, caller);
        return drifted is null ? await ApplyAsync(commit, document) : await RevertAsync(commit, drifted, upTo);
    }

    /// <summary>How long to wait because one of these was brought back a moment ago; null for not at all.</summary>
    private TimeSpan? Rest(IReadOnlyList<ResourceKey> drifted)
    {
        var now = clock.GetUtcNow();
        foreach (var (key, at) in reverted.ToList())
        {
            if (now - at >= SourceDrift.Rest)
            {
                reverted.Remove(key);
            }
        }

        var waiting = drifted.Where(reverted.ContainsKey).Select(k => SourceDrift.Rest - (now - reverted[k])).ToList();
        return waiting.Count > 0 ? waiting.Max() : null;
    }

    /// <summary>Applies the same commit again, to what others wrote to: all that differs in one unit, and nothing where nothing does.</summary>
    private async Task<Step> RevertAsync(SourceCommit commit, IReadOnlyList<ResourceKey> drifted, long upTo)
    {
        var (manifests, step) = await ManifestsAsync(commit);
        if (step is not null)
        {
            return step;
        }

        commit = commit with { Reason = SourceDrift.Reason };
        var (planned, refused) = await planner.PlanAsync(commit, [.. manifests.Where(m => drifted.Contains(m.Key))], [], CancellationToken.None);
        if (refused is not null)
        {
            return await RefuseAsync(commit.Source, commit.Commit, "Refused", refused.Message);
        }

        var writes = planned.Where(w => w.Write is not null).ToList();
        if (writes.Count > 0)
        {
            if (await CommitAsync(commit, writes) is Conflicted lost)
            {
                return new Step(default, lost);
            }

            foreach (var write in writes)
            {
                reverted[write.Write!.Key] = clock.GetUtcNow();
            }

            await events.RecordAsync(
                Controller, commit.Source.ToDocument(), "Normal", "RevertedDrift",
                $"Changed by others and brought back: {string.Join(", ", writes.Take(MaxNamed).Select(w => w.Write!.Key.ToString()))}{(writes.Count > MaxNamed ? ", ..." : "")}",
                CancellationToken.None);
        }

        examined = upTo;
        return new Step(ReconcileResult.After(Poll));
    }

    private async Task<Step> ApplyAsync(SourceCommit commit, JsonObject document)
    {
        var (manifests, step) = await ManifestsAsync(commit);
        if (step is not null)
        {
            return step;
        }

        var (writes, refused) = await planner.PlanAsync(commit, manifests, SourceStatus.Inventory(document), CancellationToken.None);
        if (refused is not null)
        {
            return await RefuseAsync(commit.Source, commit.Commit, "Refused", refused.Message);
        }

        var status = await StatusAsync(commit, manifests);
        return await CommitAsync(commit, [.. writes, status]) is Conflicted lost
            ? new Step(default, lost)
            : new Step(ReconcileResult.After(Poll));
    }

    private Task<Platform.Ledger.CommitOutcome> CommitAsync(SourceCommit commit, IReadOnlyList<Prepared> writes) => writer.CommitAsync(
        ResourceGateway.UnitOf(commit.Caller, writes, commit.Options, clock.GetUtcNow()) with
        {
            Actor = commit.Caller.IsSystem ? commit.Caller.Actor : new Actor($"system:{Controller}", commit.Caller.Actor.Id),
            Background = true,
        },
        CancellationToken.None);

    private async Task<(IReadOnlyList<Manifest> Manifests, Step? Refused)> ManifestsAsync(SourceCommit commit)
    {
        var reading = await Task.Run(() => Read(commit.Spec, commit.Commit));
        if (reading is not FilesRead { Files: var files })
        {
            return ([], await RefuseAsync(commit.Source, commit.Commit, "Unreadable", ((FilesRefused)reading).Refusal.Message));
        }

        var (manifests, refusal) = new ManifestReader(kinds, commit.Spec).Read(files);
        return (manifests, refusal is null ? null : await RefuseAsync(commit.Source, commit.Commit, "Refused", refusal.Message));
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
