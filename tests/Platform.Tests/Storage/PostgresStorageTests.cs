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
