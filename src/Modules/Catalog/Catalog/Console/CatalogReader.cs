using System.Text.Json.Nodes;
using Flagstone.Platform;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Console;

/// <summary>What the pages read of the store: bounded, and only what the caller may.</summary>
internal sealed class CatalogReader(ResourceStore store, KindRegistry kinds, PlatformOptions options)
{
    /// <summary>A page filters and sorts this many in memory; it says when there are more.</summary>
    public const int MaxRows = 2_000;

    /// <summary>Where services are reached.</summary>
    public string AppsUrl => options.PublicAppsUrl;

    public KindDefinition? Kind(KindId id) => kinds.Find(id);

    /// <summary>Those of a kind, and whether there are more. A kind that is not served, or that the caller may not list, has none.</summary>
    public async Task<(IReadOnlyList<JsonObject> Items, bool More)> ListAsync(Caller caller, KindId id, string? ns, CancellationToken ct)
    {
        if (kinds.Find(id) is not { } kind || AccessRules.Refuse(caller, "list", kind, ns ?? "") is not null)
        {
            return ([], false);
        }

        var page = await store.ListAsync(new ListQuery(id, ns, Limit: MaxRows), ct);
        return ([.. page.Items.Select(i => i.ToDocument())], page.More);
    }

    public async Task<JsonObject?> FindAsync(Caller caller, KindId id, string ns, string name, CancellationToken ct) =>
        kinds.Find(id) is { } kind && AccessRules.Refuse(caller, "get", kind, ns) is null
            ? (await store.FindAsync(kind.Key(ns, name), ct))?.ToDocument()
            : null;

    public Task<long> CountAsync(KindId id, CancellationToken ct) => kinds.Find(id) is null ? Task.FromResult(0L) : store.CountAsync(id, null, ct);

    /// <summary>What was asked for in a namespace, of every kind that can be: claims, and composites that lie there.</summary>
    public async Task<IReadOnlyList<(KindDefinition Kind, JsonObject Claim)>> ClaimsAsync(Caller caller, string ns, CancellationToken ct)
    {
        var found = new List<(KindDefinition, JsonObject)>();
        foreach (var kind in kinds.All.Where(k => k.AskedFor).OrderBy(k => k.Kind, StringComparer.Ordinal))
        {
            var (items, _) = await ListAsync(caller, kind.Id, ns, ct);
            found.AddRange(items.Where(kind.IsAskedFor).Select(i => (kind, i)));
        }

        return found;
    }
}
