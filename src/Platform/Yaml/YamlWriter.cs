using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Flagstone.Platform.Yaml;

/// <summary>
/// Writes JSON values as block YAML, lists not indented, as kubectl prints it. A text that any YAML reader, old or new, might take for
/// something else is quoted; a text of several lines is a literal block.
/// </summary>
public static partial class YamlWriter
{
    private const int Indent = 2;
    private const int MaxSimpleKey = 1_000;

    /// <summary>One document, which ends in a newline.</summary>
    public static string Write(JsonNode? node)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings(Indent, int.MaxValue, false, MaxSimpleKey, false, false, "\n"));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(node, emitter);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    /// <summary>Several documents, divided by <c>---</c>.</summary>
    public static string WriteAll(IEnumerable<JsonNode> nodes) => string.Join("---\n", nodes.Select(Write));

    private static void Emit(JsonNode? node, Emitter emitter)
    {
        switch (node)
        {
            case JsonObject map:
                emitter.Emit(new MappingStart(null, null, true, map.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var (key, value) in map)
                {
                    emitter.Emit(new Scalar(null, null, key, IsPlain(key) ? ScalarStyle.Plain : ScalarStyle.DoubleQuoted, true, true));
                    Emit(value, emitter);
                }

                emitter.Emit(new MappingEnd());
                return;
            case JsonArray list:
                emitter.Emit(new SequenceStart(null, null, true, list.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in list)
                {
                    Emit(item, emitter);
                }

                emitter.Emit(new SequenceEnd());
                return;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                var text = value.GetValue<string>();
                emitter.Emit(new Scalar(null, null, text, StyleOf(text), true, true));
                return;
            default:
                emitter.Emit(new Scalar(null, null, node?.ToJsonString() ?? "null", ScalarStyle.Plain, true, false));
                return;
        }
    }

    private static ScalarStyle StyleOf(string text)
    {
        if (IsPlain(text))
        {
            return ScalarStyle.Plain;
        }

        return Lines().IsMatch(text) ? ScalarStyle.Literal : ScalarStyle.DoubleQuoted;
    }

    private static bool IsPlain(string text) => (Plain().IsMatch(text) && !Reserved().IsMatch(text)) || Quantity().IsMatch(text);

    // Begins with a letter, a slash or an underscore, and holds only what no YAML reader stumbles over: brackets, braces and the like are
    // quoted, although the standard would let them stand. A colon or a hash stands only where it begins no value and no comment.
    [GeneratedRegex(@"^[\p{L}_/](?:[\p{L}0-9_./+=@%$~(),;?&!*'-]|:(?=[^\s:])|(?<=[^\s])#|\x20(?=[\p{L}0-9_./(]))*\z")]
    private static partial Regex Plain();

    // Amounts such as 5Gi, 100m and 30s, and versions such as 1.2.3: no YAML takes them for numbers.
    [GeneratedRegex(@"^([0-9]+([KMGT]i|[mkMGTshd])|[0-9]+(\.[0-9]+){2,3})\z")]
    private static partial Regex Quantity();

    // What YAML 1.1 and 1.2 readers take for null and booleans.
    [GeneratedRegex(@"^(null|true|false|yes|no|on|off|y|n)\z", RegexOptions.IgnoreCase)]
    private static partial Regex Reserved();

    // Two lines or more, no space or break in front (it would need an indentation indicator), nothing that a block cannot hold.
    [GeneratedRegex(@"^[^\s\p{C}][^\p{Cc}\p{Cs}\u2028\u2029\uFEFF]*(\n[^\p{Cc}\p{Cs}\u2028\u2029\uFEFF]*)+\z")]
    private static partial Regex Lines();
}
