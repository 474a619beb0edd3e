using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Protection;

[GrainInterfaceType("flagstone.usage")]
internal interface IUsageGrain : IReconcileGrain;

/// <summary>
/// Resolves what a usage selects, marks what is in use, and lets go of a usage whose user is gone. Who composed what is protected tries its deletion
/// again by itself; what a person tried to delete is not deleted in their name later, whatever <c>replayDeletion</c> says. The key is the usage's.
/// </summary>
[GrainType("flagstone.usage")]
internal sealed class UsageGrain(ResourceStore store, ResourceGateway gateway, KindRegistry kinds, Usages usages, TimeProvider clock) : Grain, IUsageGrain
{
    public const string Controller = "usage";

    public const string InUseLabel = "crossplane.io/in-use";
    public const string Finalizer = "usage.apiextensions.crossplane.io";

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    /// <summary>Who is kept from deleting by a usage wakes it (<see cref="Usages.AskAsync"/>); this is for people, who do not.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key) || kinds.Find(key.Kind) is not { } kind
            || await store.FindAsync(key, CancellationToken.None) is not { } found)
        {
            return ReconcileResult.Done;
        }

        var usage = found.ToDocument();
        if (usage.IsDeleting())
        {
            return await ReleaseAsync(kind, key, usage);
        }

        usage = await ResolveAsync(kind, key, usage);
        if (await FindAsync(usage, "of") is not { } of)
        {
            await SetAsync(kind, key, Condition.False("Ready", "Waiting", "What is used is not there yet"));
            return ReconcileResult.After(Again);
        }

        var by = await FindAsync(usage, "by");
        if (UsedResource.Of(usage, "by") is not null && by is null)
        {
            if (usage.Finalizers().Contains(Finalizer) && usage.FindCondition("Ready") is { Status: "True" })
            {
                // What used it is gone: the usage has done its work.
                await gateway.RemoveAsync(Controller, kind, key, new DeleteOptions(Uid: usage.UidOf()), CancellationToken.None);
                return ReconcileResult.After(TimeSpan.Zero);
            }

            await SetAsync(kind, key, Condition.False("Ready", "Waiting", "What uses it is not there yet"));
            return ReconcileResult.After(Again);
        }

        await gateway.MutateAsync(Controller, kind, key, d => d.AddFinalizer(Finalizer), new WriteOptions(), CancellationToken.None);
        await gateway.MutateAsync(Controller, of.Kind, of.Key, d => d.MetadataMap("labels")[InUseLabel] = "true", new WriteOptions(), CancellationToken.None);
        await SetAsync(kind, key, Condition.True("Ready", "Available"));
        return by is null ? ReconcileResult.Done : ReconcileResult.After(Settled);
    }

    private async Task<ReconcileResult> ReleaseAsync(KindDefinition kind, ResourceKey key, JsonObject usage)
    {
        if (await FindAsync(usage, "of") is { } of)
        {
            var others = (await usages.OfAsync(of.Kind, of.Key, CancellationToken.None)).Any(u => u.UidOf() != usage.UidOf() && !u.IsDeleting());
            if (!others)
            {
                await gateway.MutateAsync(Controller, of.Kind, of.Key, d => (d.At("metadata", "labels") as JsonObject)?.Remove(InUseLabel), new WriteOptions(), CancellationToken.None);
            }
        }

        await gateway.MutateAsync(Controller, kind, key, d => d.RemoveFinalizer(Finalizer), new WriteOptions(), CancellationToken.None);
        return ReconcileResult.Done;
    }

    /// <summary>Writes down what the selectors find, once: which resource is protected does not change afterwards.</summary>
    private async Task<JsonObject> ResolveAsync(KindDefinition kind, ResourceKey key, JsonObject usage)
    {
        foreach (var side in (string[])["of", "by"])
        {
            if (usage.At("spec", side) is not JsonObject part || part["resourceRef"] is not null || part["resourceSelector"] is not JsonObject selector
                || !kinds.TryFind(part.Text("apiVersion"), part.Text("kind"), out var selected))
            {
                continue;
            }

            var labels = (selector["matchLabels"] as JsonObject ?? []).ToDictionary(l => l.Key, l => l.Value?.ToString() ?? "", StringComparer.Ordinal);
            var controller = selector["matchControllerRef"] is JsonValue v && v.GetValueKind() == System.Text.Json.JsonValueKind.True ? usage.OwnerUid() : null;
            var page = await store.ListAsync(new ListQuery(selected.Id, usage.NamespaceOf() is { Length: > 0 } ns ? ns : null, LabelSelector.Equal(labels)), CancellationToken.None);
            if (page.Items.Select(i => i.ToDocument()).FirstOrDefault(d => controller is null || d.OwnerUid() == controller) is { } chosen
                && await gateway.MutateAsync(Controller, kind, key, d => Choose(d, side, chosen.NameOf()), new WriteOptions(), CancellationToken.None) is { } written)
            {
                usage = written.ToDocument();
            }
        }

        return usage;
    }

    private static void Choose(JsonObject usage, string side, string name)
    {
        usage["spec"]![side]!["resourceRef"] = new JsonObject { ["name"] = name };
        Usages.Label(usage);
    }

    private async Task<(KindDefinition Kind, ResourceKey Key)?> FindAsync(JsonObject usage, string side)
    {
        if (UsedResource.Of(usage, side) is not { } used || !kinds.TryFind(usage.At("spec", side).Text("apiVersion"), used.Kind, out var kind))
        {
            return null;
        }

        var key = kind.Key(used.Namespace, used.Name);
        return await store.FindAsync(key, CancellationToken.None) is null ? null : (kind, key);
    }

    private Task SetAsync(KindDefinition kind, ResourceKey key, Condition condition) =>
        gateway.SetStatusAsync(Controller, kind, key, d => d.SetCondition(condition, clock.GetUtcNow()), CancellationToken.None);
}
