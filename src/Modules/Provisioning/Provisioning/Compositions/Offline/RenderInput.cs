using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions.Offline;

/// <summary>All that a rendering without the platform is made of.</summary>
/// <param name="Composite">A composite; or a claim, where the definition is given.</param>
internal sealed record RenderInput(JsonObject Composite, JsonObject Composition)
{
    public JsonObject? Definition { get; init; }

    public IReadOnlyList<JsonObject> Functions { get; init; } = [];

    /// <summary>Composed resources as they are; each says in its annotation of which template it is.</summary>
    public IReadOnlyList<JsonObject> Observed { get; init; } = [];

    public IReadOnlyList<JsonObject> Required { get; init; } = [];

    public IReadOnlyList<JsonObject> Credentials { get; init; } = [];

    public JsonObject Context { get; init; } = [];
}
