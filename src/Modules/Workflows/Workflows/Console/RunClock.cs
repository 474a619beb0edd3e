using Temporalio.Api.Common.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Console;

/// <summary>How far a run's clock is ahead where time was skipped: read from its events, as a server says only what the clock shows. Pure.</summary>
internal static class RunClock
{
    /// <param name="recent">The last events, the last one first.</param>
    public static TimeSpan Ahead(WorkflowExecutionStartedEventAttributes started, IEnumerable<HistoryEvent> recent) =>
        recent.Select(e => e.WorkflowExecutionTimeSkippingTransitionedEventAttributes).FirstOrDefault(a => a?.TargetTime is not null && a.WallClockTime is not null) is { } last
            ? last.TargetTime.ToDateTimeOffset() - last.WallClockTime.ToDateTimeOffset() : AtStart(started);

    /// <summary>How far it was ahead when the run began: skipped by its parent, or by the runs before it.</summary>
    public static TimeSpan AtStart(WorkflowExecutionStartedEventAttributes started) =>
        started.TimeSkippingStatePropagation?.InitialSkippedDuration?.ToTimeSpan() ?? TimeSpan.Zero;

    public static string Text(TimeSkippingInfo info)
    {
        var skips = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{info.CurrentSessionSkipCount} of {info.EffectiveConfig.MaxSessionSkipCount} jumps");
        return !info.EffectiveConfig.Enabled ? $"off after {skips}"
            : info.FastForwardInfo is { HasCompleted: false, TargetTime: { } target } ? $"on until {target.ToDateTimeOffset().UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, {skips}"
            : $"on, {skips}";
    }
}
