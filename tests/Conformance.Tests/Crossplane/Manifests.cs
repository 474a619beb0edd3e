using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Conformance.Tests.Crossplane;

/// <summary>Manifests of a corpus.</summary>
internal static class Manifests
{
    /// <summary>The YAML files below a folder, in order.</summary>
    public static IEnumerable<string> Files(string folder) =>
        Directory.GetFiles(folder, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    /// <summary>The documents of a file; none when it is no YAML: corpora hold templates too.</summary>
    public static IEnumerable<JsonObject> Documents(string file) =>
        YamlReader.TryReadManifests(File.ReadAllText(file), null, out var documents, out _) ? documents.Select(d => d.Mapping) : [];

    /// <summary>Why a file cannot be read; null when it can.</summary>
    public static string? Problem(string file) => YamlReader.TryReadManifests(File.ReadAllText(file), null, out _, out var error) ? null : error.ToString();

    /// <summary>The functions that a composition names and the product does not have.</summary>
    public static IReadOnlyList<string> MissingFunctions(JsonObject composition) =>
    [
        .. (composition.At("spec", "pipeline") as JsonArray ?? []).Select(s => s.At("functionRef").Text("name")).Where(n => BuiltInFunctions.Find(n) is null).Distinct(),
    ];
}
