using System.Globalization;
using System.Text;

namespace Flagstone.Workflows.Visibility.Queries;

internal enum TokenKind
{
    Name,

    /// <summary>A name in back quotes: never a keyword.</summary>
    QuotedName,
    Text,
    Number,
    Symbol,
    End,
}

/// <param name="At">Where it begins, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int At)
{
    public bool Is(string word) => Kind == TokenKind.Name && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSymbol(string symbol) => Kind == TokenKind.Symbol && Text == symbol;

    public override string ToString() => Kind == TokenKind.End ? "the end" : $"'{Text}'";
}

/// <summary>Cuts a query into words, values and symbols. Pure.</summary>
internal static class Lexer
{
    private static readonly HashSet<string> Keywords = new(
        ["AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL", "STARTS_WITH", "TRUE", "FALSE", "GROUP", "ORDER", "BY", "LIMIT", "LIKE"],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a name reads as itself without quotes.</summary>
    public static bool IsPlain(string name) => name.Length > 0 && IsFirst(name[0]) && name.All(IsNext) && !Keywords.Contains(name);

    public static List<Token> Read(string query)
    {
        if (query.Length > VisibilityQuery.MaxLength)
        {
            throw new QueryException(0, $"it has {query.Length} characters, and may have {VisibilityQuery.MaxLength}. Ask for less, or in several queries.");
        }

        var tokens = new List<Token>();
        var at = 0;
        while (true)
        {
            while (at < query.Length && char.IsWhiteSpace(query[at]))
            {
                at++;
            }

            if (at == query.Length)
            {
                tokens.Add(new Token(TokenKind.End, "", at + 1));
                return tokens;
            }

            tokens.Add(Next(query, ref at));
        }
    }

    private static Token Next(string query, ref int at)
    {
        var start = at;
        var c = query[at];
        if (c is '\'' or '"')
        {
            return new Token(TokenKind.Text, Text(query, ref at), start + 1);
        }

        if (c == '`')
        {
            var end = query.IndexOf('`', at + 1);
            if (end <= at + 1)
            {
                throw new QueryException(start + 1, "the name in back quotes is empty or does not end. Write `Name`.");
            }

            at = end + 1;
            return new Token(TokenKind.QuotedName, query[(start + 1)..end], start + 1);
        }

        if (IsFirst(c))
        {
            while (at < query.Length && IsNext(query[at]))
            {
                at++;
            }

            return new Token(TokenKind.Name, query[start..at], start + 1);
        }

        return char.IsAsciiDigit(c) || (c is '-' or '+' or '.' && at + 1 < query.Length && (char.IsAsciiDigit(query[at + 1]) || query[at + 1] == '.'))
            ? new Token(TokenKind.Number, Number(query, ref at), start + 1)
            : new Token(TokenKind.Symbol, Symbol(query, ref at), start + 1);
    }

    private static string Text(string query, ref int at)
    {
        var (start, quote) = (at, query[at]);
        var text = new StringBuilder();
        for (at++; at < query.Length; at++)
        {
            var c = query[at];
            var next = at + 1 < query.Length ? query[at + 1] : '\0';
            if (c == quote && next != quote)
            {
                at++;
                var read = text.ToString();
                return IsStorable(read) ? read : throw new QueryException(start + 1, "the text has a character that no value has. Leave it out.");
            }

            // A quote is written twice, or after a backslash, which is written twice itself. Another backslash stands for itself.
            if (c == quote || (c == '\\' && next is '\'' or '"' or '\\'))
            {
                c = next;
                at++;
            }

            text.Append(c);
        }

        throw new QueryException(start + 1, $"the text does not end. Close it with {quote}, and write a quote within it twice.");
    }

    /// <summary>A text of protobuf has no half of a surrogate pair, but the cut of one by a backslash might; PostgreSQL has no zero.</summary>
    private static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0' || (char.IsSurrogate(text[i]) && !(Rune.TryGetRuneAt(text, i, out _) && char.IsHighSurrogate(text[i++]))))
            {
                return false;
            }
        }

        return true;
    }

    private static string Number(string query, ref int at)
    {
        var start = at++;
        while (at < query.Length && (char.IsAsciiLetterOrDigit(query[at]) || query[at] == '.' || (query[at] is '-' or '+' && query[at - 1] is 'e' or 'E')))
        {
            at++;
        }

        var text = query[start..at];
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? text
            : throw new QueryException(start + 1, $"'{text}' is no number. Put texts, times and durations into single quotes.");
    }

    private static string Symbol(string query, ref int at)
    {
        var two = at + 1 < query.Length ? query.Substring(at, 2) : "";
        if (two is "!=" or "<=" or ">=" or "<>")
        {
            at += 2;
            return two == "<>" ? "!=" : two;
        }

        var c = query[at];
        if (c is not ('=' or '<' or '>' or '(' or ')' or ','))
        {
            throw new QueryException(at + 1, $"'{c}' means nothing in a query. Put texts into single quotes, and names with such characters into back quotes.");
        }

        at++;
        return c.ToString();
    }

    private static bool IsFirst(char c) => char.IsAsciiLetter(c) || c == '_';

    private static bool IsNext(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
