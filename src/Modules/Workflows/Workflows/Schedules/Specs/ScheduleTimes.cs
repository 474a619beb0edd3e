using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Flagstone.Workflows.Commands;
using Temporalio.Api.Schedule.V1;

namespace Flagstone.Workflows.Schedules.Specs;

/// <summary>A time of a schedule.</summary>
/// <param name="Nominal">By the spec; it names the workflow.</param>
/// <param name="At">With jitter: when it is acted.</param>
internal readonly record struct ScheduleTime(DateTimeOffset Nominal, DateTimeOffset At);

/// <summary>The times of a spec whose texts are read (<see cref="SpecReader"/>). Pure. (Temporal's server: service/worker/scheduler/spec.go.)</summary>
internal sealed class ScheduleTimes
{
    /// <summary>So many times in a row may be excluded, a weekend of seconds; a spec that excludes more has no further time.</summary>
    private const int MaxExcluded = 200_000;

    private readonly List<CalendarTimes> calendars;
    private readonly List<CalendarTimes> excluded;
    private readonly List<(long Every, long Phase)> intervals;
    private readonly DateTimeOffset start;
    private readonly DateTimeOffset end;
    private readonly TimeSpan jitter;
    private readonly string seed;

    /// <param name="seed">Of the jitter: the same for the life of a schedule.</param>
    public ScheduleTimes(ScheduleSpec spec, string seed)
    {
        var zone = SpecReader.Zone(spec.TimezoneName);
        calendars = [.. spec.StructuredCalendar.Select(c => new CalendarTimes(c, zone))];
        excluded = [.. spec.ExcludeStructuredCalendar.Select(c => new CalendarTimes(c, zone))];
        intervals = [.. spec.Interval.Select(i => ((long)Durations.Of(i.Interval).TotalSeconds, (long)Durations.Of(i.Phase).TotalSeconds))];
        start = spec.StartTime?.ToDateTimeOffset() ?? DateTimeOffset.MinValue;
        end = spec.EndTime?.ToDateTimeOffset() ?? DateTimeOffset.MaxValue;
        jitter = Durations.Of(spec.Jitter);
        this.seed = seed;
    }

    /// <summary>The first time whose nominal one is after another; null for none.</summary>
    public ScheduleTime? Next(DateTimeOffset after)
    {
        if (Nominal(after) is not { } nominal)
        {
            return null;
        }

        if (jitter <= TimeSpan.Zero)
        {
            return new ScheduleTime(nominal, nominal);
        }

        // Never as late as the next time: the order of the times stays.
        var most = Nominal(nominal) is { } next && next - nominal < jitter ? next - nominal : jitter;
        return new ScheduleTime(nominal, nominal + (most * Fraction(nominal)));
    }

    /// <summary>The next times from one on, itself included, at most so many.</summary>
    public IEnumerable<ScheduleTime> From(DateTimeOffset first, int most) => After(Before(first), most);

    /// <summary>The moment before another, if there is one.</summary>
    public static DateTimeOffset Before(DateTimeOffset time) => time > DateTimeOffset.MinValue ? time.AddTicks(-1) : time;

    /// <summary>The next times after one, at most so many.</summary>
    public IEnumerable<ScheduleTime> After(DateTimeOffset after, int most)
    {
        for (var next = Next(after); next is { } time && most > 0; next = Next(time.Nominal), most--)
        {
            yield return time;
        }
    }

    private DateTimeOffset? Nominal(DateTimeOffset after)
    {
        // The start itself counts.
        after = after < start ? Before(start) : after;
        for (var tries = 0; tries < MaxExcluded && Raw(after) is { } time && time <= end; tries++)
        {
            if (!excluded.Exists(c => c.Has(time)))
            {
                return time;
            }

            after = time;
        }

        return null;
    }

    private DateTimeOffset? Raw(DateTimeOffset after)
    {
        if (after.Year > CalendarField.LastYear)
        {
            return null;
        }

        var earliest = calendars.Select(c => c.Next(after)).Concat(intervals.Select(i => (DateTimeOffset?)NextOf(i.Every, i.Phase, after))).Min();
        return earliest is { Year: > CalendarField.LastYear } ? null : earliest;
    }

    private static DateTimeOffset NextOf(long every, long phase, DateTimeOffset after)
    {
        var since = after.ToUnixTimeSeconds() - phase;
        return DateTimeOffset.FromUnixTimeSeconds(((Math.DivRem(since, every).Quotient - (since % every < 0 ? 1 : 0) + 1) * every) + phase);
    }

    /// <summary>From 0 to 1, the same for each asking.</summary>
    private double Fraction(DateTimeOffset nominal)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}/{nominal.ToUnixTimeSeconds()}"));
        return BinaryPrimitives.ReadUInt32BigEndian(hash) / (double)uint.MaxValue;
    }
}
