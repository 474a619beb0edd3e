using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Compositions.Offline;

/// <summary>Reads the files that a rendering names. Every refusal says which file it is about.</summary>
internal static class RenderFiles
{
    private static readonly string[] Endings = [".yaml", ".yml", ".json"];

    /// <exception cref="RenderRefusedException">A file is not there, or does not hold what it should.</exception>
    public static async Task<RenderInput> ReadAsync(RenderArguments arguments, CancellationToken ct)
    {
        var observed = await AllAsync(arguments.Observed, "observed resources", ct);
        Demand(arguments.Observed, observed, d => d.Annotation(Names.ResourceNameAnnotation).Length > 0,
            d => $"{d.Text("kind")} '{d.NameOf()}' has no annotation {Names.ResourceNameAnnotation}, which says of which template it is. Add it.");
        var functions = await AllAsync(arguments.Functions, "functions", ct);
        Demand(arguments.Functions, functions, d => d.Text("kind") == FunctionKinds.Function.Kind, d => $"{d.Text("kind")} '{d.NameOf()}' is no Function. Take it out.");
        var credentials = await AllAsync(arguments.Credentials, "function credentials", ct);
        Demand(arguments.Credentials, credentials, d => d.Text("kind") == "Secret", d => $"{d.Text("kind")} '{d.NameOf()}' is no Secret. Take it out.");
        Demand(arguments.Credentials, credentials, IsReadable, d => $"Secret '{d.NameOf()}' has data that is not base64. Encode it.");
        var required = new List<JsonObject>();
        foreach (var path in arguments.Required)
        {
            required.AddRange(await AllAsync(path, "required resources", ct));
        }

        return new RenderInput(await CompositeAsync(arguments.Composite, ct), await OneAsync(arguments.Composition, CompositionKinds.Composition, ct))
        {
            Definition = arguments.Definition is null ? null : await OneAsync(arguments.Definition, CompositionKinds.Definition, ct),
            Functions = functions,
            Observed = observed,
            Required = required,
            Credentials = credentials,
            Context = await ContextAsync(arguments, ct),
        };
    }

    private static async Task<JsonObject> CompositeAsync(string path, CancellationToken ct)
    {
        var documents = await DocumentsAsync(path, "composite resource", ct);
        if (documents is not [var composite])
        {
            throw new RenderRefusedException($"'{path}' holds {documents.Count} documents, and one composite resource is rendered. Leave one in it.");
        }

        return composite.Text("apiVersion").Length > 0 && composite.Text("kind").Length > 0 && composite.NameOf().Length > 0 ? composite
            : throw new RenderRefusedException($"'{path}' is no resource: it needs apiVersion, kind and metadata.name.");
    }

    /// <summary>The file's one document of the kind, with the kind's defaults.</summary>
    private static async Task<JsonObject> OneAsync(string path, KindDefinition kind, CancellationToken ct)
    {
        var documents = await DocumentsAsync(path, kind.Kind, ct);
        if (documents is not [var document] || document.Text("kind") != kind.Kind)
        {
            throw new RenderRefusedException(
                $"'{path}' holds {(documents.Count == 1 ? $"a {documents[0].Text("kind")}" : $"{documents.Count} documents")}, and one {kind.Kind} is wanted. Leave that alone in it.");
        }

        return Checked(document, kind, $"'{path}'");
    }

    /// <summary>A definition or a composition as the API would take it.</summary>
    /// <exception cref="RenderRefusedException">The API would refuse it.</exception>
    public static JsonObject Checked(JsonObject document, KindDefinition kind, string source)
    {
        var version = document.Text("apiVersion").Split('/') is [var group, var named] && group == kind.Id.Group && kind.Versions.Contains(named) ? kind.In(named)
            : throw new RenderRefusedException($"{source} has the apiVersion '{document.Text("apiVersion")}'. Write {kind.ApiVersion}.");
        version.Schema!.ApplyDefaults(document);
        if (version.Schema.Validate(document).Select(e => $"{e.Field}: {e.Body}").FirstOrDefault() is { } wrong)
        {
            throw new RenderRefusedException($"{source} is not valid: {wrong}");
        }

        return kind.Validate!(document, null).FirstOrDefault() is { } cause
            ? throw new RenderRefusedException($"{source} is not valid: {cause.Field}: {cause.Message}")
            : document;
    }

    private static bool IsReadable(JsonObject secret) =>
        (secret["data"] as JsonObject ?? []).All(d => d.Value?.ToString() is not { } text || Convert.TryFromBase64String(text, new byte[text.Length], out _));

    private static void Demand(string? path, IReadOnlyList<JsonObject> documents, Func<JsonObject, bool> fits, Func<JsonObject, string> describe)
    {
        if (documents.FirstOrDefault(d => !fits(d)) is { } wrong)
        {
            throw new RenderRefusedException($"'{path}': {describe(wrong)}");
        }
    }

    private static async Task<IReadOnlyList<JsonObject>> AllAsync(string? path, string what, CancellationToken ct)
    {
        if (path is null)
        {
            return [];
        }

        if (!Directory.Exists(path))
        {
            return await DocumentsAsync(path, what, ct);
        }

        var all = new List<JsonObject>();
        foreach (var file in Directory.EnumerateFiles(path).Where(f => Endings.Contains(Path.GetExtension(f))).Order(StringComparer.Ordinal))
        {
            all.AddRange(await DocumentsAsync(file, what, ct));
        }

        return all;
    }

    private static async Task<IReadOnlyList<JsonObject>> DocumentsAsync(string path, string what, CancellationToken ct) =>
        YamlReader.TryReadManifests(await TextAsync(path, what, ct), null, out var documents, out var error)
            ? [.. documents.Select(d => d.Mapping)]
            : throw new RenderRefusedException($"'{path}' cannot be read: {error}");

    private static async Task<string> TextAsync(string path, string what, CancellationToken ct)
    {
        if (Directory.Exists(path))
        {
            throw new RenderRefusedException($"'{path}' is a folder, where a file with the {what} is wanted. Name the file.");
        }

        try
        {
            return await File.ReadAllTextAsync(path, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RenderRefusedException(
                File.Exists(path) ? $"'{path}' cannot be read: {e.Message}" : $"There is no file '{path}', which should hold the {what}. Correct the path.");
        }
    }

    private static async Task<JsonObject> ContextAsync(RenderArguments arguments, CancellationToken ct)
    {
        var context = new JsonObject();
        foreach (var (key, path) in arguments.ContextFiles)
        {
            context[key] = Value(await TextAsync(path, $"context '{key}'", ct), $"'{path}', the context '{key}',");
        }

        foreach (var (key, text) in arguments.ContextValues)
        {
            context[key] = Value(text, $"the context value '{key}'");
        }

        return context;
    }

    private static JsonNode? Value(string text, string source) => YamlReader.TryReadValue(text, null, out var value, out var error) ? value
        : throw new RenderRefusedException($"{source} is no JSON: {error}");
}
