using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed.Calls;

namespace Flagstone.Provisioning.Managed.Health;

/// <summary>How the providers do, as the calls of this process see it; and the same as metrics.</summary>
internal sealed class ProviderHealth
{
    private readonly ConcurrentDictionary<string, ProviderWindow> windows = new(StringComparer.Ordinal);
    private readonly TimeProvider clock;
    private readonly Counter<long> calls;
    private readonly Counter<long> putOff;
    private readonly Histogram<double> duration;

    public ProviderHealth(IMeterFactory meters, TimeProvider clock)
    {
        this.clock = clock;
        var meter = meters.Create("Flagstone");
        calls = meter.CreateCounter<long>("flagstone.provider.calls", "{call}", "Calls to a provider, by verb and result.");
        putOff = meter.CreateCounter<long>("flagstone.provider.put_off", "{reconcile}", "Reconciles that found no place in the provider's bulkhead.");
        duration = meter.CreateHistogram<double>("flagstone.provider.call.duration", "s", "How long calls to a provider took.");
        meter.CreateObservableGauge("flagstone.provider.calls.in_flight", () => Each(w => w.UnderWay), "{call}", "Calls to a provider under way.");
        meter.CreateObservableGauge("flagstone.provider.places.taken", () => Each(w => w.Bulkhead.Taken), "{place}", "Places of the provider's bulkhead that are taken.");
        meter.CreateObservableGauge("flagstone.provider.places.limit", () => Each(w => w.Bulkhead.Options.Parallelism), "{place}", "Places of the provider's bulkhead.");
        meter.CreateObservableGauge("flagstone.provider.queue", () => Each(w => w.Bulkhead.Queued), "{reconcile}", "Reconciles that wait for a place.");
        meter.CreateObservableGauge("flagstone.provider.health", () => Each(w => (int)w.Read().State), null, "0 healthy, 1 degraded, 2 down.");
    }

    /// <summary>All providers of this installation, by name.</summary>
    public IReadOnlyList<ProviderReport> All() => [.. windows.Values.Select(w => w.Read()).OrderBy(r => r.Provider, StringComparer.Ordinal)];

    /// <summary>Null when there is no such provider.</summary>
    public ProviderReport? Find(string provider) => windows.GetValueOrDefault(provider)?.Read();

    public void Watch(string provider, ProviderBulkhead bulkhead) => windows.TryAdd(provider, new ProviderWindow(provider, bulkhead, clock));

    public ProviderCall Begin(string provider, string verb, ResourceKey resource)
    {
        var call = new ProviderCall(provider, verb, resource, clock.GetTimestamp());
        windows[provider].Begin(call);
        return call;
    }

    public void End(ProviderCall call, Judged judged)
    {
        var took = windows[call.Provider].End(call, judged);
        duration.Record(took.TotalSeconds, new("provider", call.Provider), new("verb", call.Verb));
        calls.Add(1, new("provider", call.Provider), new("verb", call.Verb), new("result", judged.Result.ToString().ToLowerInvariant()));
    }

    public void PutOff(string provider)
    {
        windows[provider].PutOff();
        putOff.Add(1, new KeyValuePair<string, object?>("provider", provider));
    }

    private IEnumerable<Measurement<int>> Each(Func<ProviderWindow, int> value) =>
        windows.Values.Select(w => new Measurement<int>(value(w), new KeyValuePair<string, object?>("provider", w.Provider)));
}
