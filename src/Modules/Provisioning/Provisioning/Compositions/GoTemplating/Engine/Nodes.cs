namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>A part of a parsed template. Its text is what Go prints of it in errors.</summary>
/// <param name="Position">In the template's text, from 0.</param>
internal abstract record Node(int Position);

internal sealed record TextNode(int Position, string Text) : Node(Position);

internal sealed record ActionNode(int Position, PipeNode Pipe) : Node(Position);

internal sealed record IfNode(int Position, PipeNode Pipe, IReadOnlyList<Node> Body, IReadOnlyList<Node>? Else) : Node(Position);

internal sealed record WithNode(int Position, PipeNode Pipe, IReadOnlyList<Node> Body, IReadOnlyList<Node>? Else) : Node(Position);

internal sealed record RangeNode(int Position, PipeNode Pipe, IReadOnlyList<Node> Body, IReadOnlyList<Node>? Else) : Node(Position);

/// <param name="Pipe">What the dot is there; null for none.</param>
internal sealed record TemplateNode(int Position, string Name, PipeNode? Pipe) : Node(Position)
{
    public override string ToString() => $"{{{{template {GoFormat.Quote(Name)}{(Pipe is null ? "" : " " + Pipe)}}}}}";
}

internal sealed record BreakNode(int Position) : Node(Position);

internal sealed record ContinueNode(int Position) : Node(Position);

/// <param name="Variables">Names with the dollar that the pipeline declares or, when it <paramref name="Assigns"/>, sets.</param>
internal sealed record PipeNode(int Position, IReadOnlyList<string> Variables, bool Assigns, IReadOnlyList<CommandNode> Commands) : Node(Position)
{
    public override string ToString()
    {
        var declared = Variables.Count > 0 ? string.Join(", ", Variables) + (Assigns ? " = " : " := ") : "";
        return declared + string.Join(" | ", Commands);
    }
}

internal sealed record CommandNode(int Position, IReadOnlyList<Node> Arguments) : Node(Position)
{
    public override string ToString() => string.Join(' ', Arguments.Select(a => a is PipeNode ? $"({a})" : a.ToString()));
}

internal sealed record IdentifierNode(int Position, string Name) : Node(Position)
{
    public override string ToString() => Name;
}

internal sealed record FieldNode(int Position, IReadOnlyList<string> Names) : Node(Position)
{
    public override string ToString() => "." + string.Join('.', Names);
}

/// <param name="Names">The variable with its dollar, then fields of it.</param>
internal sealed record VariableNode(int Position, IReadOnlyList<string> Names) : Node(Position)
{
    public override string ToString() => string.Join('.', Names);
}

/// <summary>Fields of what is in parentheses or is called.</summary>
internal sealed record ChainNode(int Position, Node Of, IReadOnlyList<string> Names) : Node(Position)
{
    public override string ToString() => (Of is PipeNode ? $"({Of})" : Of.ToString()) + "." + string.Join('.', Names);
}

internal sealed record DotNode(int Position) : Node(Position)
{
    public override string ToString() => ".";
}

internal sealed record NilNode(int Position) : Node(Position)
{
    public override string ToString() => "nil";
}

/// <param name="Value">A bool, string, long or double.</param>
internal sealed record ConstantNode(int Position, object Value, string Text) : Node(Position)
{
    public override string ToString() => Text;
}
