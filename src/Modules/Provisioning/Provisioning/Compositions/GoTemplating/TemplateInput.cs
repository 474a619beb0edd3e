using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating;

/// <summary>The step's input: where the template is and how it is read.</summary>
internal static class TemplateInput
{
    private const int MaxDelimiterLength = 32;
    private const string DocumentSeparator = "\n---\n";

    /// <exception cref="FatalResultException">The input names no template.</exception>
    public static string TemplateOf(JsonObject input, JsonObject context, GoTemplatingDefaults defaults) => input.Text("source") switch
    {
        "" when defaults.Source.Length > 0 => throw NoFolder(defaults.Source),
        "" => throw Invalid("source is required"),
        "Inline" => Inline(input),
        "FileSystem" => throw (input.At("fileSystem").Text("dirPath") is { Length: > 0 } folder ? NoFolder(folder) : Invalid("fileSystem.dirPath should be provided")),
        "Environment" => Environment(input, context),
        var source => throw Invalid($"invalid source: {source}"),
    };

    public static Delimiters DelimitersOf(JsonObject input)
    {
        var delimiters = Delimiters.Of(input.At("delims").Text("left"), input.At("delims").Text("right"));
        return Math.Max(delimiters.Left.Length, delimiters.Right.Length) <= MaxDelimiterLength
            ? delimiters
            : throw Invalid($"a delimiter is longer than {MaxDelimiterLength} characters");
    }

    /// <exception cref="FatalResultException">An option is unknown.</exception>
    public static MissingKey MissingKeyOf(JsonObject input, GoTemplatingDefaults defaults)
    {
        string[] options = input["options"] is JsonArray given ? [.. given.Select(o => o?.ToString() ?? "")] : defaults.Options.Split(',', StringSplitOptions.RemoveEmptyEntries);
        var missingKey = MissingKey.Invalid;
        foreach (var option in options)
        {
            missingKey = option switch
            {
                "missingkey=invalid" or "missingkey=default" => MissingKey.Invalid,
                "missingkey=zero" => MissingKey.Zero,
                "missingkey=error" => MissingKey.Error,
                "" => throw Options("empty option string"),
                _ => throw Options($"unrecognized option: {option}"),
            };
        }

        return missingKey;
    }

    /// <summary>For how long the answer holds: what the composite says, else the input; null for the default.</summary>
    public static TimeSpan? TimeToLiveOf(JsonObject input, JsonObject composite)
    {
        var text = composite.Annotation(Annotations.TimeToLive) is { Length: > 0 } annotated ? annotated : input.Text("ttl");
        return text.Length == 0 ? null
            : GoTime.TryDuration(text, out var duration) ? duration
            : throw Invalid($"cannot parse ttl: time: invalid duration {GoFormat.Quote(text)}");
    }

    private static string Inline(JsonObject input)
    {
        var templates = new List<string>();
        if (input.At("inline").Text("template") is { Length: > 0 } one)
        {
            templates.Add(one);
        }

        templates.AddRange((input.At("inline", "templates") as JsonArray ?? [])
            .OfType<JsonValue>().Where(t => t.GetValueKind() == JsonValueKind.String).Select(t => t.GetValue<string>()));
        return templates.Count > 0 ? string.Join(DocumentSeparator, templates) : throw Invalid("inline.template or inline.templates should be provided");
    }

    private static string Environment(JsonObject input, JsonObject context)
    {
        var key = input.At("environment").Text("key");
        if (key.Length == 0)
        {
            throw Invalid("environment.key should be provided");
        }

        return context[Rendering.EnvironmentKey].Text(key) is { Length: > 0 } template
            ? template
            : throw Invalid($"cannot read tmpl from the environment: key: {key} does not exist");
    }

    // No folder is mounted into the platform, so that none is found; upstream says it in these words.
    private static FatalResultException NoFolder(string folder) =>
        Invalid($"cannot read tmpl from the folder {{{folder}}}: open {folder}: file does not exist");

    private static FatalResultException Options(string message) =>
        new($"cannot apply template options: panic occurred while applying template options: {message}");

    private static FatalResultException Invalid(string message) => new($"invalid function input: {message}");
}
