using System.Collections.Concurrent;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed.Health;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Provisioning.Managed.Calls;

/// <summary>The only way to a provider: through its bulkhead, with a time limit, and counted for its health.</summary>
internal sealed class ProviderCalls : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<string, ProviderBulkhead> bulkheads = new(StringComparer.Ordinal);
    private readonly IConfiguration configuration;
    private readonly ProviderHealth health;
    private readonly TimeProvider clock;

    public ProviderCalls(IEnumerable<IProviderDriver> drivers, IConfiguration configuration, ProviderHealth health, TimeProvider clock)
    {
        (this.configuration, this.health, this.clock) = (configuration, health, clock);
        // Made now: a setting that cannot be read ends the start.
        foreach (var provider in drivers.Select(d => d.Provider).Distinct(StringComparer.Ordinal))
        {
            BulkheadOf(provider);
        }
    }

    /// <summary>The driver for one reconcile of one resource, or null and when to come again.</summary>
    public async Task<(GuardedDriver? Driver, TimeSpan ComeAgain)> TryOpenAsync(IProviderDriver driver, ResourceKey key)
    {
        var bulkhead = BulkheadOf(driver.Provider);
        if (await bulkhead.TryEnterAsync(key) is { } place)
        {
            return (new GuardedDriver(driver, key, bulkhead, place, health, clock), default);
        }

        health.PutOff(driver.Provider);
        return (null, bulkhead.PutOff());
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var bulkhead in bulkheads.Values)
        {
            bulkhead.Dispose();
        }
    }

    private ProviderBulkhead BulkheadOf(string provider) => bulkheads.GetOrAdd(provider, name =>
    {
        var bulkhead = new ProviderBulkhead(BulkheadOptions.Read(configuration, name), clock);
        health.Watch(name, bulkhead);
        return bulkhead;
    });
}
