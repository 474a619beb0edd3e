using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Compositions;

[GrainInterfaceType("flagstone.composition")]
internal interface ICompositionGrain : IReconcileGrain;

/// <summary>Wakes whatever a composition concerns when it comes or changes. The key is its name.</summary>
[GrainType("flagstone.composition")]
internal sealed class CompositionGrain(ResourceStore store, KindRegistry kinds, DueIndex due, TimeProvider clock) : Grain, ICompositionGrain
{
    public const string Controller = "composition";

    private const int Page = 500;

    public async Task<ReconcileResult> ReconcileAsync()
    {
        var key = new ResourceKey(CompositionKinds.CompositionId, "", this.GetPrimaryKeyString());
        var type = (await store.FindAsync(key, CancellationToken.None))?.ToDocument().At("spec", "compositeTypeRef");
        if (type is null || !kinds.TryFind(type.Text("apiVersion"), type.Text("kind"), out var composite))
        {
            return ReconcileResult.Done;
        }

        await WakeAsync(composite, CompositeGrain.Controller);
        if (kinds.Partner(composite) is { } claim)
        {
            await WakeAsync(claim, ClaimGrain.Controller);
        }

        return ReconcileResult.Done;
    }

    private async Task WakeAsync(KindDefinition kind, string controller)
    {
        (string, string)? after = null;
        ListPage page;
        do
        {
            page = await store.ListAsync(new ListQuery(kind.Id, Limit: Page, After: after), CancellationToken.None);
            if (page.Items.Count == 0)
            {
                return;
            }

            var now = clock.GetUtcNow();
            await due.SetAsync([.. page.Items.Select(i => new DueChange(controller, i.Key.ToString(), now))], CancellationToken.None);
            after = (page.Items[^1].Key.Namespace, page.Items[^1].Key.Name);
        }
        while (page.More);
    }
}
