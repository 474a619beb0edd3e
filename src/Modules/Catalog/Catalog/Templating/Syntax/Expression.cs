using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Syntax;

/// <summary>An expression. The offset is where an error in it is reported.</summary>
internal abstract record Expression(int Offset);

internal sealed record LiteralExpression(int Offset, TemplateValue Value) : Expression(Offset);

internal sealed record NameExpression(int Offset, string Name) : Expression(Offset);

internal sealed record MemberExpression(int Offset, Expression Target, Expression Key) : Expression(Offset);

internal sealed record CallExpression(int Offset, Expression Target, ArgumentList Arguments) : Expression(Offset);

internal sealed record FilterExpression(int Offset, Expression Input, string Name, ArgumentList Arguments) : Expression(Offset);

internal sealed record TestExpression(int Offset, Expression Input, string Name, ArgumentList Arguments) : Expression(Offset);

internal sealed record UnaryExpression(int Offset, string Operator, Expression Operand) : Expression(Offset);

internal sealed record BinaryExpression(int Offset, string Operator, Expression Left, Expression Right) : Expression(Offset);

/// <summary><c>body if condition else otherwise</c>; without an otherwise it is the empty string.</summary>
internal sealed record ConditionalExpression(int Offset, Expression Condition, Expression Body, Expression? Otherwise) : Expression(Offset);

internal sealed record ListExpression(int Offset, IReadOnlyList<Expression> Items) : Expression(Offset);

internal sealed record MapExpression(int Offset, IReadOnlyList<(Expression Key, Expression Value)> Entries) : Expression(Offset);

internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static ArgumentList Empty { get; } = new([], []);
}
