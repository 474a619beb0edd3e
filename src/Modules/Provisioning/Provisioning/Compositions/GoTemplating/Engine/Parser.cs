using System.Diagnostics.CodeAnalysis;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Parses a template, after Go's <c>text/template/parse/parse.go</c>: here the blocks, beside it the pipelines.</summary>
internal sealed partial class Parser
{
    private readonly Source source;
    private readonly IReadOnlyDictionary<string, Function> functions;
    private readonly List<Token> tokens;
    private readonly Dictionary<string, IReadOnlyList<Node>> defined = new(StringComparer.Ordinal);

    // Those in scope, innermost last.
    private readonly List<string> variables = ["$"];
    private int next;
    private int nesting;
    private int ranges;

    public Parser(Source source, Delimiters delimiters, IReadOnlyDictionary<string, Function> functions)
    {
        (this.source, this.functions) = (source, functions);
        tokens = Lexer.Read(source.Text, delimiters);
    }

    public Dictionary<string, IReadOnlyList<Node>> Parse()
    {
        var body = new List<Node>();
        while (Peek().Kind != TokenKind.End)
        {
            if (Peek().Kind == TokenKind.LeftDelimiter && PeekKeyword("define"))
            {
                ParseDefinition();
                continue;
            }

            if (ParseNode() is not { } node)
            {
                continue;
            }

            if (node is EndMark or ElseMark)
            {
                throw Fail($"unexpected {node}");
            }

            body.Add(node);
        }

        Define(source.Name, body);
        return defined;
    }

    private Token Peek() => tokens[Math.Min(next, tokens.Count - 1)];

    private Token Next() => next < tokens.Count ? tokens[next++] : tokens[^1];

    private Token NextNonSpace()
    {
        var token = Next();
        return token.Kind == TokenKind.Space ? Next() : token;
    }

    private Token PeekNonSpace()
    {
        if (Peek().Kind == TokenKind.Space)
        {
            next++;
        }

        return Peek();
    }

    private bool PeekKeyword(string keyword)
    {
        var at = next + 1;
        at += at < tokens.Count && tokens[at].Kind == TokenKind.Space ? 1 : 0;
        return at < tokens.Count && tokens[at].Is(keyword);
    }

    private Token Expect(TokenKind kind, string context)
    {
        var token = NextNonSpace();
        return token.Kind == kind ? token : throw Unexpected(token, context);
    }

    private TemplateException Unexpected(Token token, string context) =>
        token.Kind == TokenKind.Error ? Fail(token.Text, token) : Fail($"unexpected {token} in {context}", token);

    private TemplateException Fail(string message, Token? at = null) =>
        new($"template: {source.Name}:{source.LineOf((at ?? tokens[Math.Clamp(next - 1, 0, tokens.Count - 1)]).Position)}: {message}");

    /// <summary>Guards the stack; leave with <c>nesting--</c>.</summary>
    private void Enter()
    {
        if (++nesting > Budget.MaxNesting)
        {
            throw Fail($"the template is nested more than {Budget.MaxNesting} deep");
        }
    }

    /// <summary>Text or an action; null for what leaves nothing behind.</summary>
    private Node? ParseNode()
    {
        var token = Next();
        return token.Kind switch
        {
            TokenKind.Text => new TextNode(token.Position, token.Text),
            TokenKind.LeftDelimiter => ParseAction(),
            _ => throw Unexpected(token, "input"),
        };
    }

    private Node? ParseAction()
    {
        var token = NextNonSpace();
        if (token.Kind != TokenKind.Keyword)
        {
            next--;
            var pipe = ParsePipeline("command", TokenKind.RightDelimiter);
            return new ActionNode(token.Position, pipe);
        }

        switch (token.Text)
        {
            case "block":
                return ParseBlock();
            case "break" or "continue":
                Expect(TokenKind.RightDelimiter, token.Text);
                return ranges == 0 ? throw Fail($"{{{{{token.Text}}}}} outside {{{{range}}}}")
                    : token.Text == "break" ? new BreakNode(token.Position) : new ContinueNode(token.Position);
            case "else":
                return ParseElse(token);
            case "end":
                Expect(TokenKind.RightDelimiter, "end");
                return new EndMark(token.Position);
            case "if" or "range" or "with":
                return ParseControl(token.Text, token.Position);
            case "template":
                var (name, at) = ParseName("template clause");
                return new TemplateNode(at, name, TryEndAction() ? null : ParsePipeline("template clause", TokenKind.RightDelimiter));
            default:
                throw Fail($"unexpected {token} in command", token);
        }
    }

    private bool TryEndAction()
    {
        if (PeekNonSpace().Kind != TokenKind.RightDelimiter)
        {
            return false;
        }

        next++;
        return true;
    }

    private (string Name, int Position) ParseName(string context)
    {
        var token = NextNonSpace();
        return token.Kind is TokenKind.Quoted or TokenKind.RawQuoted ? (Unquote(token), token.Position) : throw Unexpected(token, context);
    }

    private ElseMark ParseElse(Token token)
    {
        // "else if" and "else with" open another block; who reads the body sees to that.
        var follows = PeekNonSpace();
        if (follows.Is("if") || follows.Is("with"))
        {
            return new ElseMark(token.Position);
        }

        Expect(TokenKind.RightDelimiter, "else");
        return new ElseMark(token.Position);
    }

    private Node ParseControl(string context, int position)
    {
        Enter();
        var scope = variables.Count;
        var pipe = ParsePipeline(context, TokenKind.RightDelimiter);
        ranges += context == "range" ? 1 : 0;
        var (body, end) = ParseBody();
        ranges -= context == "range" ? 1 : 0;
        IReadOnlyList<Node>? otherwise = null;
        if (end is ElseMark)
        {
            var token = Peek();
            if (context != "range" && token.Is(context))
            {
                // {{if a}}...{{else if b}}...{{end}} closes both with one end.
                next++;
                otherwise = [ParseControl(context, token.Position)];
            }
            else if (token.Is("if") || token.Is("with"))
            {
                throw Fail($"unexpected {token} in {context}", token);
            }
            else
            {
                (otherwise, end) = ParseBody();
                if (end is ElseMark)
                {
                    throw Fail($"expected end; found {end}");
                }
            }
        }

        variables.RemoveRange(scope, variables.Count - scope);
        nesting--;
        return context switch
        {
            "if" => new IfNode(position, pipe, body, otherwise),
            "with" => new WithNode(position, pipe, body, otherwise),
            _ => new RangeNode(position, pipe, body, otherwise),
        };
    }

    private (List<Node> Body, Node End) ParseBody()
    {
        var body = new List<Node>();
        while (Peek().Kind != TokenKind.End)
        {
            switch (ParseNode())
            {
                case EndMark end:
                    return (body, end);
                case ElseMark end:
                    return (body, end);
                case { } node:
                    body.Add(node);
                    break;
                default:
                    break;
            }
        }

        throw Fail("unexpected EOF", Peek());
    }

    private TemplateNode ParseBlock()
    {
        var (name, at) = ParseName("block clause");
        var pipe = ParsePipeline("block clause", TokenKind.RightDelimiter);
        ParseDefinedBody(name, "block clause");
        return new TemplateNode(at, name, pipe);
    }

    private void ParseDefinition()
    {
        next++;
        NextNonSpace();
        var (name, _) = ParseName("define clause");
        Expect(TokenKind.RightDelimiter, "define clause");
        ParseDefinedBody(name, "define clause");
    }

    /// <summary>A body of its own: it sees no variable and no range of what is around it.</summary>
    private void ParseDefinedBody(string name, string context)
    {
        Enter();
        var (outer, outerRanges) = (variables.ToList(), ranges);
        variables.RemoveRange(1, variables.Count - 1);
        ranges = 0;
        var (body, end) = ParseBody();
        if (end is ElseMark)
        {
            throw Fail($"unexpected {end} in {context}");
        }

        variables.Clear();
        variables.AddRange(outer);
        ranges = outerRanges;
        nesting--;
        Define(name, body);
    }

    private void Define(string name, List<Node> body)
    {
        if (defined.TryGetValue(name, out var before) && !IsEmpty(before))
        {
            if (!IsEmpty(body))
            {
                throw new TemplateException($"template: {source.Name}: multiple definition of template {GoFormat.Quote(name)}");
            }

            return;
        }

        defined[name] = body;
    }

    /// <summary>A file of nothing but definitions may have the name of one of them.</summary>
    private static bool IsEmpty(IReadOnlyList<Node> body) => body.All(n => n is TextNode text && string.IsNullOrWhiteSpace(text.Text));

    private string Unquote(Token token) => TryUnquote(token, out var text) ? text : throw Fail("invalid syntax", token);

    private static bool TryUnquote(Token token, [NotNullWhen(true)] out string? text)
    {
        if (token.Kind != TokenKind.RawQuoted)
        {
            return Literals.TryText(token.Text, out text);
        }

        text = token.Text[1..^1].Replace("\r", "", StringComparison.Ordinal);
        return true;
    }

    private sealed record EndMark(int Position) : Node(Position)
    {
        public override string ToString() => "{{end}}";
    }

    private sealed record ElseMark(int Position) : Node(Position)
    {
        public override string ToString() => "{{else}}";
    }
}
