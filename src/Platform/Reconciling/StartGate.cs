namespace Flagstone.Platform.Reconciling;

/// <summary>
/// Lets a reconcile begin when the threads have caught up and few others are under way, so that people's requests, which run on the same
/// threads, never queue behind more reconciles than the machine can carry. One that lasts longer waits on a disk, a network or a provider: it
/// is in nobody's way, and another may begin beside it.
/// </summary>
/// <param name="pending">How many work items wait for a thread.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing, and what hangs when the process stops still gives its place back.")]
internal sealed class StartGate(Func<long> pending, TimeProvider clock)
{
    /// <summary>Under load that never ends controllers go on too: one begins after so many passes of the pool's queue.</summary>
    public const int MaxPasses = 8;

    public static readonly int Busy = Environment.ProcessorCount;

    /// <summary>A commit answers all that it stored at once: with more under way each commit is a burst of work.</summary>
    public static readonly int MaxUnderWay = 8 * Environment.ProcessorCount;

    /// <summary>Longer than what a reconcile takes that waits for nothing but the store.</summary>
    public static readonly TimeSpan Counted = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim turn = new(1);
    private readonly SemaphoreSlim places = new(MaxUnderWay);

    /// <summary>Ends when a reconcile may begin; dispose the pass when it has ended.</summary>
    public async Task<IDisposable> EnterAsync()
    {
        await places.WaitAsync().ConfigureAwait(false);
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            for (var pass = 0; pass < MaxPasses && pending() > Busy; pass++)
            {
                // To the end of the queue of all threads: it comes back when all that waits now has run.
                await Task.Factory.StartNew(() => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, TaskScheduler.Default).ConfigureAwait(false);
            }

            return new Pass(places, clock);
        }
        finally
        {
            turn.Release();
        }
    }

    private sealed class Pass : IDisposable
    {
        private readonly ITimer timer;
        private SemaphoreSlim? place;

        public Pass(SemaphoreSlim place, TimeProvider clock)
        {
            this.place = place;
            timer = clock.CreateTimer(_ => GiveBack(), null, Counted, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            timer.Dispose();
            GiveBack();
        }

        private void GiveBack() => Interlocked.Exchange(ref place, null)?.Release();
    }
}
