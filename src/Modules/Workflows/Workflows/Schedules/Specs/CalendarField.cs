using System.Globalization;
using Google.Protobuf.Collections;
using CalendarRange = Temporalio.Api.Schedule.V1.Range;

namespace Flagstone.Workflows.Schedules.Specs;

/// <summary>A field of a calendar: what it may be, and how it is written. Pure. (Temporal's server: service/worker/scheduler/calendar.go.)</summary>
/// <param name="Default">What an empty text means.</param>
/// <param name="Names">Of the values, in order from the first; empty for none.</param>
internal sealed record CalendarField(string Name, int Min, int Max, string Default, string[] Names)
{
    public static readonly CalendarField Second = new("second", 0, 59, "0", []);
    public static readonly CalendarField Minute = new("minute", 0, 59, "0", []);
    public static readonly CalendarField Hour = new("hour", 0, 23, "0", []);
    public static readonly CalendarField DayOfMonth = new("day of month", 1, 31, "*", []);
    public static readonly CalendarField Month = new("month", 1, 12, "*", [.. CultureInfo.InvariantCulture.DateTimeFormat.MonthNames.Where(n => n.Length > 0)]);
    public static readonly CalendarField Year = new("year", FirstYear, LastYear, "*", []);
    public static readonly CalendarField DayOfWeek = new("day of week", 0, 6, "*", CultureInfo.InvariantCulture.DateTimeFormat.DayNames);

    /// <summary>No schedule has times after this year.</summary>
    public const int LastYear = 2100;

    private const int FirstYear = 2000;
    private const int MaxLength = 1_000;
    private const int ShortName = 3;

    /// <summary>Reads a text such as <c>*</c>, <c>1-5</c>, <c>*/15</c> or <c>mon,wed-fri</c>.</summary>
    /// <exception cref="SpecException">It is none.</exception>
    public RepeatedField<CalendarRange> Parse(string text)
    {
        text = text.Trim();
        text = text.Length == 0 ? Default : text;
        var ranges = new RepeatedField<CalendarRange>();
        if (text is "*" or "?" && this == Year)
        {
            return ranges;
        }

        if (text.Length > MaxLength)
        {
            throw Wrong(text[..20] + "...");
        }

        foreach (var part in text.Split(','))
        {
            ranges.Add(One(part.Trim()));
        }

        return ranges;
    }

    /// <summary>Refuses ranges that no date has.</summary>
    /// <exception cref="SpecException">One is.</exception>
    public void Check(RepeatedField<CalendarRange> ranges)
    {
        foreach (var range in ranges)
        {
            if (range.Start < Min || range.Start > Max || range.End > Max || range.End < 0 || range.Step < 0)
            {
                throw new SpecException($"the {Name} {range.Start} to {range.End} by {range.Step} is not between {Min} and {Max}");
            }
        }
    }

    /// <summary>Which values the ranges have, by the value; without a range those of the default.</summary>
    public bool[] Values(RepeatedField<CalendarRange> ranges)
    {
        var values = new bool[Max + 1];
        foreach (var range in ranges.Count > 0 ? ranges : Default == "*" ? [new CalendarRange { Start = Min, End = Max }] : [new CalendarRange { Start = 0 }])
        {
            for (var value = range.Start; value <= Math.Max(range.Start, range.End); value += Math.Max(1, range.Step))
            {
                values[value] = true;
            }
        }

        return values;
    }

    private CalendarRange One(string text)
    {
        var (span, step) = text.Split('/') switch
        {
            [var only] => (only, 0),
            [var first, var by] when Number(by) is > 0 and var each => (first, each),
            _ => throw Wrong(text),
        };
        var (start, end) = span.Split('-') switch
        {
            ["*" or "?"] => (Min, Max),
            // From a value on, where a step follows.
            [var one] => (Value(one, text), step > 0 ? Max : Value(one, text)),
            [var low, var high] => (Value(low, text), Value(high, text)),
            _ => throw Wrong(text),
        };
        // Sunday is 7 too.
        if (this == DayOfWeek && (start, end) is (7, 7))
        {
            (start, end) = (0, 0);
        }

        if (start < Min || end > Max || end < start)
        {
            throw Wrong(text);
        }

        return new CalendarRange { Start = start, End = end, Step = Math.Max(1, step) };
    }

    private int Value(string text, string whole)
    {
        var named = text.Length < ShortName ? -1
            : Array.FindIndex(Names, n => n.Equals(text, StringComparison.OrdinalIgnoreCase) || n[..ShortName].Equals(text, StringComparison.OrdinalIgnoreCase));
        return named >= 0 ? named + Min : Number(text) ?? throw Wrong(whole);
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private SpecException Wrong(string text) =>
        new($"'{text}' is no {Name}: write numbers from {Min} to {Max}, ranges such as {Min}-{Max}, steps such as */2, or several with commas");
}

/// <summary>A spec that has no meaning. The message says what of it, without an end.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It becomes an RPC's status within the module.")]
internal sealed class SpecException(string message) : Exception(message);
