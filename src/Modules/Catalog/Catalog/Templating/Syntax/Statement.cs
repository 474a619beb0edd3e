namespace Flagstone.Catalog.Templating.Syntax;

/// <summary>A part of a template: text, an output, or a statement with the parts inside it.</summary>
internal abstract record Statement(int Offset);

internal sealed record TextStatement(int Offset, string Text) : Statement(Offset);

internal sealed record OutputStatement(int Offset, Expression Value) : Statement(Offset);

internal sealed record IfStatement(int Offset, IReadOnlyList<IfBranch> Branches, IReadOnlyList<Statement> Otherwise) : Statement(Offset);

internal sealed record IfBranch(Expression Condition, IReadOnlyList<Statement> Body);

/// <summary>With several names, each item is taken apart; over a map, the first two are key and value.</summary>
internal sealed record ForStatement(
    int Offset, IReadOnlyList<string> Names, Expression Source, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Otherwise)
    : Statement(Offset);

/// <summary>Sets names to a value, or, without one, to what the body renders.</summary>
internal sealed record SetStatement(int Offset, IReadOnlyList<string> Names, Expression? Value, IReadOnlyList<Statement> Body)
    : Statement(Offset);

/// <summary>A case without a body falls through to the next, as in JavaScript.</summary>
internal sealed record SwitchStatement(int Offset, Expression Value, IReadOnlyList<IfBranch> Cases, IReadOnlyList<Statement> Otherwise)
    : Statement(Offset);

internal sealed record FilterStatement(int Offset, string Name, ArgumentList Arguments, IReadOnlyList<Statement> Body) : Statement(Offset);

internal sealed record MacroStatement(int Offset, string Name, MacroParameters Parameters, IReadOnlyList<Statement> Body)
    : Statement(Offset);

/// <summary>Calls a macro that reaches the body by <c>caller()</c>.</summary>
internal sealed record CallStatement(int Offset, CallExpression Call, MacroParameters Parameters, IReadOnlyList<Statement> Body)
    : Statement(Offset);

internal sealed record MacroParameters(IReadOnlyList<(string Name, Expression? Default)> Items);
