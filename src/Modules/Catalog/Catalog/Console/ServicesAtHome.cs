using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Runs;
using Flagstone.Catalog.Services;
using Flagstone.Platform.Identity;
using Flagstone.Ui.Components;
using Flagstone.Ui.Home;

namespace Flagstone.Catalog.Console;

/// <summary>Services that are not as they should be, and commits to Git that are not applied.</summary>
internal sealed class ServicesAtHome(CatalogReader catalog) : IHomeSource
{
    private const string EntityNamespace = "default";

    public int Order => 10;

    public async Task<HomeSection> ReadAsync(Caller caller, CancellationToken ct)
    {
        var (items, _) = await catalog.ListAsync(caller, EntityKinds.Component, null, ct);
        var services = items.Select(i => ServiceRow.Of(i, catalog.AppsUrl)).Where(r => r.IsService).ToList();
        var (sources, _) = await catalog.ListAsync(caller, GitKinds.Source, null, ct);
        var hrefs = services.Where(s => s.Namespace == EntityNamespace).ToDictionary(s => s.Name, s => s.Href, StringComparer.Ordinal);
        return new HomeSection("Services", "/services", services.Count,
        [
            .. services.Where(r => r.NeedsAttention).Select(r => new HomeItem("service", r.Name, r.Href, r.Status, r.Since)),
            .. sources.Select(SourceRow.Of).Where(s => s.Problem.Length > 0).Select(s => Refused(s, hrefs)),
        ]);
    }

    private static HomeItem Refused(SourceRow source, Dictionary<string, string> hrefs) => new(
        "Git source", source.Name, hrefs.GetValueOrDefault(ServiceNameRules.NamespaceOf(source.Name), ""), new Status("Refused", Tone.Bad, source.Problem), source.Since);
}
