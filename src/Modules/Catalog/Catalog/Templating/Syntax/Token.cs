namespace Flagstone.Catalog.Templating.Syntax;

internal enum TokenKind
{
    Name,
    Text,
    Number,
    Pattern,
    Symbol,
    End,
}

/// <summary>A token of an expression. Value is a name, an operator, the digits of a number or the characters of a string.</summary>
internal readonly record struct Token(TokenKind Kind, string Value, int Offset)
{
    /// <summary>The flags after a regular expression.</summary>
    public string Flags { get; init; } = "";

    public bool Is(string symbol) => Kind == TokenKind.Symbol && Value == symbol;

    public bool IsName(string name) => Kind == TokenKind.Name && Value == name;

    public string Describe() => Kind switch
    {
        TokenKind.End => "the end of the expression",
        TokenKind.Text => "a string",
        _ => $"\"{Value}\"",
    };
}
