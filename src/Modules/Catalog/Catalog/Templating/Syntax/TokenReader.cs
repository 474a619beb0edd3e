namespace Flagstone.Catalog.Templating.Syntax;

/// <summary>A cursor over the tokens of one expression.</summary>
internal sealed class TokenReader(SourceText source, IReadOnlyList<Token> tokens)
{
    private int at;

    public Token Current => tokens[at];

    public Token Following => tokens[Math.Min(at + 1, tokens.Count - 1)];

    public Token Read()
    {
        var token = tokens[at];
        at = Math.Min(at + 1, tokens.Count - 1);
        return token;
    }

    public bool Skip(string symbol)
    {
        if (!Current.Is(symbol))
        {
            return false;
        }

        Read();
        return true;
    }

    public bool SkipName(string name)
    {
        if (!Current.IsName(name))
        {
            return false;
        }

        Read();
        return true;
    }

    public void Expect(string symbol)
    {
        if (!Skip(symbol))
        {
            throw source.Error(Current.Offset, $"Expected \"{symbol}\", received {Current.Describe()}");
        }
    }

    public Token ExpectName() =>
        Current.Kind == TokenKind.Name ? Read() : throw source.Error(Current.Offset, $"Expected name, received {Current.Describe()}");

    public void ExpectEnd()
    {
        if (Current.Kind != TokenKind.End)
        {
            throw source.Error(Current.Offset, $"Unexpected {Current.Describe()}");
        }
    }

    public TemplateException Error(int offset, string cause) => source.Error(offset, cause);
}
