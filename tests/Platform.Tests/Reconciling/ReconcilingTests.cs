using Flagstone.Platform.Feed;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Flagstone.Platform.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Flagstone.Platform.Tests.Reconciling;

/// <summary>Dispatcher, due index and schedulers on the silos of a test cluster, over one store.</summary>
public sealed class ReconcilingTests : IAsyncLifetime
{
    private const string Controller = "probe";

    /// <summary>How long a test waits for what must come; no test waits it out.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-reconciling-");
    private readonly CancellationTokenSource patience = new(Patience);
    private readonly Probes probes = new();
    private KernelStore store = null!;
    private DueIndex due = null!;
    private InProcessTestCluster? cluster;

    private CancellationToken Ct => patience.Token;

    public async ValueTask InitializeAsync()
    {
        store = await KernelStore.OpenAsync(new SqliteDatabase(Path.Combine(folder.FullName, "test.db")), CancellationToken.None);
        due = new DueIndex(store.Database, store.Writer);
    }

    public async ValueTask DisposeAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }

        await store.DisposeAsync();
        patience.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task One_that_throws_backs_off_alone()
    {
        probes.Behaviours["poison"] = _ => throw new InvalidOperationException("It never works.");
        await StartAsync(1);

        await WakeAsync(["poison", .. Enumerable.Range(0, 200).Select(i => $"good-{i}")]);

        await UntilAsync("the good ones to be done", entries => entries.TrueForAll(e => e.Key == "poison"));
        Assert.All(Enumerable.Range(0, 200), i => Assert.Equal(1, probes.Count($"good-{i}")));
        await UntilAsync("the second failure", entries => entries is [{ Key: "poison", Attempt: >= 2 }]);
    }

    [Fact]
    public async Task Those_that_hang_hold_nobody()
    {
        var never = new TaskCompletionSource<ReconcileResult>();
        for (var i = 0; i < 20; i++)
        {
            probes.Behaviours[$"hangs-{i}"] = _ => never.Task;
        }

        await StartAsync(1);
        await WakeAsync([.. Enumerable.Range(0, 20).Select(i => $"hangs-{i}"), .. Enumerable.Range(0, 200).Select(i => $"good-{i}")]);

        await UntilAsync("the good ones to be done", entries => entries.TrueForAll(e => e.Key.StartsWith("hangs", StringComparison.Ordinal)));
        never.SetResult(ReconcileResult.Done);
        await UntilAsync("the others to be done too", entries => entries.Count == 0);
    }

    [Fact]
    public async Task What_is_woken_while_it_runs_runs_once_more_and_never_beside_itself()
    {
        var (first, running) = (new TaskCompletionSource<ReconcileResult>(), 0);
        probes.Behaviours["busy"] = async run =>
        {
            Assert.Equal(1, Interlocked.Increment(ref running));
            var result = run.Number == 1 ? await first.Task : ReconcileResult.Done;
            Interlocked.Decrement(ref running);
            return result;
        };
        await StartAsync(1);
        await WakeAsync("busy");
        await probes.NextAsync(r => r is { Key: "busy", Number: 1 }, Ct);

        await WakeAsync("busy");
        await WakeAsync("busy");
        first.SetResult(ReconcileResult.Done);

        await probes.NextAsync(r => r is { Key: "busy", Number: 2 }, Ct);
        await UntilAsync("it to be done", entries => entries.Count == 0);
        Assert.Equal(2, probes.Count("busy"));
    }

    [Fact]
    public async Task One_that_asks_to_come_again_does()
    {
        probes.Behaviours["polls"] = run => Task.FromResult(run.Number < 4 ? ReconcileResult.After(TimeSpan.FromMilliseconds(20)) : ReconcileResult.Done);
        await StartAsync(1);

        await WakeAsync("polls");

        await UntilAsync("it to be done", entries => entries.Count == 0 && probes.Count("polls") > 0);
        Assert.Equal(4, probes.Count("polls"));
    }

    [Fact]
    public async Task Committed_rows_wake_whom_they_concern_also_those_of_before_the_start()
    {
        await store.CommitAsync(KernelStore.Create(KernelStore.Widget("before")));
        await StartAsync(1);
        await store.CommitAsync(KernelStore.Create(KernelStore.Widget("after")));

        string[] keys = [KernelStore.Widget("before").ToString(), KernelStore.Widget("after").ToString()];
        await UntilAsync("both to be done", entries => entries.Count == 0 && Array.TrueForAll(keys, k => probes.Count(k) > 0));
        Assert.All(keys, k => Assert.Equal(1, probes.Count(k)));
    }

    [Fact]
    public async Task What_a_killed_silo_had_under_way_runs_on_another()
    {
        var never = new TaskCompletionSource<ReconcileResult>();
        string[] keys = [.. Enumerable.Range(0, 16).Select(i => $"moved-{i}")];
        foreach (var key in keys)
        {
            probes.Behaviours[key] = run => run.Number == 1 ? never.Task : Task.FromResult(ReconcileResult.Done);
        }

        await StartAsync(2);
        await WakeAsync(keys);
        var begun = new List<Run>();
        while (begun.Count < keys.Length)
        {
            begun.Add(await probes.NextAsync(r => r.Number == 1, Ct));
        }

        var lost = cluster!.Silos.First(s => begun.Exists(r => r.Silo == s.Name));
        await cluster.KillSiloAsync(lost, Ct);

        foreach (var key in begun.Where(r => r.Silo == lost.Name).Select(r => r.Key).ToHashSet(StringComparer.Ordinal))
        {
            await UntilAsync($"{key} to run elsewhere", entries => entries.TrueForAll(e => e.Key != key));
            Assert.Equal(2, probes.Count(key));
        }

        never.SetResult(ReconcileResult.Done);
    }

    private async Task StartAsync(short silos)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Configure<ClusterMembershipOptions>(o =>
            {
                o.ProbeTimeout = TimeSpan.FromMilliseconds(500);
                o.NumMissedProbesLimit = 2;
                o.NumVotesForDeathDeclaration = 1;
            });
            silo.Services.AddSingleton(probes).AddSingleton(store.Database).AddSingleton(store.Writer).AddSingleton(store.Tail).AddSingleton(due)
                .AddSingleton(TimeProvider.System).AddSingleton<FeedCursors>().AddSingleton<RunningReconciles>()
                .AddSingleton(_ => new StartGate(() => ThreadPool.PendingWorkItemCount, TimeProvider.System))
                .AddController<IProbeGrain>(Controller, row => row.Key.Kind == KernelStore.Widgets ? [row.Key.ToString()] : [])
                .AddHostedService<ReconcilePump>();
        });
        cluster = builder.Build();
        await cluster.DeployAsync(Ct);
    }

    private Task WakeAsync(params IEnumerable<string> keys)
    {
        var now = TimeProvider.System.GetUtcNow();
        return due.SetAsync([.. keys.Select(k => new DueChange(Controller, k, now))], Ct);
    }

    /// <summary>Looks again and again at all entries of the due index until they are as they must become.</summary>
    private async Task UntilAsync(string what, Predicate<List<DueEntry>> holds)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var all = await Task.WhenAll(Enumerable.Range(0, DuePartition.Count).Select(p => due.ReadAsync(p, DateTimeOffset.MaxValue, 1000, CancellationToken.None)));
            var entries = all.SelectMany(e => e).ToList();
            if (holds(entries))
            {
                return;
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
            Assert.False(patience.IsCancellationRequested, $"Waited {Patience} for {what}. Due: {string.Join(", ", entries.Select(e => $"{e.Key} ({e.Attempt})"))}");
        }
    }
}
