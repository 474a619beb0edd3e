using System.Diagnostics.CodeAnalysis;
using System.Text;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Kinds;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;

namespace Flagstone.Catalog.Sources;

/// <summary>Reads the manifests of a commit: all of them, or the first thing that is wrong. It judges names and reach, not contents.</summary>
internal sealed class ManifestReader(KindRegistry kinds, SourceSpec source)
{
    private const int MaxManifests = 2_000;

    public (IReadOnlyList<Manifest> Manifests, SourceRefusal? Refusal) Read(FileSet files)
    {
        var manifests = new List<Manifest>();
        var places = new Dictionary<ResourceKey, string>();
        foreach (var (path, content) in files.Where(f => IsManifest(f.Key.Value)))
        {
            var file = path.Value == source.Path.Value ? path.Value : source.Path.Join(path.Value);
            if (!TryRead(Encoding.UTF8.GetString(content.Bytes.Span), out var documents, out var error))
            {
                return ([], new SourceRefusal(file, error.Line, error.Message));
            }

            foreach (var document in documents)
            {
                var (manifest, refusal) = Read(file, document);
                if (refusal is null && !places.TryAdd(manifest!.Key, file))
                {
                    refusal = manifest.Refuse($"{manifest.Kind.Kind} '{manifest.Key.Display}' is declared in {places[manifest.Key]} already", "metadata.name");
                }

                if (refusal is null && manifests.Count == MaxManifests)
                {
                    refusal = new SourceRefusal(file, document.Line, $"there are more than {MaxManifests} manifests; split them over several sources");
                }

                if (refusal is not null)
                {
                    return ([], refusal);
                }

                manifests.Add(manifest!);
            }
        }

        return (manifests, null);
    }

    private static bool IsManifest(string path) =>
        path.EndsWith(".yaml", StringComparison.Ordinal) || path.EndsWith(".yml", StringComparison.Ordinal) || path.EndsWith(".json", StringComparison.Ordinal);

    /// <summary>Backstage's entities mean what Backstage reads, and all else what kubectl would have applied; one file may hold both.</summary>
    private static bool TryRead(
        string text, [NotNullWhen(true)] out IReadOnlyList<YamlDocument>? documents, [NotNullWhen(false)] out YamlError? error)
    {
        if (!YamlReader.TryReadAll(text, null, out var entities, out error) || entities.All(IsEntity))
        {
            documents = entities;
            return error is null;
        }

        if (YamlReader.TryReadManifests(text, null, out documents, out error))
        {
            documents = [.. documents.Zip(entities, (manifest, entity) => IsEntity(entity) ? entity : manifest)];
        }

        return error is null;
    }

    private static bool IsEntity(YamlDocument document) =>
        document.Mapping.Text("apiVersion").Split('/')[0] is EntityKinds.Group or "scaffolder.backstage.io";

    private (Manifest?, SourceRefusal?) Read(string file, YamlDocument document)
    {
        var (apiVersion, kindName) = (document.Mapping.Text("apiVersion"), document.Mapping.Text("kind"));
        if (!kinds.TryFind(apiVersion, kindName, out var kind))
        {
            var cause = apiVersion.Length == 0 || kindName.Length == 0
                ? "apiVersion and kind are required"
                : $"there is no kind {kindName} in {apiVersion}; 'kubectl api-resources' lists those that there are";
            return (null, new SourceRefusal(file, document.LineOf(FieldText.Parse("kind")), cause));
        }

        var ns = document.Mapping.NamespaceOf() is { Length: > 0 } own ? own : source.Namespaces[0];
        var manifest = new Manifest(file, document, kind, kind.Key(ns, document.Mapping.NameOf()));
        if (manifest.Key.Name.Length == 0)
        {
            return (null, manifest.Refuse("metadata.name is required", "metadata"));
        }

        return SourceRules.Refuse(source, kind, ns) is { } why ? (null, manifest.Refuse(why, "kind")) : (manifest, null);
    }
}
