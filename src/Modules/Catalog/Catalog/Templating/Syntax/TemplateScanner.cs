namespace Flagstone.Catalog.Templating.Syntax;

/// <summary>Cuts a template into text, outputs and statements, and takes away the white space that their marks ask to take away.</summary>
internal sealed class TemplateScanner(SourceText source, TemplateSyntax syntax)
{
    private const string OutputOpen = "${{";
    private const string OutputClose = "}}";
    private const string BlockOpen = "{%";
    private const string BlockClose = "%}";
    private const string CommentOpen = "{#";
    private const string CommentClose = "#}";

    private readonly string text = source.Text;
    private int at;
    private bool textTaken;
    private bool trimNext;

    public int Offset => at;

    /// <summary>The next part, or null at the end.</summary>
    public TemplatePart? Next()
    {
        while (at < text.Length)
        {
            var mark = FindMark();
            if (!textTaken)
            {
                textTaken = true;
                if (TakeText(mark) is { } part)
                {
                    return part;
                }
            }

            if (mark == text.Length)
            {
                return null;
            }

            textTaken = false;
            if (!StartsAt(mark, CommentOpen))
            {
                return StartsAt(mark, OutputOpen) ? ReadOutput(mark) : ReadBlock(mark);
            }

            SkipComment(mark);
        }

        return null;
    }

    /// <summary>Everything up to the statement that ends raw text, as it is written.</summary>
    public TextPart ReadRaw(Token name)
    {
        var from = at;
        for (var mark = FindBlock(at); mark >= 0; mark = FindBlock(mark + 1))
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
            return new TextPart(from, text[from..mark]);
        }

        throw source.Error(name.Offset, $"\"{name.Value}\" is not closed; expected \"end{name.Value}\"");
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

    private int FindBlock(int from) => text.IndexOf(BlockOpen, from, StringComparison.Ordinal);

    private TextPart? TakeText(int mark)
    {
        var from = trimNext ? SkipWhiteSpace(at, mark) : at;
        var to = EndOfText(from, mark);
        trimNext = false;
        at = mark;
        return to > from ? new TextPart(from, text[from..to]) : null;
    }

    private int EndOfText(int from, int mark)
    {
        if (mark == text.Length)
        {
            return mark;
        }

        if (IsDash(mark))
        {
            return from + text.AsSpan(from, mark - from).TrimEnd().Length;
        }

        return syntax.LstripBlocks && text[mark] == '{' ? StartOfBlankLine(from, mark) : mark;
    }

    private int SkipWhiteSpace(int from, int to) => to - text.AsSpan(from, to - from).TrimStart().Length;

    private int StartOfBlankLine(int from, int to)
    {
        var start = from + text.AsSpan(from, to - from).TrimEnd(" \t").Length;
        return start == 0 || text[start - 1] == '\n' ? start : to;
    }

    private OutputPart ReadOutput(int mark) => new(mark, Lex(mark, OutputOpen, OutputClose));

    private BlockPart ReadBlock(int mark)
    {
        var tokens = Lex(mark, BlockOpen, BlockClose);
        SkipLineBreak();
        return new BlockPart(mark, tokens);
    }

    private TokenReader Lex(int mark, string open, string close)
    {
        var start = mark + open.Length + (IsDash(mark) ? 1 : 0);
        var lexed = new ExpressionLexer(source, start, close).Run();
        at = lexed.End;
        trimNext = lexed.TrimsAfter;
        return new TokenReader(source, lexed.Tokens);
    }

    private void SkipComment(int mark)
    {
        var inside = mark + CommentOpen.Length;
        var end = text.IndexOf(CommentClose, inside, StringComparison.Ordinal);
        if (end < 0)
        {
            throw source.Error(mark, "The comment is not closed");
        }

        trimNext = end > inside && text[end - 1] == '-';
        at = end + CommentClose.Length;
        SkipLineBreak();
    }

    private void SkipLineBreak()
    {
        if (syntax.TrimBlocks)
        {
            at += StartsAt(at, "\r\n") ? 2 : StartsAt(at, "\n") ? 1 : 0;
        }
    }

    private bool IsDash(int mark)
    {
        var after = mark + (StartsAt(mark, OutputOpen) ? OutputOpen.Length : BlockOpen.Length);
        return after < text.Length && text[after] == '-';
    }

    private bool StartsAt(int index, string expected) => string.CompareOrdinal(text, index, expected, 0, expected.Length) == 0;
}

internal abstract record TemplatePart(int Offset);

internal sealed record TextPart(int Offset, string Text) : TemplatePart(Offset);

internal sealed record OutputPart(int Offset, TokenReader Tokens) : TemplatePart(Offset);

internal sealed record BlockPart(int Offset, TokenReader Tokens) : TemplatePart(Offset);
