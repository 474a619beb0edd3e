namespace Flagstone.Catalog.Templating.Syntax;

/// <summary>Parses a whole template: which statements enclose which parts.</summary>
internal sealed class TemplateParser(SourceText source, TemplateSyntax syntax)
{
    private const int MaxDepth = 100;

    private static readonly HashSet<string> Unsupported =
        ["include", "import", "from", "extends", "block", "asyncEach", "asyncAll", "ifAsync"];

    private readonly TemplateScanner scanner = new(source, syntax);
    private int depth;
    private Block? pending;

    public IReadOnlyList<Statement> Parse() => ParseUntil([]);

    // Stops at a statement whose name is one of the ends, and leaves it in pending.
    private List<Statement> ParseUntil(string[] ends, int openedAt = 0, string? opened = null)
    {
        if (++depth > MaxDepth)
        {
            throw source.Error(scanner.Offset, $"Blocks nest deeper than {MaxDepth} levels");
        }

        List<Statement> statements = [];
        pending = null;
        while (pending is null && scanner.Next() is { } part)
        {
            if (ParsePart(part, ends) is { } statement)
            {
                statements.Add(statement);
            }
        }

        depth--;
        return pending is not null || opened is null
            ? statements
            : throw source.Error(openedAt, $"\"{opened}\" is not closed; expected one of: {string.Join(", ", ends)}");
    }

    private Statement? ParsePart(TemplatePart part, string[] ends) => part switch
    {
        TextPart text => new TextStatement(text.Offset, text.Text),
        OutputPart output => new OutputStatement(output.Offset, ParseWhole(output.Tokens)),
        BlockPart block => ParseBlock(block.Tokens, ends),
        _ => throw new System.Diagnostics.UnreachableException(part.GetType().Name),
    };

    private Statement? ParseBlock(TokenReader tokens, string[] ends)
    {
        var name = tokens.ExpectName();
        if (ends.Contains(name.Value))
        {
            pending = new Block(name.Value, tokens);
            return null;
        }

        return name.Value switch
        {
            "if" => ParseIf(name, tokens),
            "for" => ParseFor(name, tokens),
            "set" => ParseSet(name, tokens),
            "raw" or "verbatim" => ParseRaw(name, tokens),
            "switch" => ParseSwitch(name, tokens),
            "filter" => ParseFilter(name, tokens),
            "macro" => ParseMacro(name, tokens),
            "call" => ParseCall(name, tokens),
            var other when Unsupported.Contains(other) =>
                throw source.Error(name.Offset, $"\"{other}\" is not supported: a template is one file"),
            var other => throw source.Error(name.Offset, $"Unknown statement \"{other}\""),
        };
    }

    private IfStatement ParseIf(Token name, TokenReader tokens)
    {
        List<IfBranch> branches = [];
        IReadOnlyList<Statement> otherwise = [];
        var head = tokens;
        while (true)
        {
            var condition = ParseWhole(head);
            var body = ParseUntil(["elif", "elseif", "else", "endif"], name.Offset, "if");
            branches.Add(new IfBranch(condition, body));
            var end = TakePending();
            if (end.Name is "elif" or "elseif")
            {
                head = end.Tokens;
                continue;
            }

            end.Tokens.ExpectEnd();
            if (end.Name == "else")
            {
                otherwise = ParseBody("if", name.Offset, "endif");
            }

            return new IfStatement(name.Offset, branches, otherwise);
        }
    }

    private ForStatement ParseFor(Token name, TokenReader tokens)
    {
        var names = ParseNames(tokens);
        if (!tokens.SkipName("in"))
        {
            throw source.Error(tokens.Current.Offset, $"Expected \"in\", received {tokens.Current.Describe()}");
        }

        var items = ParseWhole(tokens);
        var body = ParseUntil(["else", "endfor"], name.Offset, "for");
        var end = TakePending();
        end.Tokens.ExpectEnd();
        return new ForStatement(name.Offset, names, items, body, end.Name == "else" ? ParseBody("for", name.Offset, "endfor") : []);
    }

    private SetStatement ParseSet(Token name, TokenReader tokens)
    {
        var names = ParseNames(tokens);
        if (tokens.Skip("="))
        {
            return new SetStatement(name.Offset, names, ParseWhole(tokens), []);
        }

        tokens.ExpectEnd();
        return new SetStatement(name.Offset, names, null, ParseBody("set", name.Offset, "endset"));
    }

    private TextStatement ParseRaw(Token name, TokenReader tokens)
    {
        tokens.ExpectEnd();
        var raw = scanner.ReadRaw(name);
        return new TextStatement(raw.Offset, raw.Text);
    }

    private SwitchStatement ParseSwitch(Token name, TokenReader tokens)
    {
        var value = ParseWhole(tokens);
        var before = ParseUntil(["case", "default", "endswitch"], name.Offset, "switch");
        if (before.Exists(statement => statement is not TextStatement { Text: var blank } || !string.IsNullOrWhiteSpace(blank)))
        {
            throw source.Error(name.Offset, "Only white space may stand between \"switch\" and its first case");
        }

        List<IfBranch> cases = [];
        IReadOnlyList<Statement> otherwise = [];
        for (var end = TakePending(); end.Name != "endswitch"; end = TakePending())
        {
            var match = end.Name == "case" ? ParseWhole(end.Tokens) : null;
            var body = ParseUntil(["case", "default", "endswitch"], name.Offset, "switch");
            if (match is null)
            {
                otherwise = body;
                continue;
            }

            cases.Add(new IfBranch(match, body));
        }

        return new SwitchStatement(name.Offset, value, cases, otherwise);
    }

    private FilterStatement ParseFilter(Token name, TokenReader tokens)
    {
        var filter = tokens.ExpectName();
        var arguments = tokens.Current.Is("(") ? new ExpressionParser(tokens).ParseArguments() : ArgumentList.Empty;
        tokens.ExpectEnd();
        return new FilterStatement(filter.Offset, filter.Value, arguments, ParseBody("filter", name.Offset, "endfilter"));
    }

    private MacroStatement ParseMacro(Token name, TokenReader tokens)
    {
        var macro = tokens.ExpectName();
        var parameters = ParseParameters(tokens);
        tokens.ExpectEnd();
        return new MacroStatement(name.Offset, macro.Value, parameters, ParseBody("macro", name.Offset, "endmacro"));
    }

    private CallStatement ParseCall(Token name, TokenReader tokens)
    {
        var parameters = tokens.Current.Is("(") ? ParseParameters(tokens) : new MacroParameters([]);
        if (ParseWhole(tokens) is not CallExpression call)
        {
            throw source.Error(name.Offset, "\"call\" needs a call of a macro");
        }

        return new CallStatement(name.Offset, call, parameters, ParseBody("call", name.Offset, "endcall"));
    }

    private static MacroParameters ParseParameters(TokenReader tokens)
    {
        List<(string, Expression?)> items = [];
        tokens.Expect("(");
        while (!tokens.Skip(")"))
        {
            var parameter = tokens.ExpectName().Value;
            items.Add((parameter, tokens.Skip("=") ? new ExpressionParser(tokens).Parse() : null));
            if (!tokens.Current.Is(")"))
            {
                tokens.Expect(",");
            }
        }

        return new MacroParameters(items);
    }

    private List<Statement> ParseBody(string opened, int openedAt, string end)
    {
        var body = ParseUntil([end], openedAt, opened);
        TakePending().Tokens.ExpectEnd();
        return body;
    }

    private static List<string> ParseNames(TokenReader tokens)
    {
        List<string> names = [tokens.ExpectName().Value];
        while (tokens.Skip(","))
        {
            names.Add(tokens.ExpectName().Value);
        }

        return names;
    }

    private static Expression ParseWhole(TokenReader tokens)
    {
        var expression = new ExpressionParser(tokens).Parse();
        tokens.ExpectEnd();
        return expression;
    }

    private Block TakePending()
    {
        var block = pending ?? throw new System.Diagnostics.UnreachableException("a body ends at a statement or throws");
        pending = null;
        return block;
    }

    private sealed record Block(string Name, TokenReader Tokens);
}
