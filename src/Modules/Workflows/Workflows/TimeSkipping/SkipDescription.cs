using Flagstone.Workflows.Executions;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;

namespace Flagstone.Workflows.TimeSkipping;

/// <summary>A run's time skipping as Temporal's API describes it. Pure.</summary>
internal static class SkipDescription
{
    /// <summary>Null for a run for which it was never enabled, also where its clock is ahead as its parent's was.</summary>
    /// <param name="wall">The time by the wall clock.</param>
    public static TimeSkippingInfo? Of(RunState run, DateTimeOffset wall)
    {
        if (run.TimeSkipping is not { Config: { } said } state)
        {
            return null;
        }

        var config = said.Clone();
        (config.Enabled, config.MaxSessionSkipCount) = (state.IsActive && run.IsRunning, state.MaxSkips);
        return new TimeSkippingInfo
        {
            CurrentTime = Timestamp.FromDateTimeOffset(run.ClosedAt ?? RunTime.Of(run, wall)),
            EffectiveConfig = config,
            FastForwardInfo = FastForwardPolls.Info(state.FastForward),
            CurrentSessionSkipCount = state.Skips,
        };
    }
}
