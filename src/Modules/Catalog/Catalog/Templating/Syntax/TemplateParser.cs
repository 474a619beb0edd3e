namespace Flagstone.Catalog.Templating.Syntax;

/// <summary>Parses a whole template: text between marks, and the statements that enclose parts of it.</summary>
internal sealed class TemplateParser(SourceText source, TemplateSyntax syntax)
{
    private const int MaxDepth = 100;
    private const string OutputOpen = "${{";
    private const string OutputClose = "}}";
    private const string BlockOpen = "{%";
    private const string BlockClose = "%}";
    private const string CommentOpen = "{#";
    private const string CommentClose = "#}";

    private static readonly HashSet<string> Unsupported = ["include", "import", "from", "extends", "block", "asyncEach", "asyncAll", "ifAsync"];

    private readonly string text = source.Text;
    private int at;
    private int depth;
    private bool trimNext;
    private Block? pending;

    public IReadOnlyList<Statement> Parse() => ParseUntil([]);

    // Stops at a statement whose name is one of the ends, and leaves it in pending.
    private List<Statement> ParseUntil(string[] ends, int openedAt = 0, string? opened = null)
    {
        if (++depth > MaxDepth)
        {
            throw source.Error(at, $"Blocks nest deeper than {MaxDepth} levels");
        }

        List<Statement> statements = [];
        pending = null;
        while (at < text.Length)
        {
            var mark = FindMark();
            AddText(statements, mark);
            if (mark == text.Length)
            {
                break;
            }

            if (StartsAt(mark, OutputOpen))
            {
                statements.Add(ParseOutput(mark));
            }
            else if (StartsAt(mark, CommentOpen))
            {
                SkipComment(mark);
            }
            else if (ParseBlock(mark, ends) is { } statement)
            {
                statements.Add(statement);
            }
            else
            {
                depth--;
                return statements;
            }
        }

        depth--;
        return opened is null ? statements : throw source.Error(openedAt, $"\"{opened}\" is not closed; expected one of: {string.Join(", ", ends)}");
    }

    private int FindMark()
    {
        for (var i = at; i < text.Length - 1; i++)
        {
            if (StartsAt(i, OutputOpen) || StartsAt(i, BlockOpen) || StartsAt(i, CommentOpen))
            {
                return i;
            }
        }

        return text.Length;
    }

    private void AddText(List<Statement> statements, int mark)
    {
        var from = at;
        var to = mark;
        if (trimNext)
        {
            while (from < to && char.IsWhiteSpace(text[from]))
            {
                from++;
            }
        }

        if (mark < text.Length && IsDash(mark))
        {
            while (to > from && char.IsWhiteSpace(text[to - 1]))
            {
                to--;
            }
        }
        else if (syntax.LstripBlocks && mark < text.Length && text[mark] == '{')
        {
            to = StartOfBlankLine(from, to);
        }

        trimNext = false;
        at = mark;
        if (to > from)
        {
            statements.Add(new TextStatement(from, text[from..to]));
        }
    }

    private int StartOfBlankLine(int from, int to)
    {
        var start = to;
        while (start > from && text[start - 1] is ' ' or '\t')
        {
            start--;
        }

        return start == 0 || text[start - 1] == '\n' ? start : to;
    }

    private bool IsDash(int mark)
    {
        var after = mark + (StartsAt(mark, OutputOpen) ? OutputOpen.Length : BlockOpen.Length);
        return after < text.Length && text[after] == '-';
    }

    private OutputStatement ParseOutput(int mark)
    {
        var tokens = Lex(mark, OutputOpen, OutputClose);
        var value = new ExpressionParser(tokens).Parse();
        tokens.ExpectEnd();
        return new OutputStatement(mark, value);
    }

    private void SkipComment(int mark)
    {
        var end = text.IndexOf(CommentClose, mark + CommentOpen.Length, StringComparison.Ordinal);
        if (end < 0)
        {
            throw source.Error(mark, "The comment is not closed");
        }

        trimNext = text[end - 1] == '-' && end - 1 >= mark + CommentOpen.Length;
        at = end + CommentClose.Length;
        SkipLineBreak();
    }

    private Statement? ParseBlock(int mark, string[] ends)
    {
        var tokens = Lex(mark, BlockOpen, BlockClose);
        SkipLineBreak();
        var name = tokens.ExpectName();
        if (ends.Contains(name.Value))
        {
            pending = new Block(name.Value, name.Offset, tokens);
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
        var from = at;
        for (var mark = text.IndexOf(BlockOpen, at, StringComparison.Ordinal);
            mark >= 0;
            mark = text.IndexOf(BlockOpen, mark + 1, StringComparison.Ordinal))
        {
            var inside = mark + BlockOpen.Length + (IsDash(mark) ? 1 : 0);
            var close = text.IndexOf(BlockClose, inside, StringComparison.Ordinal);
            if (close < 0 || text[inside..close].Trim().TrimEnd('-').TrimEnd() != "end" + name.Value)
            {
                continue;
            }

            trimNext = text[close - 1] == '-';
            at = close + BlockClose.Length;
            SkipLineBreak();
            return new TextStatement(from, text[from..mark]);
        }

        throw source.Error(name.Offset, $"\"{name.Value}\" is not closed; expected \"end{name.Value}\"");
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

    private TokenReader Lex(int mark, string open, string close)
    {
        var start = mark + open.Length + (IsDash(mark) ? 1 : 0);
        var lexed = new ExpressionLexer(source, start, close).Run();
        at = lexed.End;
        trimNext = lexed.TrimsAfter;
        return new TokenReader(source, lexed.Tokens);
    }

    private void SkipLineBreak()
    {
        if (!syntax.TrimBlocks)
        {
            return;
        }

        at += StartsAt(at, "\r\n") ? 2 : StartsAt(at, "\n") ? 1 : 0;
    }

    private Block TakePending()
    {
        var block = pending ?? throw new System.Diagnostics.UnreachableException("a body ends at a statement or throws");
        pending = null;
        return block;
    }

    private bool StartsAt(int index, string expected) => string.CompareOrdinal(text, index, expected, 0, expected.Length) == 0;

    private sealed record Block(string Name, int Offset, TokenReader Tokens);
}
