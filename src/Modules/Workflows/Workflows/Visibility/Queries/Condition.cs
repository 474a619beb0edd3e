using System.Text;

namespace Flagstone.Workflows.Visibility.Queries;

/// <summary>What a run must be to be listed, as written. <see cref="object.ToString"/> writes it so that it reads as itself.</summary>
internal abstract record Condition
{
    /// <summary>How tightly it binds; the looser one beneath the tighter stands in parentheses.</summary>
    protected abstract int Binding { get; }

    public sealed override string ToString()
    {
        var text = new StringBuilder();
        Print(text);
        return text.ToString();
    }

    protected abstract void Print(StringBuilder text);

    protected static void Print(StringBuilder text, Condition inner, int atLeast)
    {
        if (inner.Binding >= atLeast)
        {
            inner.Print(text);
            return;
        }

        text.Append('(');
        inner.Print(text);
        text.Append(')');
    }

    /// <summary>A field's name as written: in back quotes where it would be read as something else.</summary>
    protected static string Quoted(string field) => Lexer.IsPlain(field) ? field : $"`{field}`";
}

internal sealed record Either(Condition Left, Condition Right) : Condition
{
    protected override int Binding => 1;

    protected override void Print(StringBuilder text)
    {
        Print(text, Left, 1);
        text.Append(" OR ");
        Print(text, Right, 2);
    }
}

internal sealed record Both(Condition Left, Condition Right) : Condition
{
    protected override int Binding => 2;

    protected override void Print(StringBuilder text)
    {
        Print(text, Left, 2);
        text.Append(" AND ");
        Print(text, Right, 3);
    }
}

internal sealed record Negated(Condition Inner) : Condition
{
    protected override int Binding => 3;

    protected override void Print(StringBuilder text)
    {
        text.Append("NOT ");
        Print(text, Inner, 3);
    }
}

/// <param name="At">Where the field stands in the query, from 1; 0 for nowhere.</param>
internal abstract record FieldCondition(string Field, int At) : Condition
{
    protected override int Binding => 3;
}

/// <param name="Operator">One of <c>= != &lt; &lt;= &gt; &gt;=</c>.</param>
internal sealed record Comparison(string Field, string Operator, Literal Value, int At = 0) : FieldCondition(Field, At)
{
    protected override void Print(StringBuilder text) => text.Append($"{Quoted(Field)} {Operator} {Value.Print()}");
}

internal sealed record Membership(string Field, bool IsNot, IReadOnlyList<Literal> Values, int At = 0) : FieldCondition(Field, At)
{
    protected override void Print(StringBuilder text) =>
        text.Append($"{Quoted(Field)} {(IsNot ? "NOT " : "")}IN ({string.Join(", ", Values.Select(v => v.Print()))})");
}

internal sealed record Between(string Field, bool IsNot, Literal Low, Literal High, int At = 0) : FieldCondition(Field, At)
{
    protected override void Print(StringBuilder text) => text.Append($"{Quoted(Field)} {(IsNot ? "NOT " : "")}BETWEEN {Low.Print()} AND {High.Print()}");
}

internal sealed record Absence(string Field, bool IsNot, int At = 0) : FieldCondition(Field, At)
{
    protected override void Print(StringBuilder text) => text.Append($"{Quoted(Field)} IS {(IsNot ? "NOT " : "")}NULL");
}

internal sealed record Prefix(string Field, bool IsNot, Literal Value, int At = 0) : FieldCondition(Field, At)
{
    protected override void Print(StringBuilder text) => text.Append($"{Quoted(Field)} {(IsNot ? "NOT " : "")}STARTS_WITH {Value.Print()}");
}

internal enum LiteralKind
{
    Text,
    Number,
    Boolean,
}

/// <summary>A value as written.</summary>
/// <param name="Text">Of a text without its quotes; <c>true</c> or <c>false</c>.</param>
internal sealed record Literal(LiteralKind Kind, string Text, int At = 0)
{
    public string Print() => Kind == LiteralKind.Text
        ? $"'{Text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'"
        : Text;
}

/// <summary>A query: what to list or count.</summary>
/// <param name="Where">Null for everything.</param>
/// <param name="GroupBy">Empty for none.</param>
internal sealed record VisibilityQuery(Condition? Where, string GroupBy = "")
{
    /// <summary>The longest query, in characters.</summary>
    public const int MaxLength = 16_384;

    /// <summary>Parentheses and negations within each other.</summary>
    public const int MaxDepth = 32;

    /// <summary>Values in all; each is a parameter of the database's statement.</summary>
    public const int MaxValues = 500;

    public override string ToString() => $"{Where}{(GroupBy.Length > 0 ? $" GROUP BY {GroupBy}" : "")}".TrimStart();
}

/// <summary>A query that cannot be answered. The message says where, why, and what to write instead.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It becomes an RPC's status within the module.")]
internal sealed class QueryException : Exception
{
    public QueryException(int at, string message)
        : base(at > 0 ? $"Invalid query at position {at}: {message}" : $"Invalid query: {message}") => At = at;

    /// <summary>Where in the query, from 1; 0 for nowhere.</summary>
    public int At { get; }
}
