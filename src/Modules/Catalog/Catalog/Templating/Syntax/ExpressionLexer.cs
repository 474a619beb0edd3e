using System.Text;

namespace Flagstone.Catalog.Templating.Syntax;

/// <summary>Cuts the inside of <c>${{ }}</c> or <c>{% %}</c> into tokens, up to the mark that closes it.</summary>
internal sealed class ExpressionLexer
{
    // Longer operators first, so that "===" is not read as "==" and "=".
    private static readonly string[] Symbols =
    [
        "===", "!==", "==", "!=", "<=", ">=", "//", "**",
        "(", ")", "[", "]", "{", "}", "%", "*", "-", "+", "~", "/", ",", ":", "|", ".", "<", ">", "=",
    ];

    private readonly SourceText source;
    private readonly string text;
    private readonly string closer;
    private readonly int openedAt;
    private readonly List<Token> tokens = [];
    private int at;
    private int openBraces;

    public ExpressionLexer(SourceText source, int start, string closer)
    {
        this.source = source;
        this.closer = closer;
        text = source.Text;
        openedAt = start;
        at = start;
    }

    public LexedExpression Run()
    {
        while (true)
        {
            SkipWhiteSpace();
            if (at >= text.Length)
            {
                throw source.Error(openedAt, $"The expression is not closed; expected \"{closer}\"");
            }

            // Braces that a map literal opened are its own to close.
            if (openBraces == 0 && (Starts(closer) || Starts("-" + closer)))
            {
                var trims = text[at] == '-';
                tokens.Add(new Token(TokenKind.End, closer, at));
                return new LexedExpression(tokens, at + closer.Length + (trims ? 1 : 0), trims);
            }

            tokens.Add(Next());
        }
    }

    private Token Next()
    {
        var c = text[at];
        if (c is '"' or '\'')
        {
            return ReadText(c);
        }

        if (char.IsAsciiDigit(c))
        {
            return ReadNumber();
        }

        if (c == 'r' && at + 1 < text.Length && text[at + 1] == '/')
        {
            return ReadPattern();
        }

        return IsNameStart(c) ? ReadName() : ReadSymbol();
    }

    private Token ReadText(char quote)
    {
        var from = at;
        var value = new StringBuilder();
        for (at++; at < text.Length && text[at] != quote; at++)
        {
            if (text[at] != '\\' || at + 1 >= text.Length)
            {
                value.Append(text[at]);
                continue;
            }

            value.Append(text[++at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other });
        }

        if (at >= text.Length)
        {
            throw source.Error(from, "The string is not closed");
        }

        at++;
        return new Token(TokenKind.Text, value.ToString(), from);
    }

    private Token ReadNumber()
    {
        var from = at;
        SkipDigits();
        if (at + 1 < text.Length && text[at] == '.' && char.IsAsciiDigit(text[at + 1]))
        {
            at++;
            SkipDigits();
        }

        return new Token(TokenKind.Number, text[from..at], from);
    }

    private Token ReadPattern()
    {
        var from = at;
        var pattern = new StringBuilder();
        for (at += 2; at < text.Length && text[at] != '/'; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                pattern.Append(text[at++]);
            }

            pattern.Append(text[at]);
        }

        if (at >= text.Length)
        {
            throw source.Error(from, "The regular expression is not closed");
        }

        var flagsFrom = ++at;
        while (at < text.Length && char.IsAsciiLetterLower(text[at]))
        {
            at++;
        }

        return new Token(TokenKind.Pattern, pattern.ToString(), from) { Flags = text[flagsFrom..at] };
    }

    private Token ReadName()
    {
        var from = at;
        while (at < text.Length && (IsNameStart(text[at]) || char.IsAsciiDigit(text[at])))
        {
            at++;
        }

        return new Token(TokenKind.Name, text[from..at], from);
    }

    private Token ReadSymbol()
    {
        var symbol = Array.Find(Symbols, Starts) ?? throw source.Error(at, $"Unexpected character \"{text[at]}\"");
        var token = new Token(TokenKind.Symbol, symbol, at);
        at += symbol.Length;
        openBraces += symbol switch { "{" => 1, "}" => -1, _ => 0 };
        return openBraces < 0 ? throw source.Error(token.Offset, "Unexpected \"}\"") : token;
    }

    private void SkipWhiteSpace()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }
    }

    private void SkipDigits()
    {
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }
    }

    private bool Starts(string expected) => string.CompareOrdinal(text, at, expected, 0, expected.Length) == 0;

    private static bool IsNameStart(char c) => char.IsLetter(c) || c is '_' or '$';
}

/// <summary>The tokens of one expression, where the text goes on after it, and whether it eats the white space there.</summary>
internal sealed record LexedExpression(IReadOnlyList<Token> Tokens, int End, bool TrimsAfter);
