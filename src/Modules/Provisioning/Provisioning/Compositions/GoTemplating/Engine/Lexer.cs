using System.Globalization;
using System.Text;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Cuts a template into tokens, after Go's <c>text/template/parse/lex.go</c>. The last token is the end or an error.</summary>
internal sealed class Lexer
{
    private const string LeftComment = "/*";
    private const string RightComment = "*/";

    // A minus and the space beside it.
    private const int TrimMarker = 2;

    private static readonly HashSet<string> Keywords = new(StringComparer.Ordinal)
    {
        "block", "break", "continue", "define", "else", "end", "if", "range", "template", "with",
    };

    private readonly string text;
    private readonly Delimiters delimiters;
    private readonly List<Token> tokens = [];
    private int position;
    private int parentheses;

    private Lexer(string text, Delimiters delimiters) => (this.text, this.delimiters) = (text, delimiters);

    public static List<Token> Read(string text, Delimiters delimiters)
    {
        var lexer = new Lexer(text, delimiters);
        while (lexer.ReadText() && lexer.ReadAction())
        {
            // Text and actions take turns.
        }

        return lexer.tokens;
    }

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\r' or '\n';

    private static bool IsAlphanumeric(char c) => c == '_' || char.IsLetterOrDigit(c) || char.IsSurrogate(c);

    private char Current => position < text.Length ? text[position] : '\0';

    private char At(int offset) => position + offset < text.Length ? text[position + offset] : '\0';

    private bool StartsWith(string part, int at) => string.CompareOrdinal(text, at, part, 0, part.Length) == 0;

    private bool Add(TokenKind kind, int start)
    {
        tokens.Add(new Token(kind, text[start..position], start));
        return true;
    }

    private bool Fail(string message, int? at = null)
    {
        tokens.Add(new Token(TokenKind.Error, message, at ?? position));
        return false;
    }

    /// <summary>The text up to the next action; false at the end.</summary>
    private bool ReadText()
    {
        var start = position;
        var left = text.IndexOf(delimiters.Left, position, StringComparison.Ordinal);
        position = left < 0 ? text.Length : left;
        if (left >= 0 && HasLeftMarker(left + delimiters.Left.Length))
        {
            while (position > start && IsSpace(text[position - 1]))
            {
                position--;
            }
        }

        if (position > start)
        {
            Add(TokenKind.Text, start);
        }

        position = left < 0 ? text.Length : left;
        return left >= 0 || !Add(TokenKind.End, position);
    }

    private bool HasLeftMarker(int at) => at + 1 < text.Length && text[at] == '-' && IsSpace(text[at + 1]);

    private bool AtRightDelimiter(out bool trims)
    {
        trims = position + 1 < text.Length && IsSpace(text[position]) && text[position + 1] == '-' && StartsWith(delimiters.Right, position + TrimMarker);
        return trims || (position < text.Length && StartsWith(delimiters.Right, position));
    }

    private bool ReadAction()
    {
        var start = position;
        position += delimiters.Left.Length;
        var marker = HasLeftMarker(position) ? TrimMarker : 0;
        if (StartsWith(LeftComment, position + marker) && position + marker < text.Length)
        {
            position += marker;
            return ReadComment();
        }

        Add(TokenKind.LeftDelimiter, start);
        position += marker;
        parentheses = 0;
        while (!AtRightDelimiter(out _))
        {
            if (!ReadInside())
            {
                return false;
            }
        }

        return parentheses == 0 ? CloseAction() : Fail("unclosed left paren");
    }

    private bool ReadComment()
    {
        var end = text.IndexOf(RightComment, position + LeftComment.Length, StringComparison.Ordinal);
        if (end < 0)
        {
            return Fail("unclosed comment");
        }

        position = end + RightComment.Length;
        return AtRightDelimiter(out var trims) ? Leave(trims) : Fail("comment ends before closing delimiter");
    }

    private bool CloseAction()
    {
        AtRightDelimiter(out var trims);
        tokens.Add(new Token(TokenKind.RightDelimiter, delimiters.Right, position + (trims ? TrimMarker : 0)));
        return Leave(trims);
    }

    private bool Leave(bool trims)
    {
        position += delimiters.Right.Length + (trims ? TrimMarker : 0);
        while (trims && position < text.Length && IsSpace(text[position]))
        {
            position++;
        }

        return true;
    }

    private bool ReadInside()
    {
        if (position >= text.Length)
        {
            return Fail("unclosed action");
        }

        var start = position;
        var c = text[position];
        if (IsSpace(c))
        {
            // A space may belong to the trim marker of the closing delimiter.
            while (IsSpace(Current) && !(AtRightDelimiter(out var trims) && trims))
            {
                position++;
            }

            return Add(TokenKind.Space, start);
        }

        if (c is '+' or '-' || char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(At(1))))
        {
            return ReadNumber();
        }

        if (IsAlphanumeric(c))
        {
            return ReadIdentifier();
        }

        position++;
        switch (c)
        {
            case '=':
                return Add(TokenKind.Assign, start);
            case ':' when Current == '=':
                position++;
                return Add(TokenKind.Declare, start);
            case ':':
                return Fail("expected :=");
            case '|':
                return Add(TokenKind.Pipe, start);
            case '"':
                return ReadEscaped('"', TokenKind.Quoted, "unterminated quoted string");
            case '\'':
                return ReadEscaped('\'', TokenKind.Character, "unterminated character constant");
            case '`':
                return ReadRaw();
            case '$':
                return ReadName(TokenKind.Variable);
            case '.':
                return ReadName(TokenKind.Field);
            case '(':
                parentheses++;
                return Add(TokenKind.LeftParenthesis, start);
            case ')':
                parentheses--;
                return parentheses < 0 ? Fail("unexpected right paren") : Add(TokenKind.RightParenthesis, start);
            default:
                return c is > ' ' and < '\x7f' ? Add(TokenKind.Sign, start) : Fail($"unrecognized character in action: {Describe(c)}");
        }
    }

    private bool ReadIdentifier()
    {
        var start = position;
        while (IsAlphanumeric(Current))
        {
            position++;
        }

        if (!AtTerminator())
        {
            return Fail($"bad character {Describe(Current)}");
        }

        var word = text[start..position];
        return Add(word switch
        {
            "true" or "false" => TokenKind.Boolean,
            "nil" => TokenKind.Nil,
            _ => Keywords.Contains(word) ? TokenKind.Keyword : TokenKind.Identifier,
        }, start);
    }

    /// <summary>A field or a variable; the dot or the dollar has been read.</summary>
    private bool ReadName(TokenKind kind)
    {
        var start = position - 1;
        if (AtTerminator())
        {
            return Add(kind == TokenKind.Field ? TokenKind.Dot : kind, start);
        }

        while (IsAlphanumeric(Current))
        {
            position++;
        }

        return AtTerminator() ? Add(kind, start) : Fail($"bad character {Describe(Current)}");
    }

    private bool AtTerminator() =>
        position >= text.Length || IsSpace(Current) || Current is '.' or ',' or '|' or ':' or ')' or '(' || StartsWith(delimiters.Right, position);

    private bool ReadNumber()
    {
        var start = position;
        if (Current is '+' or '-')
        {
            position++;
        }

        var digits = "0123456789_";
        if (Current == '0' && char.ToLowerInvariant(At(1)) is 'x' or 'o' or 'b')
        {
            digits = char.ToLowerInvariant(At(1)) switch { 'x' => "0123456789abcdefABCDEF_", 'o' => "01234567_", _ => "01_" };
            position += 2;
        }

        Accept(digits);
        if (Current == '.')
        {
            position++;
            Accept(digits);
        }

        if (digits.Length == 11 && Current is 'e' or 'E')
        {
            position++;
            if (Current is '+' or '-')
            {
                position++;
            }

            Accept(digits);
        }

        if (!IsAlphanumeric(Current))
        {
            return Add(TokenKind.Number, start);
        }

        position++;
        return Fail($"bad number syntax: {GoFormat.Quote(text[start..position])}");
    }

    private void Accept(string characters)
    {
        while (position < text.Length && characters.Contains(text[position], StringComparison.Ordinal))
        {
            position++;
        }
    }

    private bool ReadEscaped(char quote, TokenKind kind, string unterminated)
    {
        var start = position - 1;
        for (; position < text.Length && Current != '\n'; position++)
        {
            if (Current == '\\' && At(1) is not ('\0' or '\n'))
            {
                position++;
            }
            else if (Current == quote)
            {
                position++;
                return Add(kind, start);
            }
        }

        return Fail(unterminated);
    }

    private bool ReadRaw()
    {
        var start = position - 1;
        var end = text.IndexOf('`', position);
        if (end < 0)
        {
            return Fail("unterminated raw quoted string");
        }

        position = end + 1;
        return Add(TokenKind.RawQuoted, start);
    }

    /// <summary>Go's <c>%#U</c>.</summary>
    private static string Describe(char c) => Rune.TryCreate(c, out var rune) && !char.IsControl(c)
        ? string.Create(CultureInfo.InvariantCulture, $"U+{(int)c:X4} '{rune}'")
        : string.Create(CultureInfo.InvariantCulture, $"U+{(int)c:X4}");
}
