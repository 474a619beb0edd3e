using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.Tests;

[GrainInterfaceType("flagstone.composition-test")]
internal interface ICompositionTestGrain : IReconcileGrain;

/// <summary>Has a composition tested again when one of its tests comes or changes. The key is the test's name.</summary>
[GrainType("flagstone.composition-test")]
internal sealed class CompositionTestGrain(ResourceStore store, ResourceGateway gateway, DueIndex due, TimeProvider clock) : Grain, ICompositionTestGrain
{
    public const string Controller = CompositionTests.Controller;

    public async Task<ReconcileResult> ReconcileAsync()
    {
        var key = CompositionTestKind.Test.Key("", this.GetPrimaryKeyString());
        if (await store.FindAsync(key, CancellationToken.None) is not { } found)
        {
            return ReconcileResult.Done;
        }

        var composition = found.ToDocument().At("spec", "compositionRef").Text("name");
        if (await store.FindAsync(CompositionKinds.Composition.Key("", composition), CancellationToken.None) is null)
        {
            await gateway.SetStatusAsync(Controller, CompositionTestKind.Test, key, document => document.SetCondition(
                Condition.Unknown(CompositionTests.Passed, "NoComposition", $"Composition '{composition}' is not there"), clock.GetUtcNow()), CancellationToken.None);
            return ReconcileResult.Done;
        }

        await due.SetAsync([new DueChange(CompositionGrain.Controller, composition, clock.GetUtcNow())], CancellationToken.None);
        return ReconcileResult.Done;
    }
}
