namespace Flagstone.Workflows;

/// <summary>Wakes a grain at a moment that is near. Later ones are left to the due index, which looks once a second.</summary>
internal static class WakeUp
{
    /// <summary>A moment that is nearer than this is timed exactly.</summary>
    public static readonly TimeSpan Precise = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    /// <summary>A timer that calls once, when the moment has come; null where it is not near.</summary>
    /// <param name="always">For what the due index does not have: set however far it is.</param>
    public static IGrainTimer? Set(IGrainBase grain, DateTimeOffset? at, TimeProvider clock, Func<Task> call, bool always = false) =>
        at is { } moment && moment - clock.GetUtcNow() is var left && (always || left < Precise)
            ? grain.RegisterGrainTimer(call, new GrainTimerCreationOptions { DueTime = Delay(left), Period = Timeout.InfiniteTimeSpan })
            : null;

    /// <summary>What is left in whole milliseconds, rounded up: a timer cuts off what is less, and would wake the grain before its time.</summary>
    public static TimeSpan Delay(TimeSpan left) => left <= TimeSpan.Zero ? TimeSpan.Zero : Tick * Math.Ceiling(left / Tick);
}
