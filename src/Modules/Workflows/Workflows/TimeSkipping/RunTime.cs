using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.TimeSkipping;

/// <summary>
/// The one place where the wall clock becomes a run's clock, and the other way round. All times of a run's state and history are by its own clock; the due
/// index, the rows of tasks, and what people and lists go by, by the wall clock. Pure.
/// </summary>
internal static class RunTime
{
    /// <summary>What the run's clock says.</summary>
    public static DateTimeOffset Of(RunState run, DateTimeOffset wall) => run.TimeSkipping is { } skipping ? wall + skipping.Skipped : wall;

    /// <summary>When the wall clock gets to a time of the run's, unless the run skips again.</summary>
    public static DateTimeOffset Wall(RunState run, DateTimeOffset time) => run.TimeSkipping is { } skipping ? time - skipping.Skipped : time;

    /// <summary>A time at which the run began, or could begin, by the wall clock: what was skipped since does not change it.</summary>
    public static DateTimeOffset WallAtStart(RunState run, DateTimeOffset time) => run.TimeSkipping is { } skipping ? time - skipping.Initial : time;
}
