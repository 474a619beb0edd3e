namespace Flagstone.Platform.Reconciling;

/// <summary>Runs a work one at a time: whoever asks while it runs is served by one more run after it.</summary>
/// <param name="work">Handles its own failures.</param>
internal sealed class Coalesced(Func<Task> work)
{
    private readonly Lock gate = new();
    private bool busy;
    private bool again;

    /// <summary>The run under way, or the last one.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    public void Ask()
    {
        lock (gate)
        {
            again = true;
            if (!busy)
            {
                busy = true;
                Running = RunAsync();
            }
        }
    }

    private async Task RunAsync()
    {
        while (IsAsked())
        {
            await work();
        }
    }

    private bool IsAsked()
    {
        lock (gate)
        {
            (busy, again) = (again, false);
            return busy;
        }
    }
}
