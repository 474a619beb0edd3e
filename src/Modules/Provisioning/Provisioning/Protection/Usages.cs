using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Protection;

/// <summary>Reads the usages that are there. They are few, and all of them are looked at.</summary>
internal sealed class Usages(ResourceStore store, KindRegistry kinds)
{
    /// <summary>Why a resource may not be deleted now; null when nothing uses it.</summary>
    public async Task<string?> InTheWayAsync(ResourceKey key, CancellationToken ct)
    {
        if (kinds.Find(key.Kind) is not { } kind)
        {
            return null;
        }

        var used = (await OfAsync(kind, key, ct)).Where(u => !u.IsDeleting()).ToList();
        if (used.Count == 0)
        {
            return null;
        }

        var reasons = used.Select(u => UsedResource.Of(u, "by") is { } by ? $"{by} uses it (usage '{u.NameOf()}')" : $"usage '{u.NameOf()}' says: {u["spec"].Text("reason")}");
        return $"{kind.Kind} '{key.Display}' is in use: {string.Join("; ", reasons)}. Delete what uses it, or the usage, first.";
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
}
