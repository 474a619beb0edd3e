using System.Text;
using YamlDotNet.Core;

namespace Flagstone.Platform.Yaml;

/// <summary>The text as the event parser takes it, for reading and for finding lines.</summary>
internal static class YamlText
{
    private const char ByteOrderMark = '\uFEFF';
    private const int MaxIndent = 100;
    private const string WrongIndentation = "found wrong indentation";
    private const string ExtraSpaces = "found extra spaces in first line";

    public static string Normalize(string text) => text is [ByteOrderMark, ..] ? text[1..] : text;

    public static Parser Parse(string text) => new(new StringReader(text));

    /// <summary>Makes of a text that Kubernetes' readers take one that ours takes too, with the same values on the same lines.</summary>
    public static bool TryRepair(string text, YamlException error, out string repaired) =>
        TryIndent(text, error, out repaired) || TryEmptyFirstLines(text, error, out repaired);

    /// <summary>
    /// Takes the spaces from the blank lines that open a block scalar: the parser refuses them where they are not as deep as its content,
    /// as a template writes them before <c>nindent</c>. The standard reads such a line as an empty one.
    /// </summary>
    private static bool TryEmptyFirstLines(string text, YamlException error, out string repaired)
    {
        repaired = text;
        if (!error.Message.Contains(ExtraSpaces, StringComparison.Ordinal))
        {
            return false;
        }

        var lines = text.Split('\n');
        var content = Math.Min((int)error.End.Line - 1, lines.Length - 1);
        while (content < lines.Length - 1 && string.IsNullOrWhiteSpace(lines[content]))
        {
            content++;
        }

        var depth = lines[content].Length - lines[content].TrimStart(' ').Length;
        for (var blank = content - 1; blank >= 0 && string.IsNullOrWhiteSpace(lines[blank]) && lines[blank].Length <= depth; blank--)
        {
            lines[blank] = "";
        }

        repaired = string.Join('\n', lines);
        return repaired.Length < text.Length;
    }

    /// <summary>
    /// Indents the following lines of a quoted scalar that begin no deeper than the mapping around it. The standard forbids that and the
    /// readers of Kubernetes and Crossplane take it, so published packages have it. Spaces there are folded away: no value changes, and no
    /// line number.
    /// </summary>
    private static bool TryIndent(string text, YamlException error, out string repaired)
    {
        repaired = text;
        var start = (int)error.Start.Index;
        if (!error.Message.Contains(WrongIndentation, StringComparison.Ordinal)
            || error.Start.Column > MaxIndent
            || start >= text.Length
            || text[start] is not ('"' or '\''))
        {
            return false;
        }

        var output = new StringBuilder(text.Length + 256).Append(text, 0, start + 1);
        var indent = new string(' ', (int)error.Start.Column);
        var end = start + 1;
        for (; end < text.Length && text[end] != text[start]; end++)
        {
            output.Append(text[end]);
            if (text[end] == '\\' && text[start] == '"' && end + 1 < text.Length)
            {
                output.Append(text[++end]);
            }

            if (text[end] == '\n')
            {
                output.Append(indent);
            }
        }

        repaired = output.Append(text, end, text.Length - end).ToString();
        return end < text.Length;
    }
}
