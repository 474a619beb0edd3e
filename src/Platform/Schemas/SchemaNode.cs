using System.Collections.Frozen;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Flagstone.Platform.Schemas;

internal enum SchemaType
{
    Any,
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

internal enum ListType
{
    Atomic,
    Set,
    Map,
}

/// <summary>One node of a compiled schema. It is made once and then only read, from any thread.</summary>
internal sealed class SchemaNode
{
    public static SchemaNode Empty { get; } = new();

    public SchemaType Type { get; init; }

    public bool Nullable { get; init; }

    public bool IntOrString { get; init; }

    public bool PreserveUnknownFields { get; init; }

    public bool EmbeddedResource { get; init; }

    /// <summary>The default, or null when there is none: a default of null is the same as none.</summary>
    public JsonNode? Default { get; init; }

    public FrozenDictionary<string, SchemaNode> Properties { get; init; } = FrozenDictionary<string, SchemaNode>.Empty;

    /// <summary>Those of <see cref="Properties"/> that have a default, in the order of the schema.</summary>
    public KeyValuePair<string, SchemaNode>[] Defaulted { get; init; } = [];

    /// <summary>The schema of the properties that are not named, or null when there may be none.</summary>
    public SchemaNode? AdditionalProperties { get; init; }

    public SchemaNode? Items { get; init; }

    public string[] Required { get; init; } = [];

    public ListType ListType { get; init; }

    public string[] ListMapKeys { get; init; } = [];

    public bool AtomicMap { get; init; }

    public ValueRules? Rules { get; init; }

    public SchemaJunctions? Junctions { get; init; }

    public SchemaNode? Child(string field) => Properties.GetValueOrDefault(field) ?? AdditionalProperties;
}

/// <summary>The constraints on a value itself; apart from the node, since most nodes have none.</summary>
internal sealed record ValueRules
{
    public JsonNode?[]? Enum { get; init; }

    public JsonNumber? Minimum { get; init; }

    public bool ExclusiveMinimum { get; init; }

    public JsonNumber? Maximum { get; init; }

    public bool ExclusiveMaximum { get; init; }

    public JsonNumber? MultipleOf { get; init; }

    public int? MinLength { get; init; }

    public int? MaxLength { get; init; }

    public string? PatternText { get; init; }

    public Regex? Pattern { get; init; }

    public string? Format { get; init; }

    public StringFormat? CheckFormat { get; init; }

    public int? MinItems { get; init; }

    public int? MaxItems { get; init; }

    public bool UniqueItems { get; init; }

    public int? MinProperties { get; init; }

    public int? MaxProperties { get; init; }

    public bool HasStringRules => MinLength is not null || MaxLength is not null || Pattern is not null || CheckFormat is not null;
}

internal sealed record SchemaJunctions(SchemaNode[] AllOf, SchemaNode[] AnyOf, SchemaNode[] OneOf, SchemaNode? Not);
