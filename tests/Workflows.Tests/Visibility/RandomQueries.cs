using System.Globalization;
using Flagstone.Workflows.Visibility.Queries;

namespace Flagstone.Workflows.Tests.Visibility;

/// <summary>Conditions by chance, of fields and values that the random runs have too.</summary>
internal sealed class RandomQueries(Random random)
{
    private static readonly string[] Order = ["=", "!=", "<", "<=", ">", ">="];

    public Condition Next(int depth) => random.Next(depth > 0 ? 6 : 2) switch
    {
        0 or 1 => Leaf(),
        2 or 3 => new Both(Next(depth - 1), Next(depth - 1)),
        4 => new Either(Next(depth - 1), Next(depth - 1)),
        _ => new Negated(Next(depth - 1)),
    };

    public string Text() => Pick("a", "ab", "b", "Ab", "ä", "it's", "back\\slash", "say \"x\"", "", "z\uD83D\uDE00");

    private Condition Leaf()
    {
        var (field, kind) = Pick(
            ("WorkflowId", 'k'), ("WorkflowType", 'k'), ("TaskQueue", 'k'), ("ParentWorkflowId", 'k'), ("Word", 'k'), ("Odd name", 'k'), ("Whole", 'i'), ("HistoryLength", 'i'), ("Part", 'd'), ("Flag", 'b'),
            ("When", 't'), ("StartTime", 't'), ("CloseTime", 't'), ("ExecutionStatus", 's'), ("ExecutionDuration", 'u'), ("Tags", 'l'), ("Prose", 'p'));
        var isNot = random.Next(2) == 0;
        return random.Next(6) switch
        {
            0 => new Absence(field, isNot),
            1 => new Membership(field, isNot, [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Value(kind))]),
            2 when kind is 'k' => new Prefix(field, isNot, Value(kind)),
            3 when kind is 'k' or 'i' or 'd' or 't' or 'u' => new Between(field, isNot, Value(kind), Value(kind)),
            _ => new Comparison(field, kind is 'b' or 's' or 'l' or 'p' ? Pick("=", "!=") : Pick(Order), Value(kind)),
        };
    }

    private Literal Value(char kind) => kind switch
    {
        'i' => new Literal(LiteralKind.Number, random.Next(-3, 4).ToString(CultureInfo.InvariantCulture)),
        'd' => new Literal(LiteralKind.Number, (random.Next(-6, 7) / 2.0).ToString(CultureInfo.InvariantCulture)),
        'b' => new Literal(LiteralKind.Boolean, Pick("true", "false")),
        't' => new Literal(LiteralKind.Text, RandomRuns.Time(random).ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture)),
        's' => new Literal(LiteralKind.Text, Pick("Running", "Completed", "Terminated", "TimedOut")),
        'u' => new Literal(LiteralKind.Text, Pick("0s", "1h", "90m", "2h0m0s")),
        'p' => new Literal(LiteralKind.Text, Pick("red", "Red fox", "the end", "fox; END")),
        'l' => new Literal(LiteralKind.Text, Pick("a", "b", "c", "none")),
        _ => new Literal(LiteralKind.Text, Text()),
    };

    private T Pick<T>(params T[] of) => of[random.Next(of.Length)];
}
