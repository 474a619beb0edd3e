using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Tests.Calls;

/// <summary>A provider whose calls do not end before the test says so, cancelled or not; or whose calls fail.</summary>
internal sealed class HangingProvider(string name) : IProviderDriver
{
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int underWay;

    public KindDefinition Kind { get; } = ManagedKinds.Make("things", $"{name}.example.com", "v1", $"{char.ToUpperInvariant(name[0])}{name[1..]}Thing");

    public string Provider => name;

    public IReadOnlyList<KindDefinition> Kinds => [Kind];

    public ConcurrentDictionary<string, int> Calls { get; } = new(StringComparer.Ordinal);

    public bool Hangs { get; init; }

    public bool IgnoresCancellation { get; init; }

    public string Failure { get; set; } = "";

    /// <summary>The most calls that were under way at once.</summary>
    public int Most { get; private set; }

    public void Release() => released.TrySetResult();

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        Calls.AddOrUpdate(resource.ExternalName, 1, (_, n) => n + 1);
        Most = Math.Max(Most, Interlocked.Increment(ref underWay));
        try
        {
            if (Hangs)
            {
                await released.Task.WaitAsync(IgnoresCancellation ? CancellationToken.None : ct);
            }

            return Failure.Length > 0 ? new Unobservable(Failure) : new Present(null, null, new JsonObject(), new Dictionary<string, string>());
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) => Task.FromResult<DriverOutcome>(Done.Plain);

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => Task.FromResult<DriverOutcome>(Done.Plain);

    public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct) => Task.FromResult<DriverOutcome>(Done.Plain);
}
