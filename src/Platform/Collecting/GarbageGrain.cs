using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Collecting;

[GrainInterfaceType("flagstone.garbage")]
internal interface IGarbageGrain : IReconcileGrain;

/// <summary>
/// Collects what an owner leaves behind. The key is the owner's uid: once it is gone its dependents go; while it waits for them
/// (<c>foregroundDeletion</c>) or leaves them (<c>orphan</c>), they are deleted or freed first.
/// </summary>
[GrainType("flagstone.garbage")]
internal sealed class GarbageGrain(ResourceStore store, ResourceGateway gateway, KindRegistry kinds) : Grain, IGarbageGrain
{
    public const string Controller = "garbage";

    public async Task<ReconcileResult> ReconcileAsync()
    {
        var uid = this.GetPrimaryKeyString();
        foreach (var dependent in await store.OwnedByAsync(uid, CancellationToken.None))
        {
            if (kinds.Find(dependent.Key.Kind) is { } kind && !dependent.ToDocument().IsDeleting())
            {
                await gateway.RemoveAsync(Controller, kind, dependent.Key, new DeleteOptions(Uid: dependent.Uid), CancellationToken.None);
            }
        }

        return ReconcileResult.Done;
    }
}
