using Flagstone.Catalog.Deployments;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Runs;
using Flagstone.Catalog.Sources;
using Flagstone.Platform;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Catalog;

/// <summary>
/// What a start does: it clears what a stopped Git left, has every source compare its branch, because a push may have been acknowledged just
/// before the last stop, and stores the golden paths.
/// </summary>
internal sealed partial class CatalogStart(
    RepositoryFolder folder, PlatformOptions options, ResourceStore store, DueIndex due, BuiltInTemplates templates, TimeProvider clock, ILogger<CatalogStart> logger)
    : BackgroundService, IStartWork
{
    // Where other processes share the folder, what is younger than any push may take is theirs.
    private static readonly TimeSpan Shared = TimeSpan.FromHours(1);

    public Task Finished => ExecuteTask ?? Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var now = clock.GetUtcNow();
        if (RepositoryLeftovers.Remove(folder, options.IsEmbedded ? now : now - Shared) is > 0 and var removed)
        {
            LogRemoved(removed);
        }

        var sources = (await store.ListAsync(new ListQuery(GitKinds.Source), stoppingToken)).Items;
        var repositories = (await store.ListAsync(new ListQuery(GitKinds.Repository), stoppingToken)).Items;
        var changes = sources.Select(s => new DueChange(GitSourceGrain.Controller, s.Key.ToString(), now))
            .Concat(repositories.Select(r => new DueChange(ReleaseGrain.Controller, r.Key.ToString(), now)));
        await due.SetAsync([.. changes], stoppingToken);
        await templates.StoreAsync(stoppingToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Count} leftovers of a stopped Git")]
    private partial void LogRemoved(int count);
}
