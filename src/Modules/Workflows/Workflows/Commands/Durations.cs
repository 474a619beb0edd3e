using Google.Protobuf.WellKnownTypes;

namespace Flagstone.Workflows.Commands;

/// <summary>Durations of Temporal's API as times. Pure.</summary>
internal static class Durations
{
    /// <summary>A longer one counts as this, as with Temporal's server: a time that is so far away is still a date.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    private const int NanosPerSecond = 1_000_000_000;

    /// <summary>Zero for none. One that is malformed counts as negative, and is refused where negative ones are.</summary>
    public static TimeSpan Of(Duration? duration) => duration switch
    {
        null => TimeSpan.Zero,
        { Seconds: < 0 } or { Nanos: < 0 or >= NanosPerSecond } => TimeSpan.MinValue,
        { Seconds: var seconds } when seconds >= Longest.TotalSeconds => Longest,
        _ => duration.ToTimeSpan(),
    };
}
