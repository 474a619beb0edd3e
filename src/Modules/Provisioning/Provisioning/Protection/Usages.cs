using System.Text.Json.Nodes;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Protection;

/// <summary>Reads the usages of a resource, by a label that says what each protects: there may be one for each claim.</summary>
internal sealed class Usages(ResourceStore store, KindRegistry kinds, DueIndex due, TimeProvider clock)
{
    private const string ProtectsLabel = "flagstone.dev/protects";

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
        return [.. (await OfAsync(wanted, ct)).Where(u => UsedResource.Of(u, "of") is { } of && (kind.Namespaced ? of : of with { Namespace = "" }) == wanted)];
    }

    /// <summary>All that is used by what uses a resource, and so on, each with what uses it.</summary>
    public async Task<IReadOnlyList<(JsonObject Usage, UsedResource Of, UsedResource By)>> AboveAsync(UsedResource resource, CancellationToken ct)
    {
        var found = new List<(JsonObject, UsedResource, UsedResource)>();
        var seen = new HashSet<UsedResource> { resource };
        var open = new Queue<UsedResource>([resource]);
        while (open.TryDequeue(out var at))
        {
            foreach (var usage in await OfAsync(at, ct))
            {
                if (UsedResource.Of(usage, "of") == at && UsedResource.Of(usage, "by") is { } by)
                {
                    found.Add((usage, at, by));
                    if (seen.Add(by))
                    {
                        open.Enqueue(by);
                    }
                }
            }
        }

        return found;
    }

    /// <summary>Notes on a usage what it protects, where that is known.</summary>
    public static void Label(JsonObject usage)
    {
        if (UsedResource.Of(usage, "of") is { } of)
        {
            usage.MetadataMap("labels")[ProtectsLabel] = of.LabelValue;
        }
    }

    private async Task<List<JsonObject>> OfAsync(UsedResource used, CancellationToken ct)
    {
        var selector = LabelSelector.Equal(new Dictionary<string, string> { [ProtectsLabel] = used.LabelValue });
        var all = new List<JsonObject>();
        foreach (var kind in UsageKinds.All)
        {
            all.AddRange((await store.ListAsync(new ListQuery(kind.Id, Labels: selector), ct)).Items.Select(i => i.ToDocument()));
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
