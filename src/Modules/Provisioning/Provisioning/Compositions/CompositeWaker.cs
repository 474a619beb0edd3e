using System.Text.Json.Nodes;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions.Revisions;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Wakes all composites that a composition may concern, and the claims above them.</summary>
internal sealed class CompositeWaker(ResourceStore store, KindRegistry kinds, DueIndex due, TimeProvider clock)
{
    private const int Page = 500;

    public async Task WakeAsync(JsonObject composition, CancellationToken ct)
    {
        var type = composition.At("spec", "compositeTypeRef");
        if (!kinds.TryFind(type.Text("apiVersion"), type.Text("kind"), out var composite))
        {
            return;
        }

        await WakeAsync(composite, CompositeGrain.Controller, ct);
        if (kinds.Partner(composite) is { } claim)
        {
            await WakeAsync(claim, ClaimGrain.Controller, ct);
        }
    }

    /// <summary>Wakes the composites of each composition that reads EnvironmentConfigs.</summary>
    public async Task WakeReadersAsync(CancellationToken ct)
    {
        foreach (var composition in (await store.ListAsync(new ListQuery(CompositionKinds.CompositionId), ct)).Items.Select(i => i.ToDocument()).Where(Reads))
        {
            await WakeAsync(composition, ct);
        }
    }

    /// <summary>Wakes the compositions of a kind that could not be tested, or did not pass, before it was served.</summary>
    public async Task WakeUntestedAsync(KindDefinition composite, CancellationToken ct)
    {
        var waiting = (await store.ListAsync(new ListQuery(CompositionKinds.CompositionId), ct)).Items.Select(i => i.ToDocument())
            .Where(c => !c.IsTrue(CompositionRevisions.Current) && c.At("spec", "compositeTypeRef") is var type
                && type.Text("kind") == composite.Kind && type.Text("apiVersion").StartsWith($"{composite.Id.Group}/", StringComparison.Ordinal))
            .Select(c => new DueChange(CompositionGrain.Controller, c.NameOf(), clock.GetUtcNow())).ToList();
        if (waiting.Count > 0)
        {
            await due.SetAsync(waiting, ct);
        }
    }

    private static bool Reads(JsonObject composition) =>
        composition.At("spec", "environment") is not null
        || (composition.At("spec", "pipeline") as JsonArray ?? []).Any(s => BuiltInFunctions.Find(s.At("functionRef").Text("name")) is not { MayRequire: false });

    private async Task WakeAsync(KindDefinition kind, string controller, CancellationToken ct)
    {
        (string, string)? after = null;
        ListPage page;
        do
        {
            page = await store.ListAsync(new ListQuery(kind.Id, Limit: Page, After: after), ct);
            if (page.Items.Count == 0)
            {
                return;
            }

            var now = clock.GetUtcNow();
            await due.SetAsync([.. page.Items.Select(i => new DueChange(controller, i.Key.ToString(), now))], ct);
            after = (page.Items[^1].Key.Namespace, page.Items[^1].Key.Name);
        }
        while (page.More);
    }
}
