using Flagstone.Testing;

[assembly: AssemblyFixture(typeof(Flagstone.Host.Tests.HostFixture))]

namespace Flagstone.Host.Tests;

/// <summary>One real host for the tests that do not break it.</summary>
public sealed class HostFixture : IAsyncLifetime
{
    private RunningHost? host;

    public RunningHost Host => host!;

    public async ValueTask InitializeAsync() => host = await RunningHost.StartAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => host is null ? ValueTask.CompletedTask : host.DisposeAsync();
}
