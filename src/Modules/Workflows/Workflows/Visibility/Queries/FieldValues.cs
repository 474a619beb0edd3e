using System.Globalization;
using System.Text.RegularExpressions;
using Flagstone.Platform.Storage;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Visibility.Queries;

/// <summary>
/// The values of a query as the database compares them: of a column its text or number, of an attribute the text that its rows have
/// (<see cref="AttributeValues"/>). Times are RFC 3339 or nanoseconds since 1970; durations <c>1h30m</c>, <c>1:30:00</c> or nanoseconds. Pure.
/// </summary>
internal static partial class FieldValues
{
    private const long NanosPerMicro = 1_000;

    private static readonly Dictionary<string, decimal> Units = new(StringComparer.Ordinal)
    {
        ["ns"] = 1, ["us"] = 1_000, ["µs"] = 1_000, ["ms"] = 1_000_000, ["s"] = 1_000_000_000, ["m"] = 60_000_000_000, ["h"] = 3_600_000_000_000,
    };

    /// <summary>The value of a literal for a field.</summary>
    public static object Of(SearchField field, Literal literal)
    {
        if (field.Name == SearchField.Status)
        {
            return Status(literal);
        }

        if (field.Name == SearchField.Duration)
        {
            return Duration(literal);
        }

        object? value = field.Type switch
        {
            IndexedValueType.Keyword or IndexedValueType.KeywordList when literal.Kind == LiteralKind.Text => literal.Text,
            IndexedValueType.Int when TryWhole(literal, out var number) => number,
            IndexedValueType.Double when literal.Kind == LiteralKind.Number => double.Parse(literal.Text, CultureInfo.InvariantCulture),
            IndexedValueType.Bool when literal.Kind == LiteralKind.Boolean => literal.Text == "true",
            IndexedValueType.Datetime => Time(literal),
            _ => null,
        };
        return (value, field.IsAttribute) switch
        {
            (null, _) => throw new QueryException(
                literal.At, $"{literal.Print()} is no value of {field.Name}, which has the type {field.Type}. Write {Example(field.Type)}."),
            (DateTimeOffset time, false) => Micros.From(time),
            (_, false) or (string, _) => value,
            (long number, _) => AttributeValues.Of(number),
            (double number, _) => AttributeValues.Of(number),
            (bool boolean, _) => AttributeValues.Of(boolean),
            _ => AttributeValues.Of((DateTimeOffset)value),
        };
    }

    private static string Statuses => string.Join(", ", Enum.GetValues<WorkflowExecutionStatus>().Skip(1).Select(s => $"'{s}'"));

    private static bool TryWhole(Literal literal, out long number)
    {
        number = 0;
        return literal.Kind == LiteralKind.Number && long.TryParse(literal.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    private static object Status(Literal literal)
    {
        var name = literal.Text.Replace("WORKFLOW_EXECUTION_STATUS_", "", StringComparison.OrdinalIgnoreCase).Replace("_", "", StringComparison.Ordinal);
        var isNumber = literal.Kind == LiteralKind.Number || int.TryParse(name, out _);
        return Enum.TryParse<WorkflowExecutionStatus>(name, true, out var status) && status != WorkflowExecutionStatus.Unspecified && Enum.IsDefined(status)
            && literal.Kind != LiteralKind.Boolean && !(isNumber && literal.Kind == LiteralKind.Text)
            ? (long)status
            : throw new QueryException(literal.At, $"{literal.Print()} is no ExecutionStatus. Write one of {Statuses}.");
    }

    private static DateTimeOffset? Time(Literal literal) => literal.Kind switch
    {
        LiteralKind.Text when AttributeValues.TryTime(AttributeValues.Trimmed(literal.Text), out var time) => time,
        LiteralKind.Number when TryWhole(literal, out var nanos) => Micros.ToTime((long)Math.Floor((decimal)nanos / NanosPerMicro)),
        _ => null,
    };

    private static object Duration(Literal literal)
    {
        if (TryWhole(literal, out var nanos))
        {
            return nanos;
        }

        if (literal.Kind == LiteralKind.Text && Clock().Match(literal.Text) is { Success: true } clock)
        {
            return (long)(((Part(clock, 1) * 60) + Part(clock, 2)) * 60 + Part(clock, 3)) * (long)Units["s"];
        }

        if (literal.Kind == LiteralKind.Text && GoDuration().Match(literal.Text) is { Success: true } go)
        {
            var units = go.Groups[2].Captures;
            var sum = go.Groups[1].Captures.Select((c, i) => decimal.Parse(c.Value, CultureInfo.InvariantCulture) * Units[units[i].Value]).Sum();
            if (sum <= long.MaxValue)
            {
                return (long)sum;
            }
        }

        throw new QueryException(literal.At, $"{literal.Print()} is no duration. Write '1h30m', '01:30:00', or nanoseconds as a number.");
    }

    private static decimal Part(Match match, int group) => decimal.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    private static string Example(IndexedValueType type) => type switch
    {
        IndexedValueType.Int => "a whole number, without quotes",
        IndexedValueType.Double => "a number, without quotes",
        IndexedValueType.Bool => "true or false, without quotes",
        IndexedValueType.Datetime => "a time such as '2026-01-31T08:00:00Z'",
        _ => "a text in single quotes",
    };

    [GeneratedRegex(@"\A(\d{1,6}):([0-5]?\d):([0-5]?\d)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Clock();

    [GeneratedRegex(@"\A(?:(\d{1,15}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h)){1,8}\z", RegexOptions.CultureInvariant)]
    private static partial Regex GoDuration();
}
