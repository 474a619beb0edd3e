using System.Globalization;
using System.Text;
using System.Xml;
using Flagstone.Workflows.Visibility.Queries;

namespace Flagstone.Workflows.Tests.Visibility;

/// <summary>What a query means, said once more and without a database: three-valued as SQL is, where null is neither true nor false.</summary>
internal static class PlainEvaluation
{
    public static bool Matches(Condition? condition, SampleRun run) => condition is null || Evaluate(condition, run) == true;

    private static bool? Evaluate(Condition condition, SampleRun run) => condition switch
    {
        Both both => Evaluate(both.Left, run) & Evaluate(both.Right, run),
        Either either => Evaluate(either.Left, run) | Evaluate(either.Right, run),
        Negated not => !Evaluate(not.Inner, run),
        Absence absence => IsThere(run[absence.Field]) == absence.IsNot,
        FieldCondition leaf => IsThere(run[leaf.Field]) ? Leaf(leaf, run[leaf.Field]!) : null,
        _ => throw new ArgumentOutOfRangeException(nameof(condition)),
    };

    private static bool IsThere(object? value) => value is not (null or string[] { Length: 0 });

    private static bool Leaf(FieldCondition leaf, object value) => leaf switch
    {
        Comparison comparison => Compare(leaf.Field, value, comparison.Operator, comparison.Value),
        Membership membership => membership.Values.Any(v => Compare(leaf.Field, value, "=", v)) != membership.IsNot,
        Between range => (Compare(leaf.Field, value, ">=", range.Low) && Compare(leaf.Field, value, "<=", range.High)) != range.IsNot,
        Prefix prefix => ((string)value).StartsWith(prefix.Value.Text, StringComparison.Ordinal) != prefix.IsNot,
        _ => throw new ArgumentOutOfRangeException(nameof(leaf)),
    };

    private static bool Compare(string field, object value, string sign, Literal literal)
    {
        if (value is string[] list)
        {
            return list.Contains(literal.Text) == (sign == "=");
        }

        if (field == "Prose")
        {
            return Words((string)value).Intersect(Words(literal.Text)).Any() == (sign == "=");
        }

        var order = value switch
        {
            string text => Bytes(text).AsSpan().SequenceCompareTo(Bytes(literal.Text)),
            long number => number.CompareTo(long.Parse(literal.Text, CultureInfo.InvariantCulture)),
            double number => number.CompareTo(double.Parse(literal.Text, CultureInfo.InvariantCulture)),
            bool boolean => boolean.CompareTo(literal.Text == "true"),
            DateTimeOffset time => time.CompareTo(DateTimeOffset.Parse(literal.Text, CultureInfo.InvariantCulture)),
            TimeSpan duration => duration.CompareTo(XmlConvert.ToTimeSpan($"PT{literal.Text.ToUpperInvariant()}")),
            _ => throw new ArgumentOutOfRangeException(nameof(value)),
        };
        return sign switch { "=" => order == 0, "!=" => order != 0, "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string[] Words(string text) => text.ToLowerInvariant().Split([' ', '.', ',', ';'], StringSplitOptions.RemoveEmptyEntries);
}
