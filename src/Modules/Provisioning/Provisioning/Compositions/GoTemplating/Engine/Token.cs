namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

internal enum TokenKind
{
    Error,
    End,
    Text,
    LeftDelimiter,
    RightDelimiter,
    Space,
    Identifier,
    Field,
    Variable,
    Dot,
    Nil,
    Boolean,
    Number,
    Character,
    Quoted,
    RawQuoted,
    Pipe,
    Declare,
    Assign,
    LeftParenthesis,
    RightParenthesis,
    Sign,
    Keyword,
}

/// <param name="Text">As written; for an error its message.</param>
/// <param name="Position">In the template's text, from 0.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Position)
{
    public bool Is(string keyword) => Kind == TokenKind.Keyword && Text == keyword;

    /// <summary>As Go's parser names it in its errors.</summary>
    public override string ToString() => Kind switch
    {
        TokenKind.End => "EOF",
        TokenKind.Error => Text,
        TokenKind.Keyword or TokenKind.Dot or TokenKind.Nil => $"<{Text}>",
        _ => Text.Length > 10 ? GoFormat.Quote(Text[..10]) + "..." : GoFormat.Quote(Text),
    };
}
