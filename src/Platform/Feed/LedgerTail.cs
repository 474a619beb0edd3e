using System.Runtime.CompilerServices;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Flagstone.Platform.Feed;

/// <summary>
/// The end of the ledger in memory: a ring of committed rows, indexed by sequence, that watchers follow each with a cursor of their own.
/// This process's writer publishes its rows; those of other processes are read from the database after a NOTIFY, or a poll when it is lost.
/// As the sequence has no gaps, a row that is not the next one tells that some are missing, and they are fetched before it shows.
/// </summary>
public sealed partial class LedgerTail(
    PlatformDatabase database,
    LedgerReader reader,
    TimeProvider clock,
    ILogger<LedgerTail> logger) : BackgroundService, IHostedLifecycleService
{
    private const int MaxRows = 8192;
    private const long MaxBytes = 16 * 1024 * 1024;
    private const int Chunk = 500;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    // The row of sequence n is at n % MaxRows, from first to head.
    private readonly CommittedRow?[] ring = new CommittedRow?[MaxRows];
    private readonly SemaphoreSlim behind = new(0, 1);
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long bytes;
    private long head;
    private long first = 1;
    private volatile bool stopping;

    /// <summary>The last sequence that watchers of this process can see.</summary>
    public long Head
    {
        get
        {
            lock (gate)
            {
                return head;
            }
        }
    }

    /// <summary>Ends when the tail has read where the ledger stands: before that nothing can be watched.</summary>
    public Task Started => started.Task;

    /// <summary>
    /// All rows after a sequence, in order, each once; an empty batch when <paramref name="idle"/> has passed without a row. It ends when the
    /// host begins to stop: a stop waits for requests, and a watch is one that would not end by itself.
    /// </summary>
    public async IAsyncEnumerable<IReadOnlyList<CommittedRow>> FollowAsync(
        long after, TimeSpan idle, [EnumeratorCancellation] CancellationToken ct)
    {
        await started.Task.WaitAsync(ct);
        while (!ct.IsCancellationRequested)
        {
            var (rows, wait) = Read(after);
            // Asked after what to wait for is taken: the stop sets the one and then completes the other.
            if (stopping)
            {
                yield break;
            }

            rows ??= await reader.ReadAsync(after, Chunk, ct);
            if (rows.Count > 0)
            {
                after = rows[^1].Sequence;
                yield return rows;
                continue;
            }

            var arrived = true;
            try
            {
                await wait.WaitAsync(idle, clock, ct);
            }
            catch (TimeoutException)
            {
                arrived = false;
            }

            if (!arrived)
            {
                yield return [];
            }
        }
    }

    /// <summary>The next rows after a sequence, as far as this process has seen them: from memory, or from the database when they left it.</summary>
    public async ValueTask<IReadOnlyList<CommittedRow>> ReadAsync(long after, CancellationToken ct)
    {
        await started.Task.WaitAsync(ct);
        return Read(after).Rows ?? await reader.ReadAsync(after, Chunk, ct);
    }

    /// <summary>Ends when the head is past a sequence: a reader that was told of a version can wait for it to show.</summary>
    public async Task ReachAsync(long sequence, CancellationToken ct)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (head >= sequence)
                {
                    return;
                }

                wait = moved.Task;
            }

            await wait.WaitAsync(ct);
        }
    }

    internal void Publish(GroupPlan plan)
    {
        if (plan.Rows.Count == 0)
        {
            return;
        }

        lock (gate)
        {
            if (head == plan.OldSize && started.Task.IsCompleted)
            {
                Append(plan.Rows.ConvertAll(r => new CommittedRow(r.Sequence, r.Key, r.Change, r.Verb, r.Labels, r.OldLabels, r.Body)));
                return;
            }
        }

        Wake();
    }

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken)
    {
        stopping = true;
        lock (gate)
        {
            WakeFollowers();
        }

        return Task.CompletedTask;
    }

    public override Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Stops after the writer, whose rows it shows.</summary>
    public Task StoppedAsync(CancellationToken cancellationToken) => base.StopAsync(cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        lock (gate)
        {
            head = 0;
        }

        var size = await reader.HeadAsync(stoppingToken);
        lock (gate)
        {
            head = size;
            first = size + 1;
        }

        started.TrySetResult();
        var listening = database is PostgresDatabase postgres ? ListenAsync(postgres, stoppingToken) : Task.CompletedTask;
        try
        {
            while (true)
            {
                await behind.WaitAsync(database.Kind == DatabaseKind.Postgres ? Poll : Timeout.InfiniteTimeSpan, stoppingToken);
                await CatchUpAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await listening;
        }
    }

    public override void Dispose()
    {
        behind.Dispose();
        base.Dispose();
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "The database may be away for a while; the next poll tries again.")]
    private async Task CatchUpAsync(CancellationToken ct)
    {
        try
        {
            while (await reader.ReadAsync(Head, Chunk, ct) is { Count: > 0 } rows)
            {
                lock (gate)
                {
                    // The writer may have published the first of these meanwhile.
                    Append([.. rows.Where(r => r.Sequence > head)]);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogBehind(e);
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Without notifications the poll still finds every row.")]
    private async Task ListenAsync(PostgresDatabase postgres, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await using var connection = new NpgsqlConnection(postgres.ConnectionString);
                // Its own writer has published already what its own notification tells.
                connection.Notification += (_, sent) =>
                {
                    if (sent.PID != postgres.WriterProcess)
                    {
                        Wake();
                    }
                };
                await connection.OpenAsync(ct);
                await using (var listen = new NpgsqlCommand($"LISTEN {PostgresGroupSession.Channel}", connection))
                {
                    await listen.ExecuteNonQueryAsync(ct);
                }

                while (true)
                {
                    await connection.WaitAsync(ct);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
            {
                LogDeaf(e);
                await Task.Delay(Poll, clock, ct).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    private void Wake()
    {
        try
        {
            behind.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    private (IReadOnlyList<CommittedRow>? Rows, Task Wait) Read(long after)
    {
        lock (gate)
        {
            if (after >= head)
            {
                return ([], moved.Task);
            }

            if (first > after + 1)
            {
                return (null, moved.Task);
            }

            var rows = new CommittedRow[Math.Min(Chunk, head - after)];
            for (var i = 0; i < rows.Length; i++)
            {
                rows[i] = ring[(after + 1 + i) % MaxRows]!;
            }

            return (rows, moved.Task);
        }
    }

    private void Append(List<CommittedRow> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        foreach (var row in rows)
        {
            if (row.Sequence != head + 1)
            {
                throw new InvalidDataException($"Ledger row {row.Sequence} follows {head}: the sequence has a gap.");
            }

            if (row.Sequence - first == MaxRows)
            {
                Forget();
            }

            ring[row.Sequence % MaxRows] = row;
            bytes += row.Body.Length;
            head = row.Sequence;
        }

        while (bytes > MaxBytes && first < head)
        {
            Forget();
        }

        WakeFollowers();
    }

    private void Forget()
    {
        ref var oldest = ref ring[first % MaxRows];
        bytes -= oldest!.Body.Length;
        oldest = null;
        first++;
    }

    private void WakeFollowers()
    {
        var wake = moved;
        moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        wake.TrySetResult();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of the ledger cannot be read; the next poll tries again")]
    private partial void LogBehind(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Notifications of the database are lost; polling until they are back")]
    private partial void LogDeaf(Exception exception);
}
