using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Yaml;

/// <summary>One document of a YAML text.</summary>
public sealed class YamlDocument
{
    private readonly string text;
    private readonly int index;

    internal YamlDocument(string text, int index, int line, JsonNode? root)
    {
        this.text = text;
        this.index = index;
        Line = line;
        Root = root;
    }

    /// <summary>The line of the text on which the document's content begins, from 1.</summary>
    public int Line { get; }

    /// <summary>The value; null stands for YAML's null.</summary>
    public JsonNode? Root { get; }

    /// <summary>The value as a mapping: <see cref="YamlReader.TryReadAll"/> returns no others.</summary>
    public JsonObject Mapping => (JsonObject)Root!;

    /// <summary>
    /// The line of a field, or of the nearest field above it that the text spells out. The text is read again for it, so that documents
    /// without errors need not remember their lines.
    /// </summary>
    public int LineOf(FieldPath? path) => path is null ? Line : YamlLines.Find(text, index, path.Segments()) ?? Line;
}
