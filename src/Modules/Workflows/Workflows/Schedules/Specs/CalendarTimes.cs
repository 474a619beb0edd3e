using Temporalio.Api.Schedule.V1;

namespace Flagstone.Workflows.Schedules.Specs;

/// <summary>
/// The times of one calendar in a time zone, in whole seconds. A local time that a change of the clock leaves out has no time; one that comes twice
/// is meant the first time. Pure.
/// </summary>
internal sealed class CalendarTimes(StructuredCalendarSpec calendar, TimeZoneInfo zone)
{
    private readonly bool[] seconds = CalendarField.Second.Values(calendar.Second);
    private readonly bool[] minutes = CalendarField.Minute.Values(calendar.Minute);
    private readonly bool[] hours = CalendarField.Hour.Values(calendar.Hour);
    private readonly bool[] days = CalendarField.DayOfMonth.Values(calendar.DayOfMonth);
    private readonly bool[] months = CalendarField.Month.Values(calendar.Month);
    private readonly bool[] years = CalendarField.Year.Values(calendar.Year);
    private readonly bool[] weekdays = CalendarField.DayOfWeek.Values(calendar.DayOfWeek);

    /// <summary>The first time after another one; null for none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        // An hour that comes twice is behind the local time when it comes again: look from before it, and drop what is over.
        var from = TimeZoneInfo.ConvertTime(after, zone).DateTime;
        var earliest = from.AddHours(zone.SupportsDaylightSavingTime && zone.IsAmbiguousTime(from) ? -2 : 0);
        for (var day = Day(earliest.Date); day is { } date; day = Day(date.AddDays(1)))
        {
            if (OnDay(date, date == earliest.Date ? earliest.TimeOfDay : TimeSpan.Zero, after) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Whether a time is one of the calendar's.</summary>
    public bool Has(DateTimeOffset time)
    {
        var local = TimeZoneInfo.ConvertTime(time, zone).DateTime;
        return HasDay(local) && hours[local.Hour] && minutes[local.Minute] && seconds[local.Second];
    }

    /// <summary>The first day from one on.</summary>
    private DateTime? Day(DateTime day)
    {
        while (day.Year <= CalendarField.LastYear)
        {
            if (!years[day.Year])
            {
                day = new DateTime(day.Year + 1, 1, 1);
            }
            else if (!months[day.Month])
            {
                day = new DateTime(day.Year, day.Month, 1).AddMonths(1);
            }
            else if (!HasDay(day))
            {
                day = day.AddDays(1);
            }
            else
            {
                return day;
            }
        }

        return null;
    }

    private bool HasDay(DateTime day) =>
        day.Year <= CalendarField.LastYear && years[day.Year] && months[day.Month] && days[day.Day] && weekdays[(int)day.DayOfWeek];

    private DateTimeOffset? OnDay(DateTime date, TimeSpan from, DateTimeOffset after)
    {
        for (var hour = from.Hours; hour < hours.Length; hour++)
        {
            for (var minute = 0; hours[hour] && minute < minutes.Length; minute++)
            {
                for (var second = 0; minutes[minute] && second < seconds.Length; second++)
                {
                    if (seconds[second] && Of(date + new TimeSpan(hour, minute, second)) is { } time && time > after)
                    {
                        return time;
                    }
                }
            }
        }

        return null;
    }

    private DateTimeOffset? Of(DateTime local)
    {
        if (!zone.SupportsDaylightSavingTime && zone.BaseUtcOffset == TimeSpan.Zero)
        {
            return new DateTimeOffset(local, TimeSpan.Zero);
        }

        return zone.IsInvalidTime(local) ? null
            : new DateTimeOffset(local, zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local)).ToUniversalTime();
    }
}
