using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Services;
using Flagstone.Platform.Identity;
using Flagstone.Ui.Components;
using Flagstone.Ui.Home;

namespace Flagstone.Catalog.Console;

/// <summary>Services that are not as they should be.</summary>
internal sealed class ServicesAtHome(CatalogReader catalog) : IHomeSource
{
    public int Order => 10;

    public async Task<HomeSection> ReadAsync(Caller caller, CancellationToken ct)
    {
        var (items, _) = await catalog.ListAsync(caller, EntityKinds.Component, null, ct);
        var services = items.Select(i => ServiceRow.Of(i, catalog.AppsUrl)).Where(r => r.IsService).ToList();
        return new HomeSection("Services", "/services", services.Count,
            [.. services.Where(r => r.NeedsAttention).Select(r => new HomeItem("service", r.Name, r.Href, r.Status, r.Since))]);
    }
}
