using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.TimeSkipping;

/// <summary>What who waits for a fast-forward is told. Pure.</summary>
internal static class FastForwardPolls
{
    /// <summary>Null while there is nothing to tell yet.</summary>
    /// <param name="state">Of the last run of the chain.</param>
    /// <param name="asked">The fast-forward when the wait began; null for none.</param>
    /// <param name="id">The one that is waited for.</param>
    public static PollWorkflowExecutionTimeSkippingResponse? Answer(TimeSkippingState? state, FastForwardState? asked, string id, bool isRunning)
    {
        if (state?.FastForward is not { } forward)
        {
            return Failed(null, $"The execution has no fast-forward, and '{id}' is waited for.");
        }

        if (forward.Id != id)
        {
            return Failed(forward, $"The execution's fast-forward is '{forward.Id}', and '{id}' is waited for.");
        }

        if (asked is not null && asked.Target != forward.Target)
        {
            return Failed(forward, $"The fast-forward '{id}' was asked for again meanwhile. Wait for it anew.");
        }

        return forward.HasCompleted ? Of(FastForwardPollingResult.FastForwardCompleted, forward)
            : !isRunning ? Ended(forward)
            : !state.IsActive ? Failed(forward, $"The execution has skipped {state.Skips} times, the most of a session, before '{id}' was complete.")
            : null;
    }

    public static PollWorkflowExecutionTimeSkippingResponse Ended(FastForwardState? forward) =>
        Failed(forward, "The execution ended before the fast-forward was complete.");

    public static PollWorkflowExecutionTimeSkippingResponse TimedOut(FastForwardState? forward) => Of(FastForwardPollingResult.PollTimeout, forward);

    public static TimeSkippingFastForwardInfo? Info(FastForwardState? forward) => forward is null ? null : new TimeSkippingFastForwardInfo
    {
        FastForwardId = forward.Id,
        FastForwardDuration = Duration.FromTimeSpan(forward.Duration),
        TargetTime = Timestamp.FromDateTimeOffset(forward.Target),
        HasCompleted = forward.HasCompleted,
    };

    private static PollWorkflowExecutionTimeSkippingResponse Failed(FastForwardState? forward, string reason)
    {
        var answer = Of(FastForwardPollingResult.FastForwardFailed, forward);
        answer.FailedReason = reason;
        return answer;
    }

    private static PollWorkflowExecutionTimeSkippingResponse Of(FastForwardPollingResult result, FastForwardState? forward) => new()
    {
        FastForwardPollingResult = result, FastForwardInfo = Info(forward),
    };
}
