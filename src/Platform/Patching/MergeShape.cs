using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>
/// How the lists in a built-in kind merge: <c>patchMergeKey</c> and <c>patchStrategy</c> for strategic merge patches, the list type and map
/// keys for server-side apply. The two differ for a few lists, such as a container's ports. A list that is not named is replaced whole.
/// </summary>
public sealed class MergeShape
{
    private readonly Lazy<StructuralSchema> schema;

    private MergeShape() => schema = new(() => StructuralSchema.Of(ToNode()));

    internal FrozenDictionary<string, MergeShape> Fields { get; private init; } = FrozenDictionary<string, MergeShape>.Empty;

    /// <summary>The field that tells a list's items apart in a strategic merge; null for a set, and for what is no list.</summary>
    internal string? MergeKey { get; private init; }

    /// <summary>Whether this is a list of scalars that merges as a set.</summary>
    internal bool IsSet { get; private init; }

    private string[] ApplyKeys { get; init; } = [];

    private MergeShape? Items { get; init; }

    /// <summary>The shape of a kind of Kubernetes' own; for all others, that of metadata and of conditions.</summary>
    public static MergeShape Of(string group, string kind) => BuiltInShapes.Find(group, kind);

    /// <summary>The same as a schema, for the server-side apply of kinds that have no other.</summary>
    public StructuralSchema ToSchema() => schema.Value;

    internal static MergeShape Map(params (string Field, MergeShape Shape)[] fields) =>
        new() { Fields = fields.ToFrozenDictionary(field => field.Field, field => field.Shape, StringComparer.Ordinal) };

    internal static MergeShape List(string mergeKey, MergeShape? items = null, params string[] applyKeys) =>
        new() { MergeKey = mergeKey, Items = items, ApplyKeys = applyKeys.Length == 0 ? [mergeKey] : applyKeys };

    internal static MergeShape Set() => new() { IsSet = true };

    internal MergeShape? Field(string name) => Fields.GetValueOrDefault(name);

    internal MergeShape? Item() => Items;

    private SchemaNode ToNode() => new()
    {
        PreserveUnknownFields = true,
        Properties = Fields.ToFrozenDictionary(field => field.Key, field => field.Value.ToNode(), StringComparer.Ordinal),
        ListType = IsSet ? ListType.Set : MergeKey is null ? ListType.Atomic : ListType.Map,
        ListMapKeys = ApplyKeys,
        Items = MergeKey is null ? null : ItemNode(),
    };

    private SchemaNode ItemNode()
    {
        var node = (Items ?? Map()).ToNode();
        var keys = ApplyKeys.Select(key => KeyValuePair.Create(key, new SchemaNode { Default = DefaultOf(key) }));
        return new()
        {
            PreserveUnknownFields = true,
            Properties = node.Properties.Concat(keys).ToFrozenDictionary(StringComparer.Ordinal),
        };
    }

    // The one key of a built-in list that people leave out.
    private static JsonNode? DefaultOf(string key) => key == "protocol" ? "TCP" : null;
}
