using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.Revisions;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Compositions;

[GrainInterfaceType("flagstone.composition")]
internal interface ICompositionGrain : IReconcileGrain;

/// <summary>Makes the revision of what a composition says, and wakes what uses it when another becomes current. The key is its name.</summary>
[GrainType("flagstone.composition")]
internal sealed class CompositionGrain(ResourceStore store, KindRegistry kinds, ImpliedKinds implied, CompositionRevisions revisions, CompositeWaker waker) : Grain, ICompositionGrain
{
    public const string Controller = "composition";

    /// <summary>Its tests cannot run before its composite's kind is served. The definition wakes it, but may do so between its look and its verdict.</summary>
    private static readonly TimeSpan Unserved = TimeSpan.FromSeconds(5);

    public async Task<ReconcileResult> ReconcileAsync()
    {
        var key = new ResourceKey(CompositionKinds.CompositionId, "", this.GetPrimaryKeyString());
        if (await store.FindAsync(key, CancellationToken.None) is not { } found || found.ToDocument() is not { } composition || composition.IsDeleting())
        {
            return ReconcileResult.Done;
        }

        foreach (var composed in Bases(composition).Where(b => ImpliedKinds.IsManaged(b) && !kinds.TryFind(b.Text("apiVersion"), b.Text("kind"), out _)))
        {
            await implied.DefineAsync(composed.Text("apiVersion"), composed.Text("kind"), CancellationToken.None);
        }

        var type = composition.At("spec", "compositeTypeRef");
        var served = kinds.TryFind(type.Text("apiVersion"), type.Text("kind"), out _);
        await revisions.AdvanceAsync(composition, CancellationToken.None);
        await waker.WakeAsync(composition, CancellationToken.None);
        return served ? ReconcileResult.Done : ReconcileResult.After(Unserved);
    }

    /// <summary>What its templates start from; of a composition that is not patched and transformed nothing is known before it renders.</summary>
    private static IEnumerable<JsonObject> Bases(JsonObject composition) =>
        new[] { composition.At("spec", "resources") }.Concat((composition.At("spec", "pipeline") as JsonArray ?? []).Select(s => s.At("input", "resources")))
            .OfType<JsonArray>().SelectMany(r => r).Select(r => r?["base"]).OfType<JsonObject>();
}
