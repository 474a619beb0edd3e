using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Flagstone.Platform.Yaml;

/// <summary>Builds JSON values from the parser's events. The budget of nodes spans all documents of the text.</summary>
internal sealed class YamlBuilder(IParser parser, YamlLimits limits, YamlDialect dialect)
{
    private const string MergeKey = "<<";
    private const string CoreTag = "tag:yaml.org,2002:";

    private readonly Dictionary<AnchorName, Built> anchors = [];
    private readonly HashSet<AnchorName> open = [];
    private int budget = limits.MaxNodes;

    public JsonNode? ReadDocument()
    {
        anchors.Clear();
        return Read(1).Node;
    }

    private Built Read(int depth)
    {
        if (depth > limits.MaxDepth)
        {
            throw Refuse(parser.Current!, $"The value is nested more than {limits.MaxDepth} deep. Make the document flatter.");
        }

        switch (parser.Current)
        {
            case AnchorAlias alias:
                return Expand(parser.Consume<AnchorAlias>(), depth);
            case NodeEvent { Anchor.IsEmpty: false } node:
                open.Add(node.Anchor);
                var built = ReadNode(node, depth);
                open.Remove(node.Anchor);
                anchors[node.Anchor] = built;
                return built;
            case NodeEvent node:
                return ReadNode(node, depth);
            default:
                throw Refuse(parser.Current!, "A value is expected here.");
        }
    }

    private Built ReadNode(NodeEvent node, int depth)
    {
        Spend(1, node);
        return node switch
        {
            MappingStart => ReadMapping(depth),
            SequenceStart => ReadSequence(depth),
            _ => new(Resolve(parser.Consume<Scalar>()), 1, 1),
        };
    }

    private Built ReadSequence(int depth)
    {
        CheckTag(parser.Consume<SequenceStart>(), "seq");
        var list = new JsonArray();
        var (count, height) = (1, 1);
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            var item = Read(depth + 1);
            list.Add(item.Owned());
            (count, height) = (count + item.Count, Math.Max(height, item.Height + 1));
        }

        return new(list, count, height);
    }

    private Built ReadMapping(int depth)
    {
        CheckTag(parser.Consume<MappingStart>(), "map");
        var map = new JsonObject();
        List<JsonObject>? merged = null;
        var (count, height) = (1, 1);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var place = parser.Current!;
            var isMerge = place is Scalar { Value: MergeKey, Style: ScalarStyle.Plain };
            var key = ReadKey(depth + 1);
            if (isMerge ? merged is not null : map.ContainsKey(key))
            {
                throw Refuse(place, $"The key '{key}' occurs twice in one mapping. Remove one of the two.");
            }

            var value = Read(depth + 1);
            (count, height) = (count + value.Count, Math.Max(height, value.Height + 1));
            if (isMerge)
            {
                merged = Sources(value.Node, place);
            }
            else
            {
                map.Add(key, value.Owned());
            }
        }

        foreach (var (key, value) in (merged ?? []).SelectMany(source => source))
        {
            map.TryAdd(key, value?.DeepClone());
        }

        return new(map, count, height);
    }

    private string ReadKey(int depth)
    {
        switch (parser.Current)
        {
            case Scalar:
                var scalar = parser.Consume<Scalar>();
                if (!scalar.Anchor.IsEmpty)
                {
                    anchors[scalar.Anchor] = new(JsonValue.Create(scalar.Value), 1, 1);
                }

                return scalar is { Style: ScalarStyle.Plain, Tag.IsEmpty: true } ? YamlScalars.ResolveKey(scalar.Value, dialect) : scalar.Value;
            default:
                // Mostly an unquoted {{ placeholder }}: JavaScript's reader makes it a text, and published templates rely on it.
                var key = Read(depth).Node;
                return key is JsonValue value ? value.ToString() : YamlFlow.Write(key);
        }
    }

    private Built Expand(AnchorAlias alias, int depth)
    {
        if (!anchors.TryGetValue(alias.Value, out var target))
        {
            throw Refuse(alias, open.Contains(alias.Value)
                ? $"The alias '*{alias.Value}' stands inside the value that it repeats, which has no end. Write the value out."
                : $"The alias '*{alias.Value}' has no anchor before it. Put '&{alias.Value}' before the value that it should repeat.");
        }

        if (depth + target.Height - 1 > limits.MaxDepth)
        {
            throw Refuse(alias, $"With the alias '*{alias.Value}' the value is nested more than {limits.MaxDepth} deep. Make it flatter.");
        }

        Spend(target.Count, alias);
        return target with { IsShared = true };
    }

    private static List<JsonObject> Sources(JsonNode? value, ParsingEvent place) => value switch
    {
        JsonObject map => [map],
        JsonArray list when list.All(item => item is JsonObject) => [.. list.Select(item => item!.AsObject())],
        _ => throw Refuse(
            place, "The merge key '<<' takes a mapping or a list of mappings, such as an alias. Quote it to make it a name."),
    };

    private JsonNode? Resolve(Scalar scalar)
    {
        var isPlain = scalar.Style == ScalarStyle.Plain;
        var tag = scalar.Tag.IsEmpty ? "" : scalar.Tag.Value;
        switch (tag)
        {
            case "" when !isPlain:
            case "!" or CoreTag + "str":
                return JsonValue.Create(scalar.Value);
            case "" or CoreTag + "int" or CoreTag + "float" or CoreTag + "bool" or CoreTag + "null":
                break;
            default:
                throw Refuse(scalar, Unknown(tag));
        }

        if (YamlScalars.IsNull(scalar.Value))
        {
            return null;
        }

        return YamlScalars.TryResolve(scalar.Value, dialect, out var value)
            ? value
            : throw Refuse(scalar, $"'{scalar.Value}' is no number that JSON can hold. Put it in quotes to keep the text.");
    }

    private static void CheckTag(NodeEvent node, string core)
    {
        if (!node.Tag.IsEmpty && node.Tag.Value != "!" && node.Tag.Value != CoreTag + core)
        {
            throw Refuse(node, Unknown(node.Tag.Value));
        }
    }

    private static string Unknown(string tag) => $"The tag '{tag}' is not supported. Write the value without it.";

    private void Spend(int nodes, ParsingEvent place)
    {
        if (nodes > budget)
        {
            throw Refuse(
                place, $"The text has more than {limits.MaxNodes} values, aliases written out. Split it, or repeat less by aliases.");
        }

        budget -= nodes;
    }

    private static YamlRefusedException Refuse(ParsingEvent place, string message) => new(place.Start, message);

    /// <summary>
    /// A value with its number of nodes and its height. A shared one belongs to its anchor, and is copied where it is used.
    /// </summary>
    private readonly record struct Built(JsonNode? Node, int Count, int Height, bool IsShared = false)
    {
        public JsonNode? Owned() => IsShared || Node?.Parent is not null ? Node?.DeepClone() : Node;
    }
}
