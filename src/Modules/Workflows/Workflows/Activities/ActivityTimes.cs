namespace Flagstone.Workflows.Activities;

/// <summary>
/// An activity's timeouts as they count: each one bounded by those above it. Zero is none. Pure. (Temporal's server: chasm/lib/activity/validator.go.)
/// </summary>
internal sealed record ActivityTimes(TimeSpan ScheduleToClose, TimeSpan ScheduleToStart, TimeSpan StartToClose, TimeSpan Heartbeat)
{
    /// <param name="run">The run's own timeout.</param>
    public static ActivityTimes Of(TimeSpan run, TimeSpan close, TimeSpan start, TimeSpan execute, TimeSpan beat)
    {
        if (close > TimeSpan.Zero)
        {
            start = Least(start, close);
            execute = Least(execute, close);
        }
        else
        {
            close = run;
            start = Least(start, run);
        }

        if (run > TimeSpan.Zero)
        {
            (close, start, execute) = (Least(close, run), Least(start, run), Least(execute, run));
        }

        return new ActivityTimes(close, start, execute, beat > TimeSpan.Zero ? Least(beat, execute) : TimeSpan.Zero);
    }

    /// <summary>The shorter one, where zero is none.</summary>
    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a <= TimeSpan.Zero ? b : b <= TimeSpan.Zero || a < b ? a : b;
}
