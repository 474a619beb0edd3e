using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Repositories;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Sources;

/// <summary>What a GitSource follows, and what it may touch.</summary>
/// <param name="Kinds">Empty: every kind that <see cref="SourceRules"/> leaves in reach.</param>
/// <param name="Actor">For whom it acts where nobody pushed; empty for the platform itself.</param>
internal sealed record SourceSpec(
    RepositoryName Repository, BranchName Branch, FolderPath Path, IReadOnlyList<string> Namespaces, IReadOnlyList<string> Kinds, bool CreateNamespace, string Actor)
{
    /// <summary>Null when the resource cannot be read; its kind lets no such one in.</summary>
    public static SourceSpec? Of(JsonObject source)
    {
        var spec = source["spec"];
        var branch = spec.Text("branch") is { Length: > 0 } named ? named : BranchName.Main.Value;
        return RepositoryName.TryParse(spec.Text("repository"), out var repository)
            && BranchName.TryParse(branch, out var parsed)
            && FolderPath.TryParse(spec.Text("path"), out var path, out _)
            && Texts(spec.At("namespaces")) is { Count: > 0 } namespaces
            ? new SourceSpec(
                repository, parsed, path, namespaces, Texts(spec.At("kinds")),
                spec.At("createNamespace") is JsonValue create && create.GetValueKind() == JsonValueKind.True, spec.Text("actor"))
            : null;
    }

    private static List<string> Texts(JsonNode? list) =>
        [.. (list as JsonArray ?? []).OfType<JsonValue>().Where(v => v.GetValueKind() == JsonValueKind.String).Select(v => v.GetValue<string>())];
}
