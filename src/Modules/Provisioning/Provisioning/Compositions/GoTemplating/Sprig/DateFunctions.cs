using System.Globalization;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's functions of times. The machine's zone is UTC, and its clock the one that the execution has.</summary>
internal static class DateFunctions
{
    private const string HtmlDate = "2006-01-02";

    public static FunctionTable Table { get; } = new FunctionTable
    {
        { "now", "", c => c.Execution.Clock.GetUtcNow() },
        { "date", "string any", c => Format(c, c.Text(0), c[1], "UTC") },
        { "dateInZone", "string any string", c => Format(c, c.Text(0), c[1], c.Text(2)) },
        { "htmlDate", "any", c => Format(c, HtmlDate, c[0], "UTC") },
        { "htmlDateInZone", "any string", c => Format(c, HtmlDate, c[0], c.Text(1)) },
        { "dateModify", "string time", c => GoTime.TryDuration(c.Text(0), out var by) ? Moved((DateTimeOffset)c[1]!, by) : c[1] },
        { "mustDateModify", "string time", c => Moved((DateTimeOffset)c[1]!, Duration(c.Text(0))) },
        { "toDate", "string string", c => GoTime.TryParse(c.Text(0), c.Text(1), out var time) ? time : default },
        { "mustToDate", "string string", c => GoTime.TryParse(c.Text(0), c.Text(1), out var time) ? time : throw new CallFailure($"parsing time {GoFormat.Quote(c.Text(1))} as {GoFormat.Quote(c.Text(0))}: cannot parse it") },
        { "unixEpoch", "time", c => ((DateTimeOffset)c[0]!).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) },
        { "ago", "any", c => GoTime.Format(TimeSpan.FromSeconds(Math.Round((c.Execution.Clock.GetUtcNow() - TimeOf(c, c[0])).TotalSeconds))) },
        { "duration", "any", c => GoTime.Format(TimeSpan.FromSeconds(Math.Clamp(Casts.Integer(c[0]), -uint.MaxValue, uint.MaxValue))) },
        { "durationRound", "any", DurationRound },
    }.Also(("date_in_zone", "dateInZone"), ("date_modify", "dateModify"), ("must_date_modify", "mustDateModify"));

    private static string Format(Call call, string layout, object? date, string zone)
    {
        if (!GoTime.TryZone(zone, out var found))
        {
            found = TimeZoneInfo.Utc;
        }

        return GoTime.Format(TimeZoneInfo.ConvertTime(TimeOf(call, date), found), layout);
    }

    private static DateTimeOffset TimeOf(Call call, object? date) => date switch
    {
        DateTimeOffset time => time,
        long seconds => DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds())),
        _ => call.Execution.Clock.GetUtcNow(),
    };

    private static DateTimeOffset Moved(DateTimeOffset time, TimeSpan by)
    {
        var ticks = time.UtcTicks + by.Ticks;
        return ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks ? new DateTimeOffset(ticks, TimeSpan.Zero) : throw new CallFailure("the time is out of range");
    }

    private static TimeSpan Duration(string text) =>
        GoTime.TryDuration(text, out var duration) ? duration : throw new CallFailure($"time: invalid duration {GoFormat.Quote(text)}");

    /// <summary>The largest unit of it: <c>2h10m5s</c> is <c>2h</c>.</summary>
    private static object? DurationRound(Call call)
    {
        var duration = call[0] switch
        {
            string text => GoTime.TryDuration(text, out var parsed) ? parsed : TimeSpan.Zero,
            long nanoseconds => new TimeSpan(nanoseconds / TimeSpan.NanosecondsPerTick),
            DateTimeOffset time => call.Execution.Clock.GetUtcNow() - time,
            TimeSpan given => given,
            _ => TimeSpan.Zero,
        };
        var seconds = (long)duration.Duration().TotalSeconds;
        var text2 = seconds switch
        {
            > 31_536_000 => $"{seconds / 31_536_000}y",
            > 2_592_000 => $"{seconds / 2_592_000}mo",
            > 86_400 => $"{seconds / 86_400}d",
            > 3_600 => $"{seconds / 3_600}h",
            > 60 => $"{seconds / 60}m",
            _ => $"{seconds}s",
        };
        return duration < TimeSpan.Zero ? "-" + text2 : text2;
    }
}
