using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Repositories;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Deployments;

[GrainInterfaceType("flagstone.release")]
internal interface IReleaseGrain : IReconcileGrain;

/// <summary>
/// Deploys an app's main branch to development: when it has moved, what runs is moved after it, by a commit to the GitOps repository. The
/// commit has the time of the app's, so that it is the same commit however often it is made.
/// </summary>
[GrainType("flagstone.release")]
internal sealed class ReleaseGrain(HostedRepositories repositories, Releases releases, PushRecorder pushes, ResourceStore store) : Grain, IReleaseGrain
{
    public const string Controller = "release";

    private static readonly CommitAuthor Author = new("Flagstone", "platform@flagstone.invalid");
    private static readonly TimeSpan LostRace = TimeSpan.FromMilliseconds(200);

    public static IEnumerable<string> Route(CommittedRow row) =>
        row.Key.Kind == GitKinds.Repository && row.Change is ChangeType.Added or ChangeType.Modified ? [row.Key.ToString()] : [];

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key) || !RepositoryName.TryParse(key.Name, out var app))
        {
            return ReconcileResult.Done;
        }

        var outcome = await Task.Run(() => Follow(app));
        switch (outcome)
        {
            case null or Unchanged:
                return ReconcileResult.Done;
            case HeadMoved:
                return ReconcileResult.After(LostRace);
            default:
                var repository = await store.FindAsync(key, CancellationToken.None);
                var pusher = repository is not null && repositories.Resolve(app, BranchName.Main) is { } head
                    ? PushRecorder.PusherOf(repository.ToDocument(), BranchName.Main, head)
                    : null;
                await pushes.RecordAsync(Releases.GitopsOf(app)!.Value, new Actor($"system:{Controller}", pusher), CancellationToken.None);
                return ReconcileResult.Done;
        }
    }

    private Repositories.CommitOutcome? Follow(RepositoryName app)
    {
        if (repositories.Resolve(app, BranchName.Main) is not { } head || releases.Find(app) is not { FollowsBranch: true } release
            || release.Deployed.Commit == head || release.Deployed.HeldBack == head)
        {
            return null;
        }

        var commit = repositories.Log(app, head, 1)[0];
        return releases.Move(release, head, null, $"Deploy {app}@{head.Value[..7]}\n\n{commit.Title}\n", Author, commit.When);
    }
}
