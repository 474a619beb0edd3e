using Microsoft.Extensions.Hosting;

namespace Flagstone.Workflows.Frontend;

/// <summary>The polls that wait in this process. They end when their worker goes, when it says that it shuts down, and when the process stops.</summary>
internal sealed class ParkedPolls(IHostApplicationLifetime lifetime, TimeProvider clock)
{
    /// <summary>A worker that has said that it shuts down may have a poll under way that comes after it.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(2);

    private const int MaxGone = 1_000;

    private readonly Lock gate = new();
    private int count;
    private readonly Dictionary<string, HashSet<CancellationTokenSource>> byWorker = [];
    private readonly Queue<(string Worker, DateTimeOffset At)> gone = [];

    /// <summary>How many wait.</summary>
    public int Count => Volatile.Read(ref count);

    /// <param name="worker">The worker's instance; empty when it does not say.</param>
    public Parked Enter(string worker, CancellationToken call)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(call, lifetime.ApplicationStopping);
        Interlocked.Increment(ref count);
        if (worker.Length > 0)
        {
            lock (gate)
            {
                if (gone.Any(g => g.Worker == worker))
                {
                    source.Cancel();
                }

                if (!byWorker.TryGetValue(worker, out var sources))
                {
                    byWorker[worker] = sources = [];
                }

                sources.Add(source);
            }
        }

        return new Parked(this, worker, source);
    }

    /// <summary>Ends the polls of a worker, also those that are on their way.</summary>
    public async Task EndAsync(string worker)
    {
        CancellationTokenSource[] sources;
        lock (gate)
        {
            while (gone.TryPeek(out var first) && (first.At < clock.GetUtcNow() - Late || gone.Count >= MaxGone))
            {
                gone.Dequeue();
            }

            gone.Enqueue((worker, clock.GetUtcNow()));
            sources = [.. byWorker.GetValueOrDefault(worker) ?? []];
        }

        foreach (var source in sources)
        {
            try
            {
                await source.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself just now.
            }
        }
    }

    private void Leave(string worker, CancellationTokenSource source)
    {
        Interlocked.Decrement(ref count);
        lock (gate)
        {
            if (byWorker.TryGetValue(worker, out var sources) && sources.Remove(source) && sources.Count == 0)
            {
                byWorker.Remove(worker);
            }
        }

        source.Dispose();
    }

    /// <summary>One poll.</summary>
    internal sealed class Parked(ParkedPolls polls, string worker, CancellationTokenSource source) : IDisposable
    {
        public CancellationToken Ended { get; } = source.Token;

        public void Dispose() => polls.Leave(worker, source);
    }
}
