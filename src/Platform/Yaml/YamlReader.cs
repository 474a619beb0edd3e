using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Flagstone.Platform.Yaml;

/// <summary>
/// Reads YAML 1.2 into JSON values: the core schema or what Kubernetes' tools make of it, aliases and merge keys expanded within limits, no custom tags, no duplicate keys.
/// </summary>
public static class YamlReader
{
    // Each costs one more reading of the text, so that a large one gets none.
    private const int MaxRepairs = 20;
    private const int MaxRepairedLength = 256 * 1024;

    /// <summary>
    /// Reads the documents of a text, each of which must be a mapping, as a resource is. Empty documents are passed over, so the result
    /// may be empty.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="limits">What it may cost, or null for the defaults.</param>
    /// <param name="documents">The documents in order.</param>
    /// <param name="error">The first error, or null.</param>
    public static bool TryReadAll(
        string text,
        YamlLimits? limits,
        [NotNullWhen(true)] out IReadOnlyList<YamlDocument>? documents,
        [NotNullWhen(false)] out YamlError? error) =>
        TryRead(text, limits ?? YamlLimits.Default, YamlDialect.Core, onlyMappings: true, out documents, out error);

    /// <summary>As <see cref="TryReadAll"/>, but with numbers and booleans as kubectl and all of Kubernetes' tools read them.</summary>
    public static bool TryReadManifests(
        string text,
        YamlLimits? limits,
        [NotNullWhen(true)] out IReadOnlyList<YamlDocument>? documents,
        [NotNullWhen(false)] out YamlError? error) =>
        TryRead(text, limits ?? YamlLimits.Default, YamlDialect.Kubernetes, onlyMappings: true, out documents, out error);

    /// <summary>Reads a text of one document with any value, such as a list of patches; an empty text is null.</summary>
    public static bool TryReadValue(string text, YamlLimits? limits, out JsonNode? value, [NotNullWhen(false)] out YamlError? error)
    {
        value = null;
        if (!TryRead(text, limits ?? YamlLimits.Default, YamlDialect.Core, onlyMappings: false, out var documents, out error))
        {
            return false;
        }

        if (documents.Count > 1)
        {
            error = new(documents[1].Line, 1, $"The text has {documents.Count} documents where one is expected. Remove all but one.");
            return false;
        }

        value = documents is [var document] ? document.Root : null;
        return true;
    }

    private static bool TryRead(
        string text,
        YamlLimits limits,
        YamlDialect dialect,
        bool onlyMappings,
        [NotNullWhen(true)] out IReadOnlyList<YamlDocument>? documents,
        [NotNullWhen(false)] out YamlError? error)
    {
        documents = null;
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > limits.MaxBytes)
        {
            error = new(1, 1, $"The text has {bytes} bytes, and at most {limits.MaxBytes} are read. Split it into several.");
            return false;
        }

        text = YamlText.Normalize(text);
        for (var repairs = 0; ; repairs++)
        {
            (documents, error, var cause) = Attempt(text, limits, dialect, onlyMappings);
            if (cause is null || repairs == MaxRepairs || text.Length > MaxRepairedLength || !YamlText.TryRepair(text, cause, out text))
            {
                return error is null;
            }
        }
    }

    private static (IReadOnlyList<YamlDocument>? Documents, YamlError? Error, YamlException? Cause) Attempt(
        string text, YamlLimits limits, YamlDialect dialect, bool onlyMappings)
    {
        var parser = YamlText.Parse(text);
        try
        {
            return (ReadDocuments(text, parser, limits, dialect, onlyMappings), null, null);
        }
        catch (YamlRefusedException e)
        {
            return (null, e.Error, null);
        }
        catch (YamlException e)
        {
            return (null, Malformed(e, e.Start), e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // YamlDotNet's scanner lets these out on some malformed texts.
            return (null, Malformed(e, parser.Current?.End ?? Mark.Empty), null);
        }
    }

    private static List<YamlDocument> ReadDocuments(string text, Parser parser, YamlLimits limits, YamlDialect dialect, bool onlyMappings)
    {
        var documents = new List<YamlDocument>();
        var builder = new YamlBuilder(parser, limits, dialect);
        parser.Consume<StreamStart>();
        for (var index = 0; !parser.Accept<StreamEnd>(out _); index++)
        {
            parser.Consume<DocumentStart>();
            var start = parser.Current!.Start;
            var root = builder.ReadDocument();
            parser.Consume<DocumentEnd>();
            if (root is null && onlyMappings)
            {
                continue;
            }

            if (onlyMappings && root is not JsonObject)
            {
                var found = root is JsonArray ? "a list" : "a single value";
                throw new YamlRefusedException(
                    start, $"The document is {found}, and a resource is a mapping. Write 'name: value' lines at its root.");
            }

            documents.Add(new(text, index, (int)start.Line, root));
        }

        return documents;
    }

    private static YamlError Malformed(Exception e, Mark place) =>
        new((int)Math.Max(place.Line, 1), (int)Math.Max(place.Column, 1), $"This is not YAML: {e.Message.TrimEnd('.')}.");
}
