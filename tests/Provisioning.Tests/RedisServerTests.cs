using System.Net;
using System.Net.Sockets;
using Flagstone.Platform.Data;
using Flagstone.Provisioning.Providers.Process.Redis;

namespace Flagstone.Provisioning.Tests;

public sealed class RedisServerTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-");
    private DataFolder? data;
    private RedisServer? server;

    private RedisServer Server => server!;

    public async ValueTask InitializeAsync()
    {
        // The server runs as a user of its own, who must be able to pass.
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_001_001);
        data = DataFolder.Open(folder.FullName);
        server = new RedisServer(data, "cache");
        await ConfigureAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.StopAsync(TimeProvider.System);
        data!.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_server_that_was_started_runs_for_who_looks_at_once()
    {
        await Server.StartAsync(TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.True(Server.Runs);
    }

    [Fact]
    public async Task A_server_whose_port_somebody_took_gets_another()
    {
        using var somebody = new TcpListener(IPAddress.Loopback, Server.Port);
        somebody.Start();

        await ConfigureAsync();
        await Server.StartAsync(TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.NotEqual(((IPEndPoint)somebody.LocalEndpoint).Port, Server.Port);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await Server.WhySilentAsync(TestContext.Current.CancellationToken) is not null)
        {
            Assert.True(Server.Runs);
            await pace.WaitForNextTickAsync(patience.Token);
        }
    }

    private Task ConfigureAsync() => Server.ConfigureAsync("secret", "8mb", TestContext.Current.CancellationToken);
}
