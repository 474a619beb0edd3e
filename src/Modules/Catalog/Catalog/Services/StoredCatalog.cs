using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Runs;
using Flagstone.Catalog.Sources;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Services;

/// <summary>The catalog for other modules, from the store.</summary>
internal sealed class StoredCatalog(ResourceStore store) : ICatalog
{
    public async Task<ServiceFacts?> FindServiceAsync(EntityName service, CancellationToken ct) =>
        await store.FindAsync(new ResourceKey(EntityKinds.Component, service.Namespace, service.Name), ct) is { } found ? Facts(found.ToDocument()) : null;

    public async Task<ServiceFacts?> FindServiceOfAsync(string ns, CancellationToken ct) =>
        (await store.FindAsync(NamespaceView.KeyOf(ns), ct))?.ToDocument().Label(ServiceNameRules.ServiceLabel) is { Length: > 0 } name
            && EntityName.TryParse(name, out var service)
            ? await FindServiceAsync(service, ct)
            : null;

    public async Task<TeamFacts?> FindTeamAsync(EntityName team, CancellationToken ct)
    {
        if (await store.FindAsync(ServiceRoutes.TeamKey(team), ct) is not { } found)
        {
            return null;
        }

        var document = found.ToDocument();
        var title = document["metadata"].Text("title") is { Length: > 0 } own ? own : team.Name;
        return new TeamFacts(team, title, [.. (document.At("spec", "members") as JsonArray ?? []).Select(m => m?.ToString() ?? "").Where(m => m.Length > 0)]);
    }

    public async Task<string?> FindSourceAsync(JsonObject resource, CancellationToken ct) =>
        SourceRules.OtherSource(resource, "") is { } source && !SourceRules.IsLeftAlone(resource)
            && await store.FindAsync(GitKinds.SourceKey(source), ct) is { } found && !found.ToDocument().IsDeleting() ? source : null;

    public static ServiceFacts Facts(JsonObject component) => new(
        new EntityName(component.NamespaceOf(), component.NameOf()),
        ServiceReader.NamespaceOf(component),
        component["spec"].Text("owner"),
        component["spec"].Text("lifecycle"),
        Enum.TryParse<ServicePhase>(component["status"].Text("phase"), out var phase) ? phase : null,
        component["status"].Text("commit") is { Length: > 0 } commit ? commit : null);
}
