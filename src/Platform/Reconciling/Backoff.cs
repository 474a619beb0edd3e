namespace Flagstone.Platform.Reconciling;

/// <summary>How long a failed reconcile waits: doubling from half a second up to five minutes, less up to a quarter so that failures spread.</summary>
public static class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <param name="attempt">Failures in a row so far, at least 1.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan After(int attempt, double random)
    {
        var full = First * Math.Pow(2, Math.Min(attempt - 1, 16));
        return (full > Longest ? Longest : full) * (1 - (random / 4));
    }
}
