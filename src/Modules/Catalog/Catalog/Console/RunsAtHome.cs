using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Runs;
using Flagstone.Platform.Identity;
using Flagstone.Ui.Components;
using Flagstone.Ui.Home;

namespace Flagstone.Catalog.Console;

/// <summary>Runs of golden paths that failed. One that has been done again well stays failed, so only the last day's are shown.</summary>
internal sealed class RunsAtHome(CatalogReader catalog, TimeProvider clock) : IHomeSource
{
    private static readonly TimeSpan Recent = TimeSpan.FromDays(1);

    public int Order => 30;

    public async Task<HomeSection> ReadAsync(Caller caller, CancellationToken ct)
    {
        var (items, _) = await catalog.ListAsync(caller, TemplateKinds.Run, null, ct);
        var since = clock.GetUtcNow() - Recent;
        return new HomeSection("Runs", "/runs", await catalog.CountAsync(TemplateKinds.Run, ct),
            [.. items.Select(RunRow.Of)
                .Where(r => r.Status.Tone == Tone.Bad && (r.Finished ?? r.Created) >= since)
                .Select(r => new HomeItem("run", r.Name, r.Href, r.Status, r.Finished))]);
    }
}
