namespace Flagstone.Workflows.Visibility.Queries;

/// <summary>
/// Reads the queries of Temporal's visibility: the condition of an SQL statement, with AND, OR, NOT, parentheses, = != &lt; &lt;= &gt; &gt;=, IN, BETWEEN,
/// IS NULL and STARTS_WITH, and GROUP BY at its end. Pure.
/// </summary>
internal sealed class QueryParser
{
    private readonly List<Token> tokens;
    private int next;
    private int depth;
    private int values;

    private QueryParser(string query) => tokens = Lexer.Read(query);

    private Token Here => tokens[next];

    public static VisibilityQuery Parse(string query)
    {
        var parser = new QueryParser(query);
        var where = parser.Here.Kind == TokenKind.End || parser.Here.Is("GROUP") ? null : parser.ReadEither();
        var group = parser.Here.Is("GROUP") ? parser.ReadGroup() : "";
        return parser.Here switch
        {
            { Kind: TokenKind.End } => new VisibilityQuery(where, group),
            var order when order.Is("ORDER") => throw new QueryException(
                order.At, "ORDER BY is not supported: runs are listed by close time, then by start time, the latest first. Leave it out."),
            var limit when limit.Is("LIMIT") => throw new QueryException(limit.At, "LIMIT is not supported. Set the page size of the request."),
            var other => throw new QueryException(other.At, $"{other} is not expected here. Join conditions with AND or OR."),
        };
    }

    private string ReadGroup()
    {
        next++;
        Expect("BY");
        var field = ReadField();
        return Here.IsSymbol(",") ? throw new QueryException(Here.At, "GROUP BY takes one field. Leave the others out.") : field.Text;
    }

    private Condition ReadEither()
    {
        var left = ReadBoth();
        while (Here.Is("OR"))
        {
            next++;
            left = new Either(left, ReadBoth());
        }

        return left;
    }

    private Condition ReadBoth()
    {
        var left = ReadOne();
        while (Here.Is("AND"))
        {
            next++;
            left = new Both(left, ReadOne());
        }

        return left;
    }

    private Condition ReadOne()
    {
        if (!Here.Is("NOT") && !Here.IsSymbol("("))
        {
            return ReadCondition();
        }

        var start = tokens[next++];
        if (++depth > VisibilityQuery.MaxDepth)
        {
            throw new QueryException(start.At, $"parentheses and NOT stand more than {VisibilityQuery.MaxDepth} deep. Write the condition flatter.");
        }

        Condition inner;
        if (start.Is("NOT"))
        {
            inner = new Negated(ReadOne());
        }
        else
        {
            inner = ReadEither();
            Take(")");
        }

        depth--;
        return inner;
    }

    private Condition ReadCondition()
    {
        var field = ReadField();
        var at = field.At;
        if (Here.Kind == TokenKind.Symbol && Here.Text is "=" or "!=" or "<" or "<=" or ">" or ">=")
        {
            return new Comparison(field.Text, tokens[next++].Text, ReadValue(), at);
        }

        if (Here.Is("IS"))
        {
            next++;
            var isNot = TryTake("NOT");
            Expect("NULL");
            Count(Here);
            return new Absence(field.Text, isNot, at);
        }

        var negated = TryTake("NOT");
        if (TryTake("IN"))
        {
            return new Membership(field.Text, negated, ReadValues(), at);
        }

        if (TryTake("BETWEEN"))
        {
            var low = ReadValue();
            Expect("AND");
            return new Between(field.Text, negated, low, ReadValue(), at);
        }

        if (TryTake("STARTS_WITH"))
        {
            return new Prefix(field.Text, negated, ReadValue(), at);
        }

        throw new QueryException(Here.At, Here.Is("LIKE")
            ? "LIKE is not supported. Use STARTS_WITH for the beginning of a Keyword, or = for a word of a Text."
            : $"{Here} is no operator. After a field comes one of = != < <= > >=, IN, BETWEEN, IS NULL, STARTS_WITH.");
    }

    private List<Literal> ReadValues()
    {
        Take("(");
        var list = new List<Literal> { ReadValue() };
        while (Here.IsSymbol(","))
        {
            next++;
            list.Add(ReadValue());
        }

        Take(")");
        return list;
    }

    private Literal ReadValue()
    {
        var token = tokens[next];
        var value = token.Kind switch
        {
            TokenKind.Text => new Literal(LiteralKind.Text, token.Text, token.At),
            TokenKind.Number => new Literal(LiteralKind.Number, token.Text, token.At),
            TokenKind.Name when token.Is("true") => new Literal(LiteralKind.Boolean, "true", token.At),
            TokenKind.Name when token.Is("false") => new Literal(LiteralKind.Boolean, "false", token.At),
            _ => throw new QueryException(token.At, $"{token} is no value. Write texts and times in single quotes; numbers, true and false without."),
        };
        Count(token);
        next++;
        return value;
    }

    private void Count(Token token)
    {
        if (++values > VisibilityQuery.MaxValues)
        {
            throw new QueryException(token.At, $"the query has more than {VisibilityQuery.MaxValues} values. Ask for less, or in several queries.");
        }
    }

    private Token ReadField()
    {
        var token = tokens[next];
        if (token.Kind == TokenKind.QuotedName || (token.Kind == TokenKind.Name && Lexer.IsPlain(token.Text)))
        {
            next++;
            return token;
        }

        throw new QueryException(
            token.At, $"{token} is no field. Write the name of a search attribute; in back quotes where it has other characters than letters, digits and _.");
    }

    private bool TryTake(string word)
    {
        if (!Here.Is(word))
        {
            return false;
        }

        next++;
        return true;
    }

    private void Expect(string word)
    {
        if (!TryTake(word))
        {
            throw new QueryException(Here.At, $"{word} is expected here, not {Here}.");
        }
    }

    private void Take(string symbol)
    {
        if (!Here.IsSymbol(symbol))
        {
            throw new QueryException(Here.At, $"'{symbol}' is expected here, not {Here}.");
        }

        next++;
    }
}
