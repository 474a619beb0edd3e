using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating;

/// <summary>
/// Reads what a template rendered: objects of JSON one after the other, or documents of YAML between lines of <c>---</c>, after
/// apimachinery's <c>YAMLOrJSONDecoder</c>.
/// </summary>
internal static class Manifests
{
    private const string Separator = "---";

    // Far above any composition: each becomes a resource.
    private const int MaxManifests = 10_000;

    private static readonly JsonReaderOptions JsonOptions = new() { MaxDepth = Budget.MaxNesting };

    /// <exception cref="FatalResultException">It is neither, or a manifest has no kind.</exception>
    public static List<JsonObject> Read(string rendered, CancellationToken ct)
    {
        var manifests = new List<JsonObject>();
        var bytes = Encoding.UTF8.GetBytes(rendered);
        var rest = 0;
        while (bytes.AsSpan(rest).TrimStart(" \t\r\n"u8) is [(byte)'{', ..] && TryTakeJson(bytes, ref rest, out var manifest, out var text))
        {
            ct.ThrowIfCancellationRequested();
            Add(manifests, manifest, text);
        }

        var number = 0;
        foreach (var (document, line) in Documents(Encoding.UTF8.GetString(bytes.AsSpan(rest))))
        {
            ct.ThrowIfCancellationRequested();
            if (string.IsNullOrWhiteSpace(document))
            {
                continue;
            }

            number++;
            if (!YamlReader.TryReadManifests(document, null, out var read, out var error))
            {
                throw YamlFailure(document, line, number, error);
            }

            foreach (var manifest in read)
            {
                Add(manifests, manifest.Mapping, text: null);
            }
        }

        return manifests;
    }

    /// <param name="text">As it was written in JSON; null for YAML, whose errors show it as JSON.</param>
    private static void Add(List<JsonObject> manifests, JsonObject manifest, string? text)
    {
        if (manifest.Text("kind").Length == 0)
        {
            throw Undecodable($"Object 'Kind' is missing in '{text ?? GoJson.Write(GoValue.From(manifest, allFloat: false), new Budget(CancellationToken.None), escapesHtml: false)}'");
        }

        CheckAnnotations(manifest);
        manifests.Add(manifest);
        if (manifests.Count > MaxManifests)
        {
            throw new FatalResultException($"the templates render more than {MaxManifests} manifests");
        }
    }

    /// <summary>YAML makes true and 1 of unquoted texts, and annotations are texts only.</summary>
    private static void CheckAnnotations(JsonObject manifest)
    {
        if (manifest.At("metadata", "annotations") is not JsonObject annotations)
        {
            return;
        }

        foreach (var (key, value) in annotations)
        {
            if (value is not JsonValue text || text.GetValueKind() != JsonValueKind.String)
            {
                var type = GoValue.TypeOf(GoValue.From(value, allFloat: false), "int64");
                throw new FatalResultException(
                    $"invalid annotations in resource '{manifest.Text("apiVersion")}, Kind={manifest.Text("kind")} name={manifest.NameOf()}': "
                    + $".metadata.annotations accessor error: contains non-string value in the map under key \"{key}\": {GoFormat.Of(GoValue.From(value, allFloat: false))} is of the type {type}, expected string");
            }
        }
    }

    /// <summary>Takes one object from the front; false when it is not JSON, which may still be YAML.</summary>
    private static bool TryTakeJson(byte[] bytes, ref int start, out JsonObject manifest, out string text)
    {
        (manifest, text) = ([], "");
        var reader = new Utf8JsonReader(bytes.AsSpan(start), isFinalBlock: false, new JsonReaderState(JsonOptions));
        try
        {
            if (!JsonDocument.TryParseValue(ref reader, out var document))
            {
                return false;
            }

            using (document)
            {
                text = document.RootElement.GetRawText();
                // Copied member by member: a name that comes twice counts as it stands last.
                manifest = (JsonObject)GoValue.ToJson(GoValue.From(JsonNode.Parse(text), allFloat: false), new Budget(CancellationToken.None))!;
            }
        }
        catch (Exception e) when (e is JsonException or ArgumentException or CallFailure)
        {
            return false;
        }

        start += (int)reader.BytesConsumed;
        return true;
    }

    /// <summary>The documents with the lines on which they begin, from 0. A separator that opens the text belongs to the first one.</summary>
    private static IEnumerable<(string Text, int Line)> Documents(string text)
    {
        var (document, start, line) = (new StringBuilder(), 0, 0);
        foreach (var content in text.Split('\n'))
        {
            if (IsSeparator(content) && document.Length > 0)
            {
                yield return (document.ToString(), start);
                document.Clear();
                start = line + 1;
            }
            else
            {
                document.Append(content).Append('\n');
            }

            line++;
        }

        yield return (document.ToString(), start);
    }

    private static bool IsSeparator(string line) =>
        line.StartsWith(Separator, StringComparison.Ordinal) && line.AsSpan(Separator.Length).Trim() is [] or ['#', ..];

    private static FatalResultException YamlFailure(string document, int line, int number, YamlError error)
    {
        var lines = document.Split('\n');
        var near = lines[Math.Clamp(error.Line - 1, 0, lines.Length - 1)].Trim();
        return Undecodable($"error converting YAML to JSON: yaml: line {line + error.Line} (document {number}, line {error.Line}) near: '{near}': {Cause(error.Message)}");
    }

    /// <summary>The scanner's complaint alone: "This is not YAML: While scanning for the next token, found ..." loses its introduction.</summary>
    private static string Cause(string message)
    {
        var cause = message.TrimEnd('.');
        var introduction = cause.IndexOf(": While ", StringComparison.Ordinal);
        var comma = introduction < 0 ? -1 : cause.IndexOf(", ", introduction, StringComparison.Ordinal);
        return comma < 0 ? cause : cause[(comma + 2)..];
    }

    private static FatalResultException Undecodable(string message) => new($"cannot decode manifest: {message}");
}
