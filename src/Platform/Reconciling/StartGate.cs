namespace Flagstone.Platform.Reconciling;

/// <summary>
/// Lets a reconcile begin when the threads have caught up, so that people's requests, which run on the same threads, never queue behind
/// more reconciles than the machine can carry. What waits on a disk, a network or a provider is not in the way: no number of slow ones stops it.
/// </summary>
/// <param name="pending">How many work items wait for a thread.</param>
internal sealed class StartGate(Func<long> pending) : IDisposable
{
    /// <summary>Under load that never ends controllers go on too: one begins after so many passes of the pool's queue.</summary>
    public const int MaxPasses = 64;

    public static readonly int Busy = Environment.ProcessorCount;

    private readonly SemaphoreSlim turn = new(1);

    public async Task EnterAsync()
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            for (var pass = 0; pass < MaxPasses && pending() > Busy; pass++)
            {
                // To the end of the queue of all threads: it comes back when all that waits now has run.
                await Task.Factory.StartNew(() => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, TaskScheduler.Default).ConfigureAwait(false);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();
}
