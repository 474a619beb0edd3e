using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions;

[GrainInterfaceType("flagstone.composite-definition")]
internal interface ICompositeDefinitionGrain : IReconcileGrain;

/// <summary>Says of a CompositeResourceDefinition whether its kinds are served. The key is its name.</summary>
[GrainType("flagstone.composite-definition")]
internal sealed class CompositeDefinitionGrain(ResourceGateway gateway, KindRegistry kinds, CompositeWaker waker, TimeProvider clock) : Grain, ICompositeDefinitionGrain
{
    public const string Controller = "composite-definition";

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    public async Task<ReconcileResult> ReconcileAsync()
    {
        var key = new ResourceKey(CompositionKinds.DefinitionId, "", this.GetPrimaryKeyString());
        var (served, composite) = (true, (KindDefinition?)null);
        await gateway.SetStatusAsync(Controller, CompositionKinds.Definition, key, document =>
        {
            foreach (var offered in OfferedKinds.Read(document))
            {
                var holder = kinds.Find(offered.Id) ?? kinds.All.FirstOrDefault(k => k.Id.Group == offered.Id.Group && k.Kind == offered.Kind);
                var here = holder?.DefinedBy == key;
                served &= here;
                composite = offered.IsComposite() ? offered : composite;
                var (type, reason) = offered.IsClaim() ? ("Offered", "WatchingCompositeResourceClaim") : ("Established", "WatchingCompositeResource");
                document.SetCondition(
                    here ? Condition.True(type, reason)
                        : Condition.False(type, "NamesTaken", $"Kind {offered.Kind} is not served: {(holder is null ? "its definition is not read yet" : $"{holder.Id} holds its names. Choose others")}"),
                    clock.GetUtcNow());
            }
        }, CancellationToken.None);
        if (!served)
        {
            return ReconcileResult.After(Again);
        }

        if (composite is not null)
        {
            await waker.WakeUntestedAsync(composite, CancellationToken.None);
        }

        return ReconcileResult.Done;
    }
}
