using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Flagstone.Platform.Yaml;

/// <summary>Finds the line of a field by reading the text again up to it.</summary>
internal static class YamlLines
{
    /// <summary>The line of the field, or of the nearest one above it; null when not even the first is spelled out.</summary>
    public static int? Find(string text, int document, IReadOnlyList<string> segments)
    {
        var parser = YamlText.Parse(text);
        parser.Consume<StreamStart>();
        for (var i = 0; i < document; i++)
        {
            parser.Consume<DocumentStart>();
            parser.SkipThisAndNestedEvents();
            parser.Consume<DocumentEnd>();
        }

        parser.Consume<DocumentStart>();
        int? line = null;
        foreach (var segment in segments)
        {
            if (Step(parser, segment) is not { } found)
            {
                return line;
            }

            line = found;
        }

        return line;
    }

    // Moves to the child's value, and returns the line of its key or item.
    private static int? Step(Parser parser, string segment)
    {
        if (parser.TryConsume<MappingStart>(out _))
        {
            while (parser.TryConsume<Scalar>(out var key))
            {
                if (key.Value == segment)
                {
                    return (int)key.Start.Line;
                }

                parser.SkipThisAndNestedEvents();
            }

            return null;
        }

        if (!parser.TryConsume<SequenceStart>(out _) || !int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            return null;
        }

        for (; !parser.Accept<SequenceEnd>(out _); index--)
        {
            if (index == 0)
            {
                return (int)parser.Current!.Start.Line;
            }

            parser.SkipThisAndNestedEvents();
        }

        return null;
    }
}
