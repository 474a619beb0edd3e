namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>How long a test waits for what has no deadline of its own: what stands still is a failure that has a name.</summary>
internal static class Patience
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static Task<T> InTimeAsync<T>(this Task<T> task) => task.WaitAsync(Longest, Ct);

    public static Task InTimeAsync(this Task task) => task.WaitAsync(Longest, Ct);

    /// <summary>Waits for a worker that was told to stop. One whose server is gone would try for ever to tell it; the test has failed before, and shall say why.</summary>
    public static async Task StoppedAsync(Task working) =>
        await working.WaitAsync(Longest, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
