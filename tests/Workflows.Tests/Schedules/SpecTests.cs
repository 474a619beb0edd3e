using System.Globalization;
using Flagstone.Workflows.Schedules.Specs;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Schedule.V1;
using CalendarRange = Temporalio.Api.Schedule.V1.Range;

namespace Flagstone.Workflows.Tests.Schedules;

/// <summary>The times of specs. Pure.</summary>
public sealed class SpecTests
{
    [Theory]
    [InlineData("30 9 * * MON-FRI", "2026-01-02T09:30:00Z 2026-01-05T09:30:00Z 2026-01-06T09:30:00Z")]
    [InlineData("0 12 1,15 * *", "2026-01-01T12:00:00Z 2026-01-15T12:00:00Z 2026-02-01T12:00:00Z")]
    [InlineData("0 0 29 2 *", "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z 2036-02-29T00:00:00Z")]
    [InlineData("@monthly", "2026-02-01T00:00:00Z 2026-03-01T00:00:00Z 2026-04-01T00:00:00Z")]
    [InlineData("@every 1h30m", "2026-01-01T10:30:00Z 2026-01-01T12:00:00Z 2026-01-01T13:30:00Z")]
    [InlineData("@every 1h/15m", "2026-01-01T10:15:00Z 2026-01-01T11:15:00Z 2026-01-01T12:15:00Z")]
    [InlineData("0 8 * * 7 # on Sundays", "2026-01-04T08:00:00Z 2026-01-11T08:00:00Z 2026-01-18T08:00:00Z")]
    [InlineData("0 0 1 1 * 2030-2031", "2030-01-01T00:00:00Z 2031-01-01T00:00:00Z")]
    [InlineData("*/20 0 10 * * * *", "2026-01-01T10:00:00Z 2026-01-01T10:00:20Z 2026-01-01T10:00:40Z")]
    [InlineData("CRON_TZ=Asia/Tokyo 0 9 * * *", "2026-01-02T00:00:00Z 2026-01-03T00:00:00Z 2026-01-04T00:00:00Z")]
    [InlineData("0 0 13 * FRI", "2026-02-13T00:00:00Z 2026-03-13T00:00:00Z 2026-11-13T00:00:00Z")]
    public void A_cron_string_has_its_times(string cron, string expected) =>
        Assert.Equal(expected, Times(new ScheduleSpec { CronString = { cron } }, "2026-01-01T09:45:00Z", 3));

    [Fact]
    public void A_time_that_the_clock_leaves_out_is_left_out()
    {
        var spec = new ScheduleSpec { CronString = { "30 2 * * *" }, TimezoneName = "Europe/Berlin" };

        // On 2026-03-29 two o'clock is three o'clock.
        Assert.Equal("2026-03-28T01:30:00Z 2026-03-30T00:30:00Z 2026-03-31T00:30:00Z", Times(spec, "2026-03-28T00:00:00Z", 3));
    }

    [Fact]
    public void A_time_that_comes_twice_is_meant_once()
    {
        var spec = new ScheduleSpec { CronString = { "30 2 * * *" }, TimezoneName = "Europe/Berlin" };

        // On 2026-10-25 three o'clock is two o'clock again.
        Assert.Equal("2026-10-24T00:30:00Z 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z", Times(spec, "2026-10-24T00:00:00Z", 3));
        Assert.Equal("2026-10-26T01:30:00Z", Times(spec, "2026-10-25T00:30:00Z", 1));
        Assert.Equal("2026-10-26T01:30:00Z", Times(spec, "2026-10-25T01:00:00Z", 1));
    }

    [Fact]
    public void What_is_excluded_has_no_time()
    {
        var spec = new ScheduleSpec
        {
            CronString = { "0 9 * * *" },
            ExcludeStructuredCalendar = { SpecReader.Read(new ScheduleSpec { CronString = { "* * * * SAT,SUN" } }).StructuredCalendar.Select(AllSeconds) },
        };

        Assert.Equal("2026-01-02T09:00:00Z 2026-01-05T09:00:00Z 2026-01-06T09:00:00Z", Times(spec, "2026-01-02T00:00:00Z", 3));
    }

    [Fact]
    public void A_weekend_of_seconds_may_be_excluded()
    {
        var spec = new ScheduleSpec
        {
            Interval = { new IntervalSpec { Interval = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) } },
            ExcludeStructuredCalendar = { SpecReader.Read(new ScheduleSpec { CronString = { "* * * * SAT,SUN" } }).StructuredCalendar.Select(AllSeconds) },
        };

        Assert.Equal("2026-01-05T00:00:00Z", Times(spec, "2026-01-02T23:59:59Z", 1));
    }

    [Fact]
    public void Times_are_from_the_start_to_the_end_both_included()
    {
        var spec = new ScheduleSpec { CronString = { "@hourly" }, StartTime = At("2026-01-01T12:00:00Z"), EndTime = At("2026-01-01T14:00:00Z") };

        Assert.Equal("2026-01-01T12:00:00Z 2026-01-01T13:00:00Z 2026-01-01T14:00:00Z", Times(spec, "2025-06-01T00:00:00Z", 9));
    }

    [Fact]
    public void Several_rules_give_the_times_of_all_each_once()
    {
        var spec = new ScheduleSpec { CronString = { "0 0 * * *", "@every 12h" } };

        Assert.Equal("2026-01-01T12:00:00Z 2026-01-02T00:00:00Z 2026-01-02T12:00:00Z", Times(spec, "2026-01-01T00:00:00Z", 3));
    }

    [Fact]
    public void Jitter_is_the_same_each_time_and_keeps_the_order()
    {
        var spec = SpecReader.Read(new ScheduleSpec { CronString = { "@every 1m" }, Jitter = Duration.FromTimeSpan(TimeSpan.FromHours(1)) });

        var times = new ScheduleTimes(spec, "one").After(Moment("2026-01-01T00:00:00Z"), 100).ToList();

        Assert.Equal(times, new ScheduleTimes(spec, "one").After(Moment("2026-01-01T00:00:00Z"), 100));
        Assert.NotEqual(times, new ScheduleTimes(spec, "other").After(Moment("2026-01-01T00:00:00Z"), 100));
        Assert.All(times, t => Assert.InRange(t.At - t.Nominal, TimeSpan.Zero, TimeSpan.FromMinutes(1)));
        Assert.True(times.Select(t => t.At - t.Nominal).Distinct().Count() > 50);
        Assert.Equal(times.Select(t => t.At).Order(), times.Select(t => t.At));
    }

    [Fact]
    public void What_is_kept_has_neither_cron_strings_nor_texts()
    {
        var read = SpecReader.Read(new ScheduleSpec
        {
            CronString = { "TZ=Europe/Berlin 15 9 * * 1-5", "@every 2h" },
            Calendar = { new CalendarSpec { Hour = "8", DayOfWeek = "friday", Comment = "last" } },
        });

        Assert.Empty(read.CronString);
        Assert.Empty(read.Calendar);
        Assert.Equal("Europe/Berlin", read.TimezoneName);
        Assert.Equal(TimeSpan.FromHours(2), Assert.Single(read.Interval).Interval.ToTimeSpan());
        Assert.Equal(new CalendarRange { Start = 1, End = 5, Step = 1 }, Assert.Single(read.StructuredCalendar[0].DayOfWeek));
        Assert.Equal(new CalendarRange { Start = 5, End = 5, Step = 1 }, Assert.Single(read.StructuredCalendar[1].DayOfWeek));
        Assert.Equal("last", read.StructuredCalendar[1].Comment);
        Assert.Equal(read, SpecReader.Read(read));
    }

    [Theory]
    [InlineData("often")]
    [InlineData("* * * *")]
    [InlineData("61 * * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("5-1 * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("* * * * someday")]
    [InlineData("TZ=Mars/Olympus * * * * *")]
    [InlineData("@every 0s")]
    [InlineData("@every soon")]
    public void A_cron_string_without_a_meaning_is_refused(string cron) =>
        Assert.Throws<SpecException>(() => SpecReader.Read(new ScheduleSpec { CronString = { cron } }));

    [Fact]
    public void Two_time_zones_and_a_phase_beyond_the_interval_are_refused()
    {
        Assert.Throws<SpecException>(() => SpecReader.Read(new ScheduleSpec { CronString = { "TZ=Asia/Tokyo @daily" }, TimezoneName = "Europe/Berlin" }));
        Assert.Throws<SpecException>(() => SpecReader.Read(new ScheduleSpec { CronString = { "@every 1h/2h" } }));
        var month = new StructuredCalendarSpec { Month = { new CalendarRange { Start = 13 } } };
        Assert.Throws<SpecException>(() => SpecReader.Read(new ScheduleSpec { StructuredCalendar = { month } }));
    }

    private static StructuredCalendarSpec AllSeconds(StructuredCalendarSpec calendar)
    {
        var all = calendar.Clone();
        all.Second.Clear();
        all.Second.Add(new CalendarRange { Start = 0, End = 59 });
        return all;
    }

    private static string Times(ScheduleSpec spec, string after, int most) => string.Join(' ', new ScheduleTimes(SpecReader.Read(spec), "seed")
        .After(Moment(after), most).Select(t => t.Nominal.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));

    private static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static Timestamp At(string text) => Timestamp.FromDateTimeOffset(Moment(text));
}
