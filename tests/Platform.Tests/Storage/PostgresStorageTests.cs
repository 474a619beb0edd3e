using Flagstone.Platform.Feed;
using Flagstone.Platform.Storage;
using Flagstone.Testing;

[assembly: AssemblyFixture(typeof(Flagstone.Platform.Tests.Storage.PostgresFixture))]

namespace Flagstone.Platform.Tests.Storage;

public sealed class PostgresFixture : IAsyncLifetime
{
    private PrivatePostgres? server;

    public PrivatePostgres Server => server!;

    public async ValueTask InitializeAsync() => server = await PrivatePostgres.StartAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => server is null ? ValueTask.CompletedTask : server.DisposeAsync();
}

public sealed class PostgresStorageTests(PostgresFixture postgres) : StorageConformance
{
    protected override int MaxProcesses => 3;

    [Fact]
    public async Task A_row_of_another_process_reaches_a_watcher_whose_notifications_are_cut_off()
    {
        var stores = await OpenAsync(2);
        var (watching, writing) = (stores[0], stores[1]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        await CutNotificationsAsync(watching, limit.Token);

        // Cut again whenever it listens anew, so that the row is left to the poll.
        using var found = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        var cutting = CutOnAndOnAsync(watching, found.Token);
        await writing.CommitAsync(KernelStore.Create(KernelStore.Widget("far")));

        CommittedRow? seen = null;
        try
        {
            await foreach (var rows in watching.Tail.FollowAsync(0, TimeSpan.FromSeconds(1), limit.Token))
            {
                seen = rows.Count > 0 ? rows[0] : null;
                if (seen is not null)
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (!Ct.IsCancellationRequested)
        {
            Assert.Fail($"Waited 30 s for the row of the other process; the watcher's head is {watching.Tail.Head}.");
        }

        await found.CancelAsync();
        await cutting;
        Assert.Equal((1, KernelStore.Widget("far")), (seen!.Sequence, seen.Key));
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }
    }

    /// <summary>Ends when a listener was there and was cut off; each database of these tests is one test's own.</summary>
    private static async Task CutNotificationsAsync(KernelStore store, CancellationToken ct)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await CutAsync(store, ct) == 0)
        {
            await pace.WaitForNextTickAsync(ct);
        }
    }

    private static async Task CutOnAndOnAsync(KernelStore store, CancellationToken ct)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!ct.IsCancellationRequested)
        {
            await CutAsync(store, CancellationToken.None);
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static async Task<long> CutAsync(KernelStore store, CancellationToken ct)
    {
        await using var connection = await store.Database.OpenAsync(ct);
        await using var command = connection.Command(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private protected override async Task<IReadOnlyList<KernelStore>> OpenAsync(int processes)
    {
        var url = await postgres.Server.CreateDatabaseAsync(Ct);
        var stores = new List<KernelStore>();
        for (var i = 0; i < processes; i++)
        {
            stores.Add(await KernelStore.OpenAsync(new PostgresDatabase(PostgresUrl.ToConnectionString(url)), Ct));
        }

        return stores;
    }
}
