using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Collecting;

[GrainInterfaceType("flagstone.deletion")]
internal interface IDeletionGrain : IReconcileGrain;

/// <summary>Brings a foreground or orphaning deletion, and that of a namespace, to its end. The key is the resource's.</summary>
[GrainType("flagstone.deletion")]
internal sealed class DeletionGrain(ResourceStore store, ResourceGateway gateway, KindRegistry kinds) : Grain, IDeletionGrain
{
    public const string Controller = "deletion";

    private const int Page = 500;
    private static readonly byte[] DefinitionFinalizer = System.Text.Encoding.UTF8.GetBytes(ResourceGateway.DefinitionFinalizer);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);

    /// <summary>Resources on their way out that wait for the platform, and owners whose last dependent may just have gone.</summary>
    public static IEnumerable<string> Route(CommittedRow row)
    {
        if (row.Change == ChangeType.Modified
            && (row.Key.Kind == NamespaceView.Kind || row.Body.Span.IndexOf("\"foregroundDeletion\""u8) >= 0 || row.Body.Span.IndexOf("\"orphan\""u8) >= 0
                || row.Body.Span.IndexOf(DefinitionFinalizer) >= 0))
        {
            yield return row.Key.ToString();
        }
    }

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key)
            || kinds.Find(key.Kind) is not { } kind
            || await store.FindAsync(key, CancellationToken.None) is not { } found
            || found.ToDocument() is var document && !document.IsDeleting())
        {
            return ReconcileResult.Done;
        }

        if (key.Kind == NamespaceView.Kind)
        {
            return await EmptyNamespaceAsync(kind, key);
        }

        var finalizers = document.Finalizers();
        if (kind.DefinesKinds && finalizers.Contains(ResourceGateway.DefinitionFinalizer))
        {
            return await EmptyKindsAsync(kind, key);
        }

        var dependents = await store.OwnedByAsync(found.Uid, CancellationToken.None);
        if (finalizers.Contains("orphan"))
        {
            foreach (var dependent in dependents)
            {
                await gateway.MutateAsync(Controller, kinds.Find(dependent.Key.Kind)!, dependent.Key, d => RemoveOwner(d, found.Uid), new WriteOptions(), CancellationToken.None);
            }

            await FinishAsync(kind, key, "orphan");
            return ReconcileResult.Done;
        }

        if (!finalizers.Contains("foregroundDeletion"))
        {
            return ReconcileResult.Done;
        }

        foreach (var dependent in dependents.Where(d => !d.ToDocument().IsDeleting()))
        {
            await gateway.RemoveAsync(
                Controller, kinds.Find(dependent.Key.Kind)!, dependent.Key, new DeleteOptions(Propagation.Foreground, dependent.Uid), CancellationToken.None);
        }

        if ((await store.OwnedByAsync(found.Uid, CancellationToken.None)).Count > 0)
        {
            return ReconcileResult.After(Again);
        }

        await FinishAsync(kind, key, "foregroundDeletion");
        return ReconcileResult.Done;
    }

    private async Task<ReconcileResult> EmptyKindsAsync(KindDefinition kind, ResourceKey key)
    {
        if (!await EmptyAsync(kinds.All.Where(k => k.DefinedBy == key), ns: null))
        {
            return ReconcileResult.After(Again);
        }

        await FinishAsync(kind, key, ResourceGateway.DefinitionFinalizer);
        return ReconcileResult.Done;
    }

    /// <summary>Deletes what there is of these kinds, a page of each at a time; true when nothing is left.</summary>
    private async Task<bool> EmptyAsync(IEnumerable<KindDefinition> contents, string? ns)
    {
        var empty = true;
        foreach (var content in contents.ToList())
        {
            var page = await store.ListAsync(new ListQuery(content.Id, ns, Limit: Page), CancellationToken.None);
            foreach (var item in page.Items.Where(i => !i.ToDocument().IsDeleting()))
            {
                await gateway.RemoveAsync(Controller, content, item.Key, new DeleteOptions(Uid: item.Uid), CancellationToken.None);
            }

            empty &= (await store.ListAsync(new ListQuery(content.Id, ns, Limit: 1), CancellationToken.None)).Items.Count == 0;
        }

        return empty;
    }

    private async Task<ReconcileResult> EmptyNamespaceAsync(KindDefinition kind, ResourceKey key)
    {
        if (!await EmptyAsync(kinds.All.Where(k => k.Namespaced && !k.Transient), key.Name))
        {
            return ReconcileResult.After(Again);
        }

        await gateway.MutateAsync(Controller, kind, key, d => d["spec"] = new JsonObject(), new WriteOptions(), CancellationToken.None);
        return ReconcileResult.Done;
    }

    private async Task FinishAsync(KindDefinition kind, ResourceKey key, string finalizer) =>
        await gateway.MutateAsync(Controller, kind, key, d => RemoveFinalizer(d, finalizer), new WriteOptions(), CancellationToken.None);

    private static void RemoveFinalizer(JsonObject document, string finalizer)
    {
        var rest = document.Finalizers().Where(f => f != finalizer).Select(f => (JsonNode)f).ToArray();
        if (rest.Length == 0)
        {
            document.Metadata().Remove("finalizers");
            return;
        }

        document.Metadata()["finalizers"] = new JsonArray(rest);
    }

    private static void RemoveOwner(JsonObject document, string uid)
    {
        var rest = document.OwnerReferences().Where(o => o.Text("uid") != uid).Select(o => o.DeepClone()).ToArray();
        if (rest.Length == 0)
        {
            document.Metadata().Remove("ownerReferences");
            return;
        }

        document.Metadata()["ownerReferences"] = new JsonArray(rest);
    }
}
