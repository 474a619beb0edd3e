using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using Cronos;

namespace Flagstone.Workflows.Executions;

/// <summary>
/// When a workflow comes again: five fields of cron, a word such as <c>@daily</c>, or <c>@every 1h30m</c>; in UTC, unless <c>CRON_TZ=Europe/Berlin</c>
/// stands before the fields. As with cron itself, a day counts if either of its two fields names it, where neither is a star. Pure.
/// (Temporal's server: common/backoff/cron.go.)
/// </summary>
internal sealed partial class CronSchedule
{
    private const int MaxLength = 1_000;
    private const string EveryWord = "@every ";

    private static readonly TimeSpan LongestEvery = TimeSpan.FromDays(3650);

    private readonly TimeSpan every;
    private readonly TimeZoneInfo zone = TimeZoneInfo.Utc;
    private readonly CronExpression[] expressions = [];

    private CronSchedule(TimeSpan every) => this.every = every;

    private CronSchedule(TimeZoneInfo zone, CronExpression[] expressions) => (this.zone, this.expressions) = (zone, expressions);

    /// <summary>What is wrong with a schedule; null when nothing is, or when there is none.</summary>
    public static string? Refuse(string text) =>
        text.Length == 0 || TryParse(text, out _) ? null
        : "Invalid CronSchedule: it is none of five fields such as \"0 9 * * MON-FRI\", a word such as @daily, and @every with a time such as 1h30m.";

    public static bool TryParse(string text, [NotNullWhen(true)] out CronSchedule? schedule)
    {
        schedule = null;
        if (text.Length is 0 or > MaxLength)
        {
            return false;
        }

        var zone = TimeZoneInfo.Utc;
        if (Zone().Match(text) is { Success: true } named)
        {
            if (!TimeZoneInfo.TryFindSystemTimeZoneById(named.Groups[1].Value, out zone))
            {
                return false;
            }

            text = text[named.Length..];
        }

        text = text.Trim();
        if (text.StartsWith(EveryWord, StringComparison.Ordinal))
        {
            schedule = Every(text[EveryWord.Length..].Trim()) is { } every ? new CronSchedule(every) : null;
            return schedule is not null;
        }

        schedule = Expressions(text) is { } expressions ? new CronSchedule(zone, expressions) : null;
        return schedule is not null;
    }

    /// <summary>How long after now the next run begins: at the next time of the schedule that is not over, in whole seconds. Null for never.</summary>
    /// <param name="last">When the last run was to begin.</param>
    public TimeSpan? Wait(DateTimeOffset last, DateTimeOffset now)
    {
        var next = now < last ? last : every > TimeSpan.Zero ? NextEvery(last, now) : NextOf(last, now);
        return next is { } at ? TimeSpan.FromSeconds(Math.Ceiling((at - now).TotalSeconds)) : null;
    }

    private DateTimeOffset NextEvery(DateTimeOffset last, DateTimeOffset now)
    {
        var whole = new DateTimeOffset(last.Ticks - (last.Ticks % TimeSpan.TicksPerSecond), last.Offset);
        return whole + (every * Math.Max(1, Math.Ceiling((now - whole) / every)));
    }

    private DateTimeOffset? NextOf(DateTimeOffset last, DateTimeOffset now) =>
        expressions.Select(e => e.GetNextOccurrence(now > last ? now : last, zone, inclusive: now > last)).Min();

    private static TimeSpan? Every(string text)
    {
        if (text.Length == 0 || !Times().IsMatch(text))
        {
            return null;
        }

        var seconds = Part().Matches(text).Sum(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture) * m.Groups[2].Value switch
        {
            "h" => 3600, "m" => 60, "s" => 1, _ => 0.001,
        });
        // Less than a second is a second, and parts of one do not count.
        return seconds > LongestEvery.TotalSeconds ? null : TimeSpan.FromSeconds(Math.Max(1, Math.Floor(seconds)));
    }

    private static CronExpression[]? Expressions(string text)
    {
        if (text.StartsWith('@'))
        {
            return Words().IsMatch(text) && CronExpression.TryParse(text, out var word) ? [word] : null;
        }

        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5 || !fields.All(f => f.Split(',').All(i => Item().IsMatch(i))))
        {
            return null;
        }

        // The library takes a day that both fields name; cron takes one that either names.
        var days = fields[2] is "*" or "?" || fields[4] is "*" or "?" ? [fields] : (string[][])[[.. fields[..4], "*"], [.. fields[..2], "*", .. fields[3..]]];
        var expressions = days.Select(d => CronExpression.TryParse(string.Join(' ', d), out var parsed) ? parsed : null).OfType<CronExpression>().ToArray();
        return expressions.Length == days.Length ? expressions : null;
    }

    [GeneratedRegex(@"\A(?:CRON_TZ|TZ)=(\S+)\s+", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Zone();

    [GeneratedRegex(@"\A@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Words();

    // No last days, nearest weekdays and counted weekdays, which the library knows and cron does not.
    [GeneratedRegex(@"\A(?:\*|\?|(?:\d{1,2}|[A-Za-z]{3})(?:-(?:\d{1,2}|[A-Za-z]{3}))?)(?:/\d{1,2})?\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Item();

    [GeneratedRegex(@"\A(?:\d{1,10}(?:\.\d{1,9})?(?:ms|h|m|s))+\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Times();

    [GeneratedRegex(@"(\d{1,10}(?:\.\d{1,9})?)(ms|h|m|s)")]
    private static partial Regex Part();
}
