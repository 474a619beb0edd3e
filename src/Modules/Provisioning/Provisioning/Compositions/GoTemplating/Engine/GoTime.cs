using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Go's layouts of times, written as the reference time 2006-01-02 15:04:05 would be.</summary>
internal static class GoTime
{
    private const int MaxDurationLength = 64;

    // Each character is compared with all marks; a layout of people has some thirty.
    private const int MaxLayoutLength = 256;

    // Longer ones before those that they begin with.
    private static readonly (string Mark, string Format)[] Marks =
    [
        ("January", "MMMM"), ("Jan", "MMM"), ("Monday", "dddd"), ("Mon", "ddd"), ("2006", "yyyy"), ("MST", "zone"), ("01", "MM"), ("02", "dd"), ("03", "hh"),
        ("04", "mm"), ("05", "ss"), ("06", "yy"), ("002", "day"), ("15", "HH"), ("PM", "tt"), ("pm", "pm"), ("Z07:00", "Z:"), ("Z0700", "Z"), ("-07:00", "zzz"),
        ("-0700", "offset"), ("-07", "zz"), ("_2", "space"), ("1", "%M"), ("2", "%d"), ("3", "%h"), ("4", "%m"), ("5", "%s"),
    ];

    public static string Format(DateTimeOffset time, string layout)
    {
        if (layout.Length > MaxLayoutLength)
        {
            throw new CallFailure($"the layout is longer than {MaxLayoutLength} characters");
        }

        var text = new StringBuilder();
        for (var i = 0; i < layout.Length;)
        {
            if (FractionAt(layout, i) is > 0 and var length)
            {
                var digits = (time.Ticks % TimeSpan.TicksPerSecond).ToString("0000000", CultureInfo.InvariantCulture).PadRight(9, '0')[..Math.Min(9, length - 1)];
                digits = layout[i + 1] == '9' ? digits.TrimEnd('0') : digits;
                text.Append(digits.Length > 0 ? layout[i] + digits : "");
                i += length;
                continue;
            }

            var mark = Array.Find(Marks, m => string.CompareOrdinal(layout, i, m.Mark, 0, m.Mark.Length) == 0);
            text.Append(mark.Mark is null ? layout[i].ToString() : Part(time, mark.Format));
            i += mark.Mark?.Length ?? 1;
        }

        return text.ToString();
    }

    /// <summary>Reads a time by a layout; what the layout does not say is that of year 1, in UTC.</summary>
    public static bool TryParse(string layout, string text, out DateTimeOffset time)
    {
        time = default;
        if (layout.Length > MaxLayoutLength || text.Length > 2 * MaxLayoutLength)
        {
            return false;
        }

        var format = new StringBuilder();
        for (var i = 0; i < layout.Length;)
        {
            if (FractionAt(layout, i) is > 0 and var length)
            {
                format.Append('.').Append('F', Math.Min(7, length - 1));
                i += length;
                continue;
            }

            var mark = Array.Find(Marks, m => string.CompareOrdinal(layout, i, m.Mark, 0, m.Mark.Length) == 0);
            format.Append(mark.Format switch
            {
                null => $"\\{layout[i]}",
                "Z:" or "Z" or "zone" => "K",
                "offset" => "zzz",
                "pm" => "tt",
                "space" => "d",
                var known => known.TrimStart('%'),
            });
            i += mark.Mark?.Length ?? 1;
        }

        return DateTimeOffset.TryParseExact(
            text, format.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces, out time);
    }

    /// <summary><c>time.ParseDuration</c>: <c>1h30m</c>, <c>-1.5s</c>.</summary>
    public static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text.Length > MaxDurationLength)
        {
            return false;
        }

        var rest = text.TrimStart('+', '-');
        if (rest == "0")
        {
            return true;
        }

        var seconds = 0.0;
        while (rest.Length > 0)
        {
            var digits = rest.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
            var unit = new string([.. rest[digits..].TakeWhile(c => !char.IsAsciiDigit(c) && c != '.')]);
            if (SecondsOf(unit) is not { } factor || !double.TryParse(rest.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
            {
                return false;
            }

            seconds += count * factor;
            rest = rest[(digits + unit.Length)..];
        }

        if (text.Length == 0 || text.TakeWhile(c => c is '+' or '-').Count() > 1 || seconds > TimeSpan.FromDays(100_000).TotalSeconds)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(text[0] == '-' ? -seconds : seconds);
        return true;
    }

    /// <summary>A duration as Go prints it: <c>1h30m0s</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        var magnitude = duration.Duration();
        var seconds = (magnitude.Ticks % TimeSpan.TicksPerMinute) / (decimal)TimeSpan.TicksPerSecond;
        var text = magnitude switch
        {
            { Ticks: 0 } => "0s",
            { TotalSeconds: < 1e-3 } => $"{Decimal(magnitude.Ticks / 10m)}µs",
            { TotalSeconds: < 1 } => $"{Decimal(magnitude.Ticks / 10_000m)}ms",
            { TotalMinutes: < 1 } => $"{Decimal(seconds)}s",
            { TotalHours: < 1 } => $"{magnitude.Minutes}m{Decimal(seconds)}s",
            _ => $"{(long)magnitude.TotalHours}h{magnitude.Minutes}m{Decimal(seconds)}s",
        };
        return duration < TimeSpan.Zero ? "-" + text : text;
    }

    /// <summary>A zone of the machine's database; UTC for <c>Local</c>, which has no meaning on a server.</summary>
    public static bool TryZone(string name, [NotNullWhen(true)] out TimeZoneInfo? zone)
    {
        zone = name is "" or "UTC" or "Local" ? TimeZoneInfo.Utc : null;
        return zone is not null || TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone);
    }

    private static double? SecondsOf(string unit) => unit switch
    {
        "ns" => 1e-9,
        "us" or "µs" or "μs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => null,
    };

    /// <summary>The length of a fraction of seconds, <c>.000</c> or <c>,999</c>, or 0.</summary>
    private static int FractionAt(string layout, int at)
    {
        if (layout[at] is not ('.' or ',') || at + 1 >= layout.Length || layout[at + 1] is not ('0' or '9'))
        {
            return 0;
        }

        var end = at + 1;
        while (end < layout.Length && layout[end] == layout[at + 1])
        {
            end++;
        }

        return end < layout.Length && char.IsAsciiDigit(layout[end]) ? 0 : end - at;
    }

    private static string Decimal(decimal value) => value.ToString("0.#########", CultureInfo.InvariantCulture);

    private static string Part(DateTimeOffset time, string format) => format switch
    {
        "zone" => time.Offset == TimeSpan.Zero ? "UTC" : time.ToString("zz", CultureInfo.InvariantCulture),
        "day" => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        "pm" => time.Hour < 12 ? "am" : "pm",
        "Z:" => time.Offset == TimeSpan.Zero ? "Z" : time.ToString("zzz", CultureInfo.InvariantCulture),
        "Z" => time.Offset == TimeSpan.Zero ? "Z" : Offset(time),
        "offset" => Offset(time),
        "space" => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        _ => time.ToString(format, CultureInfo.InvariantCulture),
    };

    private static string Offset(DateTimeOffset time) => time.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);
}
