using YamlDotNet.Core;

namespace Flagstone.Platform.Yaml;

/// <summary>Makes the event parser, in one way for reading and for finding lines.</summary>
internal static class YamlText
{
    private const char ByteOrderMark = '\uFEFF';

    public static Parser Parse(string text) => new(new StringReader(text is [ByteOrderMark, ..] ? text[1..] : text));
}
