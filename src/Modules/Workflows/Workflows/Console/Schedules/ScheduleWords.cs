using System.Globalization;
using Flagstone.Ui.Components;
using Google.Protobuf.Collections;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Schedule.V1;
using Range = Temporalio.Api.Schedule.V1.Range;
using SpanOf = Flagstone.Workflows.Commands.Durations;

namespace Flagstone.Workflows.Console.Schedules;

/// <summary>A schedule's times and policies in words. Pure.</summary>
internal static class ScheduleWords
{
    /// <summary>Times of a day are told one by one up to so many.</summary>
    private const int MostTimes = 6;

    private static readonly string[] Days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    private static readonly string[] Months =
        ["", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    /// <summary>The policies that a person chooses from, with what each means.</summary>
    public static IReadOnlyList<(ScheduleOverlapPolicy Policy, string Text)> Overlaps { get; } =
    [
        (ScheduleOverlapPolicy.Skip, "Skip: start nothing while one runs"),
        (ScheduleOverlapPolicy.BufferOne, "Buffer one: start one more when it ends"),
        (ScheduleOverlapPolicy.BufferAll, "Buffer all: start each, one after the other"),
        (ScheduleOverlapPolicy.CancelOther, "Cancel other: ask the running one to cancel, then start"),
        (ScheduleOverlapPolicy.TerminateOther, "Terminate other: end the running one, then start"),
        (ScheduleOverlapPolicy.AllowAll, "Allow all: start it beside the running one"),
    ];

    public static string Overlap(ScheduleOverlapPolicy policy) =>
        Overlaps.FirstOrDefault(o => o.Policy == policy) is { Text: { } text } ? text : Overlaps[0].Text;

    /// <summary>When it acts: a line for each rule, and for what changes them all.</summary>
    public static IReadOnlyList<string> When(ScheduleSpec? spec) => spec is null ? [] :
    [
        .. spec.Interval.Select(Interval),
        .. spec.StructuredCalendar.Select(c => Calendar(c, "At")),
        .. spec.CronString.Select(c => $"Cron {c}"),
        .. spec.ExcludeStructuredCalendar.Select(c => Calendar(c, "But not at")),
        .. spec.TimezoneName.Length > 0 ? [$"Time zone {spec.TimezoneName}"] : (string[])[],
        .. SpanOf.Of(spec.Jitter) is var jitter && jitter > TimeSpan.Zero ? [$"Up to {Durations.Short(jitter)} later, at random"] : (string[])[],
        .. spec.StartTime is { } from ? [$"Not before {Time(from.ToDateTimeOffset())}"] : (string[])[],
        .. spec.EndTime is { } until ? [$"Not after {Time(until.ToDateTimeOffset())}"] : (string[])[],
    ];

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Interval(IntervalSpec interval) =>
        $"Every {Durations.Short(SpanOf.Of(interval.Interval))}{(SpanOf.Of(interval.Phase) is var phase && phase > TimeSpan.Zero ? $", {Durations.Short(phase)} after the full one" : "")}";

    private static string Calendar(StructuredCalendarSpec calendar, string at)
    {
        string[] parts =
        [
            $"{at} {TimeOfDay(calendar)}",
            Some("on ", calendar.DayOfWeek, 0, 6, n => Days[n % 7]),
            Some("on day ", calendar.DayOfMonth, 1, 31, Number),
            Some("in ", calendar.Month, 1, 12, n => n is > 0 and < 13 ? Months[n] : Number(n)),
            calendar.Year.Count == 0 ? "" : Some("in ", calendar.Year, 0, int.MaxValue, Number),
        ];
        var text = string.Join(", ", parts.Where(p => p.Length > 0));
        return calendar.Comment.Length > 0 ? $"{calendar.Comment}: {text}" : text;
    }

    private static string TimeOfDay(StructuredCalendarSpec calendar)
    {
        var (hours, minutes, seconds) = (Points(calendar.Hour), Points(calendar.Minute), Points(calendar.Second));
        if (hours is not null && minutes is not null && seconds is not null && hours.Count * minutes.Count * seconds.Count <= MostTimes)
        {
            return string.Join(", ", hours.SelectMany(h => minutes.SelectMany(m => seconds.Select(s =>
                string.Create(CultureInfo.InvariantCulture, $"{h:00}:{m:00}{(s > 0 ? string.Create(CultureInfo.InvariantCulture, $":{s:00}") : "")}")))));
        }

        string[] parts =
        [
            IsAll(calendar.Hour, 0, 23) ? "each hour" : $"hour {Values(calendar.Hour, Number)}",
            IsAll(calendar.Minute, 0, 59) ? "each minute" : $"minute {Values(calendar.Minute, Number)}",
            seconds is [0] ? "" : IsAll(calendar.Second, 0, 59) ? "each second" : $"second {Values(calendar.Second, Number)}",
        ];
        return string.Join(", ", parts.Where(p => p.Length > 0));
    }

    /// <summary>Empty for a field that takes all.</summary>
    private static string Some(string before, RepeatedField<Range> ranges, int first, int last, Func<int, string> word) =>
        ranges.Count == 0 || IsAll(ranges, first, last) ? "" : before + Values(ranges, word);

    private static bool IsAll(RepeatedField<Range> ranges, int first, int last) =>
        ranges.Any(r => r.Start <= first && r.End >= last && r.Step <= 1);

    /// <summary>The values where each stands for itself; none stands for zero. Null where there are ranges.</summary>
    private static List<int>? Points(RepeatedField<Range> ranges) =>
        ranges.Count == 0 ? [0] : ranges.All(r => r.End <= r.Start) ? [.. ranges.Select(r => r.Start)] : null;

    private static string Values(RepeatedField<Range> ranges, Func<int, string> word) =>
        ranges.Count == 0 ? word(0) : string.Join(", ", ranges.Select(r =>
            (r.End <= r.Start ? word(r.Start) : $"{word(r.Start)} to {word(r.End)}") + (r.Step > 1 ? string.Create(CultureInfo.InvariantCulture, $" in steps of {r.Step}") : "")));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
