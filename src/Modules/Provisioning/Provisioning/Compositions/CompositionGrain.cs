using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.Revisions;

namespace Flagstone.Provisioning.Compositions;

[GrainInterfaceType("flagstone.composition")]
internal interface ICompositionGrain : IReconcileGrain;

/// <summary>Makes the revision of what a composition says, and wakes what uses it when another becomes current. The key is its name.</summary>
[GrainType("flagstone.composition")]
internal sealed class CompositionGrain(ResourceStore store, CompositionRevisions revisions, CompositeWaker waker) : Grain, ICompositionGrain
{
    public const string Controller = "composition";

    public async Task<ReconcileResult> ReconcileAsync()
    {
        var key = new ResourceKey(CompositionKinds.CompositionId, "", this.GetPrimaryKeyString());
        if (await store.FindAsync(key, CancellationToken.None) is not { } found || found.ToDocument() is not { } composition || composition.IsDeleting())
        {
            return ReconcileResult.Done;
        }

        await revisions.AdvanceAsync(composition, CancellationToken.None);
        await waker.WakeAsync(composition, CancellationToken.None);
        return ReconcileResult.Done;
    }
}
