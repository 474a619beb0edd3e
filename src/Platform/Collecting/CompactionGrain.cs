using Flagstone.Platform.Feed;
using Flagstone.Platform.Reconciling;

namespace Flagstone.Platform.Collecting;

[GrainInterfaceType("flagstone.compaction")]
internal interface ICompactionGrain : IReconcileGrain;

/// <summary>Forgets old revisions. There is one, and each start makes it due; then it comes again by itself.</summary>
[GrainType("flagstone.compaction")]
internal sealed class CompactionGrain(Compaction compaction, PlatformOptions options, TimeProvider clock) : Grain, ICompactionGrain
{
    public const string Controller = "compaction";

    /// <summary>The one grain's key.</summary>
    public const string Key = "revisions";

    /// <summary>A large backlog is worked off in turns, so that a stop need not wait for all of it.</summary>
    private const int PagesPerTurn = 20;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    public async Task<ReconcileResult> ReconcileAsync()
    {
        var before = clock.GetUtcNow() - TimeSpan.FromHours(options.RevisionHours);
        for (var page = 0; page < PagesPerTurn; page++)
        {
            if (!await compaction.StepAsync(before, CancellationToken.None))
            {
                return ReconcileResult.After(Period);
            }
        }

        return ReconcileResult.After(Soon);
    }
}
