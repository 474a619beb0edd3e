using System.Text.Json.Nodes;
using Flagstone.Catalog.Kinds;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Repositories;

[GrainInterfaceType("flagstone.repository")]
internal interface IRepositoryGrain : IReconcileGrain;

/// <summary>
/// Puts the bare repository of a Repository that is deleted aside, so that its name can be used again. It holds the deletion until then; a stop
/// at any instant is made good by the next look. The key is the Repository's.
/// </summary>
[GrainType("flagstone.repository")]
internal sealed class RepositoryGrain(ResourceStore store, ResourceGateway gateway, KindRegistry kinds, RepositoryFolder folder) : Grain, IRepositoryGrain
{
    public const string Controller = "repository";

    private const string Verb = "reconcile";
    private const int UidDigits = 8;

    public static IEnumerable<string> Route(CommittedRow row) =>
        row.Key.Kind == GitKinds.Repository && row.Change is ChangeType.Added or ChangeType.Modified && row.Verb is not ("status" or Verb) ? [row.Key.ToString()] : [];

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key) || !RepositoryName.TryParse(key.Name, out var name)
            || await store.FindAsync(key, CancellationToken.None) is not { } found)
        {
            return ReconcileResult.Done;
        }

        var repository = found.ToDocument();
        if (repository.IsDeleting() && RepositoryHold.Holds(repository))
        {
            await Task.Run(() => folder.Archive(name, LabelOf(repository)));
            await ChangeAsync(key, RepositoryHold.Remove);
        }
        else if (!repository.IsDeleting() && !RepositoryHold.Holds(repository))
        {
            // One that no run made, or from before there was this controller.
            await ChangeAsync(key, RepositoryHold.Add);
        }

        return ReconcileResult.Done;
    }

    /// <summary>When it was deleted and which it was, the same at each look: <c>20261126T151100Z-1b4e28ba</c>.</summary>
    private static string LabelOf(JsonObject repository)
    {
        var deleted = repository["metadata"].Text("deletionTimestamp").Replace("-", "", StringComparison.Ordinal).Replace(":", "", StringComparison.Ordinal);
        return $"{deleted}-{repository.UidOf()[..UidDigits]}";
    }

    private Task<StoredResource?> ChangeAsync(ResourceKey key, Action<JsonObject> change) => gateway.MutateAsync(
        Controller, kinds.Find(GitKinds.Repository)!, key, change, new WriteOptions { Verb = Verb }, CancellationToken.None);
}
