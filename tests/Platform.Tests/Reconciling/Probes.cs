using System.Collections.Concurrent;
using System.Threading.Channels;
using Flagstone.Platform.Reconciling;
using Orleans.Runtime;

namespace Flagstone.Platform.Tests.Reconciling;

/// <summary>One reconcile of a probe, as it begins.</summary>
/// <param name="Number">1 for the key's first.</param>
internal sealed record Run(string Key, int Number, string Silo);

/// <summary>What probes do when they are reconciled, and what they did; one for all silos of a test.</summary>
internal sealed class Probes
{
    private readonly Channel<Run> begun = Channel.CreateUnbounded<Run>();
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);

    /// <summary>By key; a probe without one is done at once.</summary>
    public ConcurrentDictionary<string, Func<Run, Task<ReconcileResult>>> Behaviours { get; } = new(StringComparer.Ordinal);

    public int Count(string key) => counts.GetValueOrDefault(key);

    public Task<ReconcileResult> RunAsync(string key, string silo)
    {
        var run = new Run(key, counts.AddOrUpdate(key, 1, (_, n) => n + 1), silo);
        begun.Writer.TryWrite(run);
        return Behaviours.TryGetValue(key, out var behaviour) ? behaviour(run) : Task.FromResult(ReconcileResult.Done);
    }

    /// <summary>The next run that fits, passing over others.</summary>
    public async Task<Run> NextAsync(Func<Run, bool> fits, CancellationToken ct)
    {
        await foreach (var run in begun.Reader.ReadAllAsync(ct))
        {
            if (fits(run))
            {
                return run;
            }
        }

        throw new InvalidOperationException("The channel of runs has ended.");
    }
}

[GrainInterfaceType("test.probe")]
internal interface IProbeGrain : IReconcileGrain;

[GrainType("test.probe")]
internal sealed class ProbeGrain(Probes probes, ILocalSiloDetails silo) : Grain, IProbeGrain
{
    public Task<ReconcileResult> ReconcileAsync() => probes.RunAsync(this.GetPrimaryKeyString(), silo.Name);
}
