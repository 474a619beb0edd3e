using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Flagstone.Catalog.Yaml;

/// <summary>
/// Reads YAML into the document model by the core schema of YAML 1.2. Aliases are copied, and the copies count: a few lines that would
/// unfold to gigabytes are refused.
/// </summary>
internal sealed class YamlReader
{
    // Far above any manifest; a document of this many nodes takes some tens of megabytes.
    private const int MaxNodes = 100_000;
    private const int MaxDepth = 100;

    private readonly Parser parser;
    private readonly Dictionary<string, (JsonNode? Node, int Size)> anchors = new(StringComparer.Ordinal);
    private int nodes;
    private int depth;

    private YamlReader(string text) => parser = new Parser(new StringReader(text));

    /// <summary>Each document that is not empty, with the line on which it starts.</summary>
    public static YamlOutcome Read(string text)
    {
        try
        {
            return new YamlRead(new YamlReader(text).ReadDocuments());
        }
        catch (YamlException e)
        {
            return new YamlRefused(e.Message, e.Start.Line, e.Start.Column);
        }
    }

    private List<YamlDocument> ReadDocuments()
    {
        List<YamlDocument> documents = [];
        parser.Consume<StreamStart>();
        while (!parser.TryConsume<StreamEnd>(out _))
        {
            parser.Consume<DocumentStart>();
            anchors.Clear();
            var line = parser.Current?.Start.Line ?? 0;
            if (ReadNode() is { } root)
            {
                documents.Add(new YamlDocument(root, line));
            }

            parser.Consume<DocumentEnd>();
        }

        return documents;
    }

    private JsonNode? ReadNode()
    {
        var start = parser.Current?.Start ?? Mark.Empty;
        if (++nodes > MaxNodes)
        {
            throw new YamlException(start, start, $"The document has more than {MaxNodes} nodes, aliases unfolded.");
        }

        if (++depth > MaxDepth)
        {
            throw new YamlException(start, start, $"The document nests deeper than {MaxDepth} levels.");
        }

        var before = nodes;
        var node = parser.TryConsume<AnchorAlias>(out var alias) ? Unfold(alias) : ReadValue(before);
        depth--;
        return node;
    }

    private JsonNode? ReadValue(int before)
    {
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return Keep(scalar.Anchor, YamlScalar.Read(scalar), before);
        }

        if (parser.TryConsume<SequenceStart>(out var sequence))
        {
            var array = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                array.Add(ReadNode());
            }

            return Keep(sequence.Anchor, array, before);
        }

        var mapping = parser.Consume<MappingStart>();
        var map = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Consume<Scalar>();
            if (!map.TryAdd(key.Value, null))
            {
                throw new YamlException(key.Start, key.End, $"The key '{key.Value}' is there twice.");
            }

            map[key.Value] = ReadNode();
        }

        return Keep(mapping.Anchor, map, before);
    }

    private JsonNode? Keep(AnchorName anchor, JsonNode? node, int before)
    {
        if (!anchor.IsEmpty)
        {
            anchors[anchor.Value] = (node, nodes - before);
        }

        return node;
    }

    private JsonNode? Unfold(AnchorAlias alias)
    {
        if (!anchors.TryGetValue(alias.Value.Value, out var anchored))
        {
            throw new YamlException(alias.Start, alias.End, $"The alias '{alias.Value}' has no anchor before it.");
        }

        nodes += anchored.Size;
        if (nodes > MaxNodes)
        {
            throw new YamlException(alias.Start, alias.End, $"The document has more than {MaxNodes} nodes, aliases unfolded.");
        }

        return anchored.Node?.DeepClone();
    }
}

internal sealed record YamlDocument(JsonNode Root, long Line);

internal abstract record YamlOutcome
{
    private protected YamlOutcome() { }
}

internal sealed record YamlRead(IReadOnlyList<YamlDocument> Documents) : YamlOutcome;

internal sealed record YamlRefused(string Reason, long Line, long Column) : YamlOutcome;
