using System.Globalization;
using System.Text.RegularExpressions;
using Flagstone.Workflows.Commands;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Schedule.V1;

namespace Flagstone.Workflows.Schedules.Specs;

/// <summary>
/// Reads a spec as it is sent: cron strings and calendars of texts become structured calendars and intervals, which alone are kept and shown. Pure.
/// (Temporal's server: service/worker/scheduler/calendar.go, spec.go.)
/// </summary>
internal static partial class SpecReader
{
    /// <summary>Calendars, intervals and exclusions, each.</summary>
    private const int MaxRules = 100;

    private const int MaxCron = 1_000;
    private const int MaxComment = 200;

    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["@yearly"] = "0 0 1 1 *", ["@annually"] = "0 0 1 1 *", ["@monthly"] = "0 0 1 * *", ["@weekly"] = "0 0 * * 0",
        ["@daily"] = "0 0 * * *", ["@midnight"] = "0 0 * * *", ["@hourly"] = "0 * * * *",
    };

    /// <summary>Returns the spec with nothing in it that is still to be read.</summary>
    /// <exception cref="SpecException">It has no meaning.</exception>
    public static ScheduleSpec Read(ScheduleSpec? given)
    {
        var spec = given?.Clone() ?? new ScheduleSpec();
        if (!spec.TimezoneData.IsEmpty)
        {
            throw new SpecException("timezone_data is not read here. Name the time zone by timezone_name, such as Europe/Berlin");
        }

        foreach (var cron in spec.CronString)
        {
            ReadCron(spec, cron);
        }

        spec.StructuredCalendar.Add(spec.Calendar.Select(Structured));
#pragma warning disable CS0612 // Older SDKs say it this way.
        spec.ExcludeStructuredCalendar.Add(spec.ExcludeCalendar.Select(Structured));
        spec.ExcludeCalendar.Clear();
#pragma warning restore CS0612
        spec.CronString.Clear();
        spec.Calendar.Clear();
        Check(spec);
        return spec;
    }

    /// <summary>A time zone by its name; without one UTC.</summary>
    /// <exception cref="SpecException">There is none of this name.</exception>
    public static TimeZoneInfo Zone(string name) => name.Length == 0 ? TimeZoneInfo.Utc
        : TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone
        : throw new SpecException($"the time zone '{name}' is not known. Use a name of the IANA database, such as Europe/Berlin");

    private static void Check(ScheduleSpec spec)
    {
        Zone(spec.TimezoneName);
        if (spec.StructuredCalendar.Count > MaxRules || spec.Interval.Count > MaxRules || spec.ExcludeStructuredCalendar.Count > MaxRules)
        {
            throw new SpecException($"it has more than {MaxRules} calendars, intervals or exclusions. Make several schedules of it");
        }

        foreach (var calendar in spec.StructuredCalendar.Concat(spec.ExcludeStructuredCalendar))
        {
            CalendarField.Second.Check(calendar.Second);
            CalendarField.Minute.Check(calendar.Minute);
            CalendarField.Hour.Check(calendar.Hour);
            CalendarField.DayOfMonth.Check(calendar.DayOfMonth);
            CalendarField.Month.Check(calendar.Month);
            CalendarField.Year.Check(calendar.Year);
            CalendarField.DayOfWeek.Check(calendar.DayOfWeek);
            if (calendar.Comment.Length > MaxComment)
            {
                throw new SpecException($"a comment is longer than {MaxComment} characters");
            }
        }

        foreach (var interval in spec.Interval)
        {
            var (every, phase) = (Durations.Of(interval.Interval), Durations.Of(interval.Phase));
            if (every < TimeSpan.FromSeconds(1) || phase < TimeSpan.Zero || phase >= every)
            {
                throw new SpecException("an interval must be a second or more, and its phase not negative and less than the interval");
            }
        }

        if (Durations.Of(spec.Jitter) < TimeSpan.Zero)
        {
            throw new SpecException("the jitter is negative");
        }
    }

    private static StructuredCalendarSpec Structured(CalendarSpec calendar) => new()
    {
        Second = { CalendarField.Second.Parse(calendar.Second) },
        Minute = { CalendarField.Minute.Parse(calendar.Minute) },
        Hour = { CalendarField.Hour.Parse(calendar.Hour) },
        DayOfMonth = { CalendarField.DayOfMonth.Parse(calendar.DayOfMonth) },
        Month = { CalendarField.Month.Parse(calendar.Month) },
        Year = { CalendarField.Year.Parse(calendar.Year) },
        DayOfWeek = { CalendarField.DayOfWeek.Parse(calendar.DayOfWeek) },
        Comment = calendar.Comment,
    };

    private static void ReadCron(ScheduleSpec spec, string text)
    {
        if (text.Length > MaxCron)
        {
            throw new SpecException($"a cron string is longer than {MaxCron} characters");
        }

        var (cron, comment) = text.Split('#', 2) is [var before, var after] ? (before.Trim(), after.Trim()) : (text.Trim(), "");
        if (ZoneOf().Match(cron) is { Success: true } zone)
        {
            var name = zone.Groups[1].Value;
            if (spec.TimezoneName.Length > 0 && spec.TimezoneName != name)
            {
                throw new SpecException($"it names two time zones, '{spec.TimezoneName}' and '{name}'. A schedule has one");
            }

            spec.TimezoneName = name;
            cron = cron[zone.Length..];
        }

        if (Every().Match(cron) is { Success: true } every)
        {
            spec.Interval.Add(new IntervalSpec
            {
                Interval = Time(every.Groups[1].Value), Phase = every.Groups[2].Success ? Time(every.Groups[2].Value) : null,
            });
            return;
        }

        var fields = Words.GetValueOrDefault(cron, cron).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        spec.StructuredCalendar.Add(Structured(fields.Length switch
        {
            5 => Calendar("0", fields, "*", comment),
            6 => Calendar("0", fields, fields[5], comment),
            7 => Calendar(fields[0], fields[1..], fields[6], comment),
            _ => throw new SpecException($"the cron string '{text}' has neither five, six nor seven fields, and is no word such as @daily or @every 1h30m"),
        }));
    }

    private static CalendarSpec Calendar(string second, string[] fields, string year, string comment) => new()
    {
        Second = second, Minute = fields[0], Hour = fields[1], DayOfMonth = fields[2], Month = fields[3], DayOfWeek = fields[4], Year = year, Comment = comment,
    };

    private static Duration Time(string text) => Duration.FromTimeSpan(TimeSpan.FromSeconds(Math.Floor(
        Part().Matches(text).Sum(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)
            * m.Groups[2].Value switch { "d" => 86_400, "h" => 3_600, "m" => 60, _ => 1 }))));

    [GeneratedRegex(@"\A(?:CRON_TZ|TZ)=(\S+)\s+", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex ZoneOf();

    [GeneratedRegex(@"\A@every\s+((?:\d{1,8}(?:\.\d{1,9})?[dhms])+)(?:/((?:\d{1,8}(?:\.\d{1,9})?[dhms])+))?\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Every();

    [GeneratedRegex(@"(\d{1,8}(?:\.\d{1,9})?)([dhms])")]
    private static partial Regex Part();
}
