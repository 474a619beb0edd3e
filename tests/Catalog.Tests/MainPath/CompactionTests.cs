using Flagstone.Catalog.Tests.Repositories;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Resources;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Catalog.Tests.MainPath;

/// <summary>The scheduled forgetting of revisions, as a host of the real kernel does it.</summary>
public sealed class CompactionTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_running_host_forgets_revisions_by_itself_once_they_are_a_day_old()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        var clock = new ShiftedClock();
        await using var platform = await PlatformHost.StartAsync(folder.At("data"), clock);
        await platform.UntilAsync("templates.scaffolder.backstage.io/default/nodejs-postgresql", "stored", _ => true);
        var compaction = platform.Services.GetRequiredService<Compaction>();
        Assert.Equal(0, await compaction.PointAsync(patience.Token));

        clock.Advance(TimeSpan.FromHours(25));

        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await compaction.PointAsync(patience.Token) == 0)
        {
            await pace.WaitForNextTickAsync(patience.Token);
        }

        var head = (await platform.Services.GetRequiredService<ResourceStore>().ListAsync(new ListQuery(new KindId("namespaces", "")), patience.Token)).Version;
        Assert.InRange(await compaction.PointAsync(patience.Token), 1, head);
    }
}
