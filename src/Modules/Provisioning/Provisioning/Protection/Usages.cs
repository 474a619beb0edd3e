using System.Text.Json.Nodes;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Protection;

/// <summary>Reads the usages that are there. They are few, and all of them are looked at.</summary>
internal sealed class Usages(ResourceStore store, KindRegistry kinds, DueIndex due, TimeProvider clock)
{
    /// <summary>Why a resource may not be deleted now; null when nothing uses it.</summary>
    public async Task<string?> InTheWayAsync(ResourceKey key, CancellationToken ct) => Reason(key, await ProtectingAsync(key, ct));

    /// <summary>As <see cref="InTheWayAsync"/>; the usages then look at once whether what uses it is still there.</summary>
    public async Task<string?> AskAsync(ResourceKey key, CancellationToken ct)
    {
        var protecting = await ProtectingAsync(key, ct);
        if (protecting.Count > 0)
        {
            var now = clock.GetUtcNow();
            await due.SetAsync([.. protecting.Select(u => new DueChange(UsageGrain.Controller, KeyOf(u).ToString(), now))], ct);
        }

        return Reason(key, protecting);
    }

    /// <summary>The usages that protect a resource.</summary>
    public async Task<IReadOnlyList<JsonObject>> OfAsync(KindDefinition kind, ResourceKey key, CancellationToken ct)
    {
        var wanted = new UsedResource(key.Kind.Group, kind.Kind, key.Namespace, key.Name);
        return [.. (await AllAsync(ct)).Where(u => UsedResource.Of(u, "of") is { } of && (kind.Namespaced ? of : of with { Namespace = "" }) == wanted)];
    }

    public async Task<IReadOnlyList<JsonObject>> AllAsync(CancellationToken ct)
    {
        var all = new List<JsonObject>();
        foreach (var kind in UsageKinds.All)
        {
            all.AddRange((await store.ListAsync(new ListQuery(kind.Id), ct)).Items.Select(i => i.ToDocument()));
        }

        return all;
    }

    private async Task<IReadOnlyList<JsonObject>> ProtectingAsync(ResourceKey key, CancellationToken ct) =>
        kinds.Find(key.Kind) is { } kind ? [.. (await OfAsync(kind, key, ct)).Where(u => !u.IsDeleting())] : [];

    private string? Reason(ResourceKey key, IReadOnlyList<JsonObject> protecting)
    {
        var reasons = protecting.Select(u => UsedResource.Of(u, "by") is { } by ? $"{by} uses it (usage '{u.NameOf()}')" : $"usage '{u.NameOf()}' says: {u["spec"].Text("reason")}");
        return protecting.Count == 0 ? null
            : $"{kinds.Find(key.Kind)!.Kind} '{key.Display}' is in use: {string.Join("; ", reasons)}. Delete what uses it, or the usage, first.";
    }

    private ResourceKey KeyOf(JsonObject usage) => kinds.TryFind(usage.Text("apiVersion"), usage.Text("kind"), out var kind)
        ? kind.Key(usage.NamespaceOf(), usage.NameOf())
        : throw new InvalidOperationException($"the kind of usage '{usage.NameOf()}' is not served");
}
