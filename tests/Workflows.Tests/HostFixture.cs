using Flagstone.Testing;
using Temporalio.Client;

[assembly: AssemblyFixture(typeof(Flagstone.Workflows.Tests.HostFixture))]

namespace Flagstone.Workflows.Tests;

/// <summary>One real host for the tests that do not break it, and real clients of Temporal's SDK for it.</summary>
public sealed class HostFixture : IAsyncLifetime
{
    private RunningHost? host;

    public RunningHost Host => host!;

    public async ValueTask InitializeAsync() => host = await RunningHost.StartAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => host is null ? ValueTask.CompletedTask : host.DisposeAsync();

    /// <summary>A client with the administrator's token, or another; null for none.</summary>
    public Task<TemporalClient> ConnectAsync(string? token = "") => ConnectAsync(Host, token);

    public static Task<TemporalClient> ConnectAsync(RunningHost host, string? token = "", TlsOptions? tls = null) => TemporalClient.ConnectAsync(
        new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { ApiKey = token?.Length == 0 ? host.Token : token, Tls = tls ?? new TlsOptions { Disabled = true } });
}
