using System.Text.Json.Nodes;
using Flagstone.Platform.Yaml;

namespace Flagstone.Catalog.Tests;

/// <summary>YAML that a test expects to be sound.</summary>
internal static class YamlText
{
    public static IReadOnlyList<JsonObject> ReadAll(string text) => YamlReader.TryReadAll(text, null, out var documents, out var error)
        ? [.. documents.Select(document => document.Mapping)]
        : throw new ArgumentException($"{error}\n{text}");
}
