using Flagstone.Workflows.TimeSkipping;

namespace Flagstone.Workflows.Nexus;

/// <summary>What came of a request to a handler.</summary>
/// <param name="ScheduledId">The event that scheduled the operation.</param>
/// <param name="Attempt">How many attempts were over when it was made: the answer of another one comes late.</param>
/// <param name="IsCancellation">Whether it was to cancel the operation, not to start it.</param>
/// <param name="Answer">The worker's answer, a packed <c>Any</c> as bytes.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-nexus-report")]
internal sealed record NexusReport(
    [property: Id(0)] string RunId, [property: Id(1)] long ScheduledId, [property: Id(2)] int Attempt, [property: Id(3)] bool IsCancellation,
    [property: Id(4)] byte[] Answer);

/// <summary>A request to a handler that is to be made.</summary>
internal sealed record NexusCall(string RunId, NexusOperationState Operation, bool IsCancellation)
{
    /// <summary>Tells requests apart that are under way.</summary>
    public (string RunId, long ScheduledId, bool IsCancellation) Mark => (RunId, Operation.ScheduledId, IsCancellation);

    public NexusAttempts Attempts => IsCancellation ? Operation.Cancellation!.Attempts : Operation.Attempts;

    /// <summary>What a run asks of handlers, due or not. Pure.</summary>
    public static IEnumerable<NexusCall> Of(Executions.RunState run)
    {
        if (!run.IsRunning)
        {
            return [];
        }

        // Before the handler has begun there is nothing to cancel.
        return run.NexusOperations.Values.Where(o => !o.IsStarted || o.Cancellation is { IsOver: false })
            .Select(o => new NexusCall(run.RunId, run.TimeSkipping is null ? o : ByWall(run, o), o.IsStarted));
    }

    /// <summary>Requests are made by the wall clock, which handlers go by.</summary>
    private static NexusOperationState ByWall(Executions.RunState run, NexusOperationState operation)
    {
        return operation with
        {
            ScheduledAt = RunTime.Wall(run, operation.ScheduledAt),
            Attempts = Of(operation.Attempts),
            Cancellation = operation.Cancellation is { } asked ? asked with { Attempts = Of(asked.Attempts) } : null,
        };

        NexusAttempts Of(NexusAttempts attempts) => attempts with { NextAt = attempts.NextAt is { } next ? RunTime.Wall(run, next) : null };
    }
}
