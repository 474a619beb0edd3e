using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Runs;
using Flagstone.Catalog.Services;
using Flagstone.Platform.Identity;
using Flagstone.Ui.Components;
using Flagstone.Ui.Home;

namespace Flagstone.Catalog.Console;

/// <summary>Git sources whose branch is not applied. They have no page of their own: the service's shows them.</summary>
internal sealed class SourcesAtHome(CatalogReader catalog) : IHomeSource
{
    private const string EntityNamespace = "default";

    public int Order => 15;

    public async Task<HomeSection> ReadAsync(Caller caller, CancellationToken ct)
    {
        var (sources, _) = await catalog.ListAsync(caller, GitKinds.Source, null, ct);
        var items = new List<HomeItem>();
        foreach (var source in sources.Select(SourceRow.Of).Where(s => s.Problem.Length > 0))
        {
            var service = await catalog.FindAsync(caller, EntityKinds.Component, EntityNamespace, ServiceNameRules.NamespaceOf(source.Name), ct);
            var href = service is null ? "" : ServiceRow.Of(service, catalog.AppsUrl).Href;
            items.Add(new HomeItem("git source", source.Name, href, new Status("Refused", Tone.Bad, source.Problem), source.Since));
        }

        return new HomeSection("Git sources", "", sources.Count, items);
    }
}
