using System.Text.Json.Nodes;
using Flagstone.Catalog.Deployments;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Sources;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Repositories;

/// <summary>
/// Writes down who moved a branch to where, and wakes what follows it. A push that a stop kept from being written down is found all the same:
/// sources compare branches.
/// </summary>
internal sealed class PushRecorder(
    HostedRepositories repositories, ResourceStore store, ResourceGateway gateway, LedgerWriter writer, KindRegistry kinds, TimeProvider clock)
{
    private const int MaxTries = 5;

    public async Task RecordAsync(RepositoryName repository, Actor actor, CancellationToken ct)
    {
        var sources = await SourcesAsync(repository, ct);
        var branches = sources.Select(s => s.Spec.Branch).Append(BranchName.Main).Distinct().ToList();
        var heads = await Task.Run(() => branches.ToDictionary(b => b.Value, b => repositories.Resolve(repository, b)?.Value), ct);
        for (var attempt = 1; attempt <= MaxTries; attempt++)
        {
            if (await TryRecordAsync(repository, actor, heads, sources.Select(s => s.Key), ct))
            {
                return;
            }
        }
    }

    /// <summary>Who moved a branch to this commit, or null when that was not written down.</summary>
    public static string? PusherOf(JsonObject repository, BranchName branch, CommitId head) =>
        repository.At("status", "heads", branch.Value) is { } moved && moved.Text("commit") == head.Value ? moved.Text("actor") : null;

    private async Task<bool> TryRecordAsync(
        RepositoryName repository, Actor actor, Dictionary<string, string?> heads, IEnumerable<ResourceKey> sources, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var key = GitKinds.RepositoryKey(repository);
        var prepared = new List<Prepared>();
        var moved = heads.Where(h => h.Value is not null).ToDictionary();
        if (await store.FindAsync(key, ct) is { } existing)
        {
            var before = existing.ToDocument().At("status", "heads");
            moved = moved.Where(h => before.At(h.Key).Text("commit") != h.Value).ToDictionary();
            var (status, problem) = await gateway.PrepareUpdateAsync(Caller.System("git"), kinds.Find(GitKinds.Repository)!, existing, (document, _) =>
            {
                Note(document, moved, actor);
                return new((document, null));
            }, new WriteOptions { Subresource = "status", FieldManager = "flagstone-git" }, ct);
            if (problem is not null)
            {
                throw new InvalidOperationException(problem.Detail);
            }

            prepared.Add(status!);
        }

        var unit = ResourceGateway.UnitOf(Caller.System("git"), prepared, new WriteOptions { Origin = "git" }, now) with
        {
            Actor = actor,
            Notes = [.. moved.Select(h => new LedgerNote(key, "push", h.Value!))],
            Due =
            [
                .. sources.Select(s => new DueChange(GitSourceGrain.Controller, s.ToString(), now)),
                new DueChange(ReleaseGrain.Controller, key.ToString(), now),
            ],
        };
        return await writer.CommitAsync(unit, ct) is not Conflicted;
    }

    private static void Note(JsonObject document, Dictionary<string, string?> moved, Actor actor)
    {
        if (document["status"] is not JsonObject status)
        {
            document["status"] = status = [];
        }

        if (status["heads"] is not JsonObject heads)
        {
            status["heads"] = heads = [];
        }

        foreach (var (branch, commit) in moved)
        {
            heads[branch] = new JsonObject { ["commit"] = commit, ["actor"] = actor.OnBehalfOf ?? actor.Id };
        }
    }

    private async Task<IReadOnlyList<(ResourceKey Key, SourceSpec Spec)>> SourcesAsync(RepositoryName repository, CancellationToken ct) =>
    [
        .. (await store.ListAsync(new ListQuery(GitKinds.Source), ct)).Items
            .Select(s => (s.Key, Spec: SourceSpec.Of(s.ToDocument())))
            .Where(s => s.Spec is not null && s.Spec.Repository == repository)
            .Select(s => (s.Key, s.Spec!)),
    ];
}
