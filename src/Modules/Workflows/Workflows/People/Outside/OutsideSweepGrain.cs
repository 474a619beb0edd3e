using Flagstone.Platform.Feed;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Servers;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Flagstone.Workflows.People.Outside;

[GrainInterfaceType("flagstone.workflow-human-sweep")]
internal interface IOutsideSweepGrain : IReconcileGrain;

/// <summary>
/// Looks what became of everything that people are asked by runs at the server elsewhere: nobody tells the platform that an activity was cancelled or a run
/// ended. There is one, and each start makes it due; then it comes again by itself. Where it begins anew it also looks for what was lost.
/// </summary>
[GrainType("flagstone.workflow-human-sweep")]
internal sealed partial class OutsideSweepGrain(
    OutsideTaskStore store, OutsideSearch search, InstallationServer installation, IGrainFactory grains, TimeProvider clock, ILogger<OutsideSweepGrain> logger)
    : Grain, IOutsideSweepGrain
{
    public const string Controller = "workflow-human-sweep";

    /// <summary>The one grain's key.</summary>
    public const string Key = "runs";

    /// <summary>In a turn, and so in a second: the server is asked once or twice for each.</summary>
    private const int Batch = 50;

    private const int AtOnce = 8;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenSearches = TimeSpan.FromMinutes(10);

    /// <summary>What is over is kept so long.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    /// <summary>A call must end well before Orleans gives it up.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(10);

    /// <summary>Where the next turn goes on; empty for the first run.</summary>
    private string after = "";

    private DateTimeOffset searched;
    private DateTimeOffset roundAt;

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (installation.Elsewhere is null || !PeopleQueue.IsServed)
        {
            return ReconcileResult.Done;
        }

        var begun = clock.GetTimestamp();
        if (clock.GetUtcNow() >= roundAt)
        {
            await RoundAsync(begun);
        }

        if (clock.GetElapsedTime(begun) < LongestTurn)
        {
            await SearchAsync();
        }

        return ReconcileResult.After(after.Length > 0 || search.IsUnderWay ? Soon : Period);
    }

    /// <summary>A batch of the runs; after the last one a round waits.</summary>
    private async Task RoundAsync(long begun)
    {
        var runs = await store.RunsAsync(after, Batch, CancellationToken.None);
        after = runs.Count == Batch ? runs[^1] : "";
        foreach (var some in runs.Chunk(AtOnce))
        {
            // What is left out comes with the next round.
            if (clock.GetElapsedTime(begun) > LongestTurn)
            {
                break;
            }

            await Task.WhenAll(some.Select(LookAsync));
        }

        if (after.Length == 0)
        {
            roundAt = clock.GetUtcNow() + Period;
            await store.PruneAsync(clock.GetUtcNow() - Kept, CancellationToken.None);
        }
    }

    private async Task SearchAsync()
    {
        using var limit = new CancellationTokenSource(LongestTurn);
        try
        {
            if (!search.IsUnderWay && clock.GetUtcNow() >= searched + BetweenSearches)
            {
                await search.StartAsync(limit.Token);
                searched = clock.GetUtcNow();
            }

            foreach (var ask in search.IsUnderWay ? await search.NextAsync(limit.Token) : [])
            {
                await grains.GetGrain<IOutsideRunGrain>(ask.RunId).AskAsync(ask);
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            search.Skip();
            LogNotSearched(e.Message);
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "One run that cannot be looked at must not keep the others.")]
    private async Task LookAsync(string run)
    {
        try
        {
            await grains.GetGrain<IOutsideRunGrain>(run).ReconcileAsync();
        }
        catch (Exception e)
        {
            LogNotSeen(run, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What became of the tasks of run {Run} is not known now; it is asked again: {Why}")]
    private partial void LogNotSeen(string run, string why);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The Temporal server's runs could not be looked through for what they ask people; it is tried again: {Why}")]
    private partial void LogNotSearched(string why);
}

/// <summary>Makes the sweep due, which no resource wakes.</summary>
internal sealed class OutsideSweepStart(DueIndex due, LedgerTail tail, InstallationServer installation, TimeProvider clock) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (installation.Elsewhere is not null)
        {
            await tail.Started.WaitAsync(stoppingToken);
            await due.SetAsync([new DueChange(OutsideSweepGrain.Controller, OutsideSweepGrain.Key, clock.GetUtcNow())], stoppingToken);
        }
    }
}
