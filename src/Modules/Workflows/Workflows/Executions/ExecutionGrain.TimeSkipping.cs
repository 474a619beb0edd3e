using Flagstone.Workflows.TimeSkipping;

namespace Flagstone.Workflows.Executions;

/// <summary>Time skipping: what of it is waited for.</summary>
internal sealed partial class ExecutionGrain
{
    /// <summary>Of the committed run.</summary>
    private (string FirstRunId, TimeSkippingState? State) skipping;

    public async Task<Answer> PollFastForwardAsync(string runId, string id, TimeSpan most)
    {
        if (run is null || (runId.Length > 0 && runId != committed.RunId && await store.FindRunAsync(key, runId, CancellationToken.None) is null))
        {
            return await MissingAsync(runId);
        }

        // Runs that follow by themselves go on with the fast-forward: it is the chain that is asked for.
        var of = runId.Length == 0 || runId == committed.RunId ? null : await store.FindRunAsync(key, runId, CancellationToken.None);
        if (of is not null && of.FirstRunId != skipping.FirstRunId)
        {
            return FastForwardPolls.Answer(of.TimeSkipping, null, id, of.IsRunning) is { } past ? Answer.Of(past) : await MissingAsync(runId);
        }

        var chain = skipping.FirstRunId;
        var asked = skipping.State?.FastForward;
        var until = clock.GetUtcNow() + Least(most);
        while (true)
        {
            if (skipping.FirstRunId != chain)
            {
                return Answer.Of(FastForwardPolls.Ended(asked));
            }

            if (FastForwardPolls.Answer(skipping.State, asked, id, committed.IsRunning) is { } answer)
            {
                return Answer.Of(answer);
            }

            if (lifetime.ApplicationStopping.IsCancellationRequested || until - clock.GetUtcNow() is not { Ticks: > 0 } left)
            {
                return Answer.Of(FastForwardPolls.TimedOut(asked));
            }

            await changed.Task.WaitAsync(left, clock, lifetime.ApplicationStopping)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Current);
        }
    }
}
