namespace Service;

/// <summary>
/// A new namespace may answer a little after the service starts, and Temporal may be away for longer. Delays double up to a ceiling, with jitter,
/// so that many replicas that start together do not knock together.
/// </summary>
public static class Retry
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(5);

    /// <exception cref="OperationCanceledException">It was told to end before it was done.</exception>
    public static async Task<T> UntilDoneAsync<T>(
        Func<Task<T>> action, Action<Exception, int, TimeSpan> onRetry, CancellationToken ct, TimeProvider? clock = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await action();
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                var ceiling = Math.Min(MaxDelay.TotalSeconds, FirstDelay.TotalSeconds * Math.Pow(2, attempt - 1));
                var delay = TimeSpan.FromSeconds(ceiling * (0.5 + (Random.Shared.NextDouble() / 2)));
                onRetry(e, attempt, delay);
                await Task.Delay(delay, clock ?? TimeProvider.System, ct);
            }
        }
    }
}
