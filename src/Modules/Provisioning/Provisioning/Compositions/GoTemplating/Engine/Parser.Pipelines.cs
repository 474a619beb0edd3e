namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

internal sealed partial class Parser
{
    private PipeNode ParsePipeline(string context, TokenKind end)
    {
        Enter();
        var start = PeekNonSpace();
        var (names, assigns) = ParseDeclarations(context);
        var commands = new List<CommandNode>();
        while (true)
        {
            var token = NextNonSpace();
            if (token.Kind == end)
            {
                Check(commands, context);
                nesting--;
                return new PipeNode(start.Position, names, assigns, commands);
            }

            if (token.Kind is not (TokenKind.Boolean or TokenKind.Character or TokenKind.Dot or TokenKind.Field or TokenKind.Identifier or TokenKind.Number
                or TokenKind.Nil or TokenKind.RawQuoted or TokenKind.Quoted or TokenKind.Variable or TokenKind.LeftParenthesis))
            {
                throw Unexpected(token, context);
            }

            next--;
            commands.Add(ParseCommand());
        }
    }

    private (List<string> Names, bool Assigns) ParseDeclarations(string context)
    {
        var names = new List<string>();
        while (PeekNonSpace() is { Kind: TokenKind.Variable } variable)
        {
            var back = next;
            next++;
            var follows = PeekNonSpace();
            if (follows.Kind is TokenKind.Declare or TokenKind.Assign)
            {
                next++;
                names.Add(variable.Text);
                var assigns = follows.Kind == TokenKind.Assign;
                if (assigns)
                {
                    names.ForEach(n => CheckVariable(n, variable));
                }
                else
                {
                    variables.AddRange(names);
                }

                return (names, assigns);
            }

            if (follows is { Kind: TokenKind.Sign, Text: "," } && context == "range" && names.Count == 0)
            {
                next++;
                names.Add(variable.Text);
                if (PeekNonSpace().Kind != TokenKind.Variable)
                {
                    throw Fail("range can only initialize variables");
                }

                continue;
            }

            if (follows is { Kind: TokenKind.Sign, Text: "," })
            {
                throw Fail($"too many declarations in {context}");
            }

            next = back;
            break;
        }

        return (names, false);
    }

    private void CheckVariable(string name, Token at)
    {
        if (!variables.Contains(name))
        {
            throw Fail($"undefined variable {GoFormat.Quote(name)}", at);
        }
    }

    private void Check(List<CommandNode> commands, string context)
    {
        if (commands.Count == 0)
        {
            throw Fail($"missing value for {context}");
        }

        // Only the first command may be a value; a later one takes the value before it.
        for (var i = 1; i < commands.Count; i++)
        {
            if (commands[i].Arguments[0] is ConstantNode or DotNode or NilNode)
            {
                throw Fail($"non executable command in pipeline stage {i + 1}");
            }
        }
    }

    private CommandNode ParseCommand()
    {
        var start = PeekNonSpace();
        var arguments = new List<Node>();
        while (true)
        {
            PeekNonSpace();
            if (ParseOperand() is { } operand)
            {
                arguments.Add(operand);
            }

            var token = Next();
            if (token.Kind == TokenKind.Space)
            {
                continue;
            }

            if (token.Kind is TokenKind.RightDelimiter or TokenKind.RightParenthesis)
            {
                next--;
            }
            else if (token.Kind != TokenKind.Pipe)
            {
                throw Unexpected(token, "operand");
            }

            return arguments.Count > 0 ? new CommandNode(start.Position, arguments) : throw Fail("empty command");
        }
    }

    private Node? ParseOperand()
    {
        var term = ParseTerm();
        if (term is null || Peek().Kind != TokenKind.Field)
        {
            return term;
        }

        var position = Peek().Position;
        var names = new List<string>();
        while (Peek().Kind == TokenKind.Field)
        {
            names.Add(Next().Text[1..]);
        }

        return term switch
        {
            FieldNode field => new FieldNode(position, [.. field.Names, .. names]),
            VariableNode variable => new VariableNode(position, [.. variable.Names, .. names]),
            ConstantNode or DotNode or NilNode => throw Fail($"unexpected . after term {GoFormat.Quote(term.ToString()!)}"),
            _ => new ChainNode(position, term, names),
        };
    }

    private Node? ParseTerm()
    {
        var token = NextNonSpace();
        switch (token.Kind)
        {
            case TokenKind.Identifier:
                return functions.ContainsKey(token.Text) ? new IdentifierNode(token.Position, token.Text) : throw Fail($"function {GoFormat.Quote(token.Text)} not defined", token);
            case TokenKind.Dot:
                return new DotNode(token.Position);
            case TokenKind.Nil:
                return new NilNode(token.Position);
            case TokenKind.Variable:
                CheckVariable(token.Text, token);
                return new VariableNode(token.Position, [token.Text]);
            case TokenKind.Field:
                return new FieldNode(token.Position, [token.Text[1..]]);
            case TokenKind.Boolean:
                return new ConstantNode(token.Position, token.Text == "true", token.Text);
            case TokenKind.Number:
                return Literals.TryNumber(token.Text, out var number)
                    ? new ConstantNode(token.Position, number, token.Text)
                    : throw Fail($"illegal number syntax: {GoFormat.Quote(token.Text)}", token);
            case TokenKind.Character:
                return Literals.TryText(token.Text, out var text) && text.EnumerateRunes().ToList() is [var rune]
                    ? new ConstantNode(token.Position, (long)rune.Value, token.Text)
                    : throw Fail($"malformed character constant: {token.Text}", token);
            case TokenKind.Quoted or TokenKind.RawQuoted:
                return new ConstantNode(token.Position, Unquote(token), token.Text);
            case TokenKind.LeftParenthesis:
                return ParsePipeline("parenthesized pipeline", TokenKind.RightParenthesis);
            case TokenKind.Error:
                throw Fail(token.Text, token);
            default:
                next--;
                return null;
        }
    }
}
