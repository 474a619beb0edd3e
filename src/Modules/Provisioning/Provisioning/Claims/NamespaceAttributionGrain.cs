using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

[GrainInterfaceType("flagstone.namespace-attribution")]
internal interface INamespaceAttributionGrain : IReconcileGrain;

/// <summary>Wakes the claims of a namespace whose labels say something else of them now (<see cref="Attribution"/>). The key is its name.</summary>
[GrainType("flagstone.namespace-attribution")]
internal sealed class NamespaceAttributionGrain(ResourceStore store, KindRegistry kinds, DueIndex due, TimeProvider clock) : Grain, INamespaceAttributionGrain
{
    public const string Controller = "namespace-attribution";

    private const int Page = 500;

    public static IEnumerable<string> Route(CommittedRow row) =>
        row.Key.Kind == NamespaceView.Kind && row.Change == ChangeType.Modified
        && Attribution.Labels.Any(l => Documents.LabelIn(row.Labels, l) != Documents.LabelIn(row.OldLabels, l)) ? [row.Key.Name] : [];

    public async Task<ReconcileResult> ReconcileAsync()
    {
        foreach (var kind in kinds.All.Where(k => k.IsClaim()))
        {
            (string, string)? after = null;
            ListPage page;
            do
            {
                page = await store.ListAsync(new ListQuery(kind.Id, this.GetPrimaryKeyString(), Limit: Page, After: after), CancellationToken.None);
                if (page.Items is not [.., var last])
                {
                    break;
                }

                var now = clock.GetUtcNow();
                await due.SetAsync([.. page.Items.Select(i => new DueChange(ClaimGrain.Controller, i.Key.ToString(), now))], CancellationToken.None);
                after = (last.Key.Namespace, last.Key.Name);
            }
            while (page.More);
        }

        return ReconcileResult.Done;
    }
}
