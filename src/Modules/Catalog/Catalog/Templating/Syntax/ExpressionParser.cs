using System.Globalization;
using System.Text.RegularExpressions;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Syntax;

/// <summary>
/// Precedence climbing over nunjucks' operators. Each binary operator has a level of its own there, and templates depend on it.
/// </summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    // A parser calls itself for each parenthesis; its own limit keeps the stack safe before the evaluator's can.
    private const int MaxDepth = 100;

    private static readonly string[][] Levels = [["~"], ["+"], ["-"], ["*"], ["/"], ["//"], ["%"], ["**"]];
    private static readonly HashSet<string> Comparisons = ["==", "===", "!=", "!==", "<", ">", "<=", ">="];

    private int depth;

    public Expression Parse()
    {
        if (++depth > MaxDepth)
        {
            throw tokens.Error(tokens.Current.Offset, $"The expression nests deeper than {MaxDepth} levels");
        }

        var body = ParseOr();
        if (tokens.Current.IsName("if"))
        {
            var offset = tokens.Read().Offset;
            var condition = ParseOr();
            body = new ConditionalExpression(offset, condition, body, tokens.SkipName("else") ? ParseOr() : null);
        }

        depth--;
        return body;
    }

    public ArgumentList ParseArguments()
    {
        tokens.Expect("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        while (!tokens.Skip(")"))
        {
            if (tokens.Current.Kind == TokenKind.Name && tokens.Following.Is("="))
            {
                var name = tokens.Read().Value;
                tokens.Read();
                named.Add((name, Parse()));
            }
            else
            {
                positional.Add(Parse());
            }

            if (!tokens.Current.Is(")"))
            {
                tokens.Expect(",");
            }
        }

        return new ArgumentList(positional, named);
    }

    public Expression ParseFilters(Expression input)
    {
        while (tokens.Skip("|"))
        {
            var name = tokens.ExpectName();
            input = new FilterExpression(name.Offset, input, name.Value, ParseOptionalArguments());
        }

        return input;
    }

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (tokens.Current.IsName("or"))
        {
            left = new BinaryExpression(tokens.Read().Offset, "or", left, ParseAnd());
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (tokens.Current.IsName("and"))
        {
            left = new BinaryExpression(tokens.Read().Offset, "and", left, ParseNot());
        }

        return left;
    }

    private Expression ParseNot()
    {
        if (!tokens.Current.IsName("not"))
        {
            return ParseIn();
        }

        var offset = tokens.Read().Offset;
        return Nested(() => new UnaryExpression(offset, "not", ParseNot()));
    }

    private Expression ParseIn()
    {
        var left = ParseIs();
        while (true)
        {
            var inverted = tokens.Current.IsName("not") && tokens.Following.IsName("in");
            if (!inverted && !tokens.Current.IsName("in"))
            {
                return left;
            }

            var offset = tokens.Read().Offset;
            if (inverted)
            {
                tokens.Read();
            }

            left = new BinaryExpression(offset, "in", left, ParseIs());
            left = inverted ? new UnaryExpression(offset, "not", left) : left;
        }
    }

    private Expression ParseIs()
    {
        var left = ParseComparison();
        if (!tokens.SkipName("is"))
        {
            return left;
        }

        var inverted = tokens.SkipName("not");
        var name = tokens.ExpectName();
        var test = new TestExpression(name.Offset, left, name.Value, ParseOptionalArguments());
        return inverted ? new UnaryExpression(name.Offset, "not", test) : test;
    }

    private Expression ParseComparison()
    {
        var left = ParseBinary(0);
        while (tokens.Current.Kind == TokenKind.Symbol && Comparisons.Contains(tokens.Current.Value))
        {
            var token = tokens.Read();
            left = new BinaryExpression(token.Offset, token.Value, left, ParseBinary(0));
        }

        return left;
    }

    private Expression ParseBinary(int level)
    {
        if (level == Levels.Length)
        {
            return ParseUnary(filters: true);
        }

        var left = ParseBinary(level + 1);
        while (tokens.Current.Kind == TokenKind.Symbol && Levels[level].Contains(tokens.Current.Value))
        {
            var token = tokens.Read();
            left = new BinaryExpression(token.Offset, token.Value, left, ParseBinary(level + 1));
        }

        return left;
    }

    private Expression ParseUnary(bool filters)
    {
        var sign = tokens.Current;
        var node = sign.Is("-") || sign.Is("+")
            ? new UnaryExpression(tokens.Read().Offset, sign.Value, Nested(() => ParseUnary(filters: false)))
            : ParsePostfix(ParsePrimary());
        return filters ? ParseFilters(node) : node;
    }

    private Expression ParsePostfix(Expression node)
    {
        while (true)
        {
            var token = tokens.Current;
            if (token.Is("("))
            {
                node = new CallExpression(token.Offset, node, ParseArguments());
            }
            else if (tokens.Skip("["))
            {
                node = new MemberExpression(token.Offset, node, Parse());
                tokens.Expect("]");
            }
            else if (tokens.Skip("."))
            {
                var name = tokens.ExpectName();
                node = new MemberExpression(name.Offset, node, new LiteralExpression(name.Offset, new Text(name.Value)));
            }
            else
            {
                return node;
            }
        }
    }

    private Expression ParsePrimary()
    {
        var token = tokens.Read();
        return token.Kind switch
        {
            TokenKind.Text => new LiteralExpression(token.Offset, new Text(token.Value)),
            TokenKind.Number => new LiteralExpression(token.Offset, new Number(double.Parse(token.Value, CultureInfo.InvariantCulture))),
            TokenKind.Pattern => new LiteralExpression(token.Offset, ParsePattern(token)),
            TokenKind.Name => ParseName(token),
            TokenKind.Symbol when token.Value == "(" => ParseGroup(),
            TokenKind.Symbol when token.Value == "[" => ParseList(token.Offset),
            TokenKind.Symbol when token.Value == "{" => ParseMap(token.Offset),
            _ => throw tokens.Error(token.Offset, $"Expected an expression, received {token.Describe()}"),
        };
    }

    private static Expression ParseName(Token token) => token.Value switch
    {
        "true" => new LiteralExpression(token.Offset, Flag.True),
        "false" => new LiteralExpression(token.Offset, Flag.False),
        "none" or "null" => new LiteralExpression(token.Offset, Null.Value),
        _ => new NameExpression(token.Offset, token.Value),
    };

    private Expression ParseGroup()
    {
        var inner = Parse();
        tokens.Expect(")");
        return inner;
    }

    private ListExpression ParseList(int offset)
    {
        List<Expression> items = [];
        while (!tokens.Skip("]"))
        {
            items.Add(Parse());
            if (!tokens.Current.Is("]"))
            {
                tokens.Expect(",");
            }
        }

        return new ListExpression(offset, items);
    }

    private MapExpression ParseMap(int offset)
    {
        List<(Expression, Expression)> entries = [];
        while (!tokens.Skip("}"))
        {
            // A bare word is a key, not a variable.
            var key = tokens.Current.Kind == TokenKind.Name
                ? new LiteralExpression(tokens.Current.Offset, new Text(tokens.Read().Value))
                : ParsePrimary();
            tokens.Expect(":");
            entries.Add((key, Parse()));
            if (!tokens.Current.Is("}"))
            {
                tokens.Expect(",");
            }
        }

        return new MapExpression(offset, entries);
    }

    private ArgumentList ParseOptionalArguments() => tokens.Current.Is("(") ? ParseArguments() : ArgumentList.Empty;

    private Pattern ParsePattern(Token token)
    {
        // Linear in its input whatever the pattern, because the pattern is the author's and the input is anyone's.
        var options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant
            | (token.Flags.Contains('i', StringComparison.Ordinal) ? RegexOptions.IgnoreCase : RegexOptions.None)
            | (token.Flags.Contains('m', StringComparison.Ordinal) ? RegexOptions.Multiline : RegexOptions.None);
        try
        {
            return new Pattern(new Regex(token.Value, options), token.Flags.Contains('g', StringComparison.Ordinal));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw tokens.Error(token.Offset, $"The regular expression is not usable: {e.Message}");
        }
    }

    private Expression Nested(Func<Expression> parse)
    {
        if (++depth > MaxDepth)
        {
            throw tokens.Error(tokens.Current.Offset, $"The expression nests deeper than {MaxDepth} levels");
        }

        var result = parse();
        depth--;
        return result;
    }
}
