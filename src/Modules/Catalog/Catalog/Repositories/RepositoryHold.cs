using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Repositories;

/// <summary>
/// The finalizer by which a Repository waits for its bare repository to be put aside. A run makes the resource with it, so that it cannot be
/// deleted before its controller has seen it.
/// </summary>
internal static class RepositoryHold
{
    private const string Finalizer = "flagstone.dev/bare-repository";

    public static bool Holds(JsonObject repository) => repository.Finalizers().Contains(Finalizer);

    public static void Add(JsonObject repository) => Set(repository, [.. repository.Finalizers().Where(f => f != Finalizer), Finalizer]);

    public static void Remove(JsonObject repository) => Set(repository, [.. repository.Finalizers().Where(f => f != Finalizer)]);

    private static void Set(JsonObject repository, IReadOnlyList<string> finalizers) =>
        repository.Metadata()["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode)f)]);
}
