using System.Text;
using YamlDotNet.Core;

namespace Flagstone.Platform.Yaml;

/// <summary>The text as the event parser takes it, for reading and for finding lines.</summary>
internal static class YamlText
{
    private const char ByteOrderMark = '\uFEFF';
    private const int MaxIndent = 100;
    private const string WrongIndentation = "found wrong indentation";

    public static string Normalize(string text) => text is [ByteOrderMark, ..] ? text[1..] : text;

    public static Parser Parse(string text) => new(new StringReader(text));

    /// <summary>
    /// Indents the following lines of a quoted scalar that begin no deeper than the mapping around it. The standard forbids that and the
    /// readers of Kubernetes and Crossplane take it, so published packages have it. Spaces there are folded away: no value changes, and no
    /// line number.
    /// </summary>
    public static bool TryIndent(string text, YamlException error, out string repaired)
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
