namespace Flagstone.Platform.Reconciling;

/// <summary>The reconciles that this process's schedulers have under way: a stop starts no more, and waits for those.</summary>
internal sealed class RunningReconciles
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int running;
    private bool closed;

    /// <summary>False once the process stops.</summary>
    public bool TryEnter()
    {
        lock (gate)
        {
            running += closed ? 0 : 1;
            return !closed;
        }
    }

    public void Leave()
    {
        lock (gate)
        {
            running--;
            SettleIdle();
        }
    }

    /// <summary>Lets no more begin, and ends with the last of those under way.</summary>
    public Task CloseAsync()
    {
        lock (gate)
        {
            closed = true;
            SettleIdle();
            return idle.Task;
        }
    }

    private void SettleIdle()
    {
        if (closed && running == 0)
        {
            idle.TrySetResult();
        }
    }
}
