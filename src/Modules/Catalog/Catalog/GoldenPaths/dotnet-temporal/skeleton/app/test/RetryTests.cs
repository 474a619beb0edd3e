namespace Service.Tests;

public sealed class RetryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_answers_at_the_third_try_is_used()
    {
        var tries = 0;
        var answer = await Retry.UntilDoneAsync(
            () => ++tries < 3 ? throw new InvalidOperationException("refused") : Task.FromResult("open"), (_, _, _) => { }, Ct, new AtOnce());
        Assert.Equal(("open", 3), (answer, tries));
    }

    [Fact]
    public async Task A_stop_ends_the_waiting()
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Retry.UntilDoneAsync<string>(
            () => throw new InvalidOperationException("refused"), (_, _, _) => stopping.Cancel(), stopping.Token));
    }

    /// <summary>A clock whose timers are due at once.</summary>
    private sealed class AtOnce : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
