using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Expressions;
using System.Text.RegularExpressions;

namespace Flagstone.Platform.Schemas;

/// <summary>
/// Compiles an <c>openAPIV3Schema</c> and refuses what is not structural, in the words of the API server's checks of a
/// CustomResourceDefinition (Kubernetes documentation, "Specifying a structural schema").
/// </summary>
internal sealed class SchemaParser(List<FieldError> errors, List<SchemaRule> rules)
{
    /// <summary>Deeper schemas than any that people publish; it bounds every recursion over a document as well.</summary>
    public const int MaxDepth = 64;

    private static readonly string[] Unsupported = ["$ref", "definitions", "dependencies", "id", "patternProperties", "additionalItems"];
    private static readonly string[] OnlyOutsideJunctions = ["description", "default", "additionalProperties", "nullable", "type"];

    private readonly StructureCheck structure = new(errors);
    private readonly List<string> place = [];
    private int depth;

    private enum Role
    {
        Root,
        Field,
        Item,
        Junction,
        IntOrStringJunction,
    }

    public SchemaNode ParseRoot(JsonNode? schema) => Parse(schema, null, Role.Root);

    private SchemaNode Parse(JsonNode? schema, FieldPath? path, Role role, Declared? declared = null)
    {
        if (schema is not JsonObject source)
        {
            errors.Add(FieldError.Invalid(path, schema, "must be a schema object"));
            return SchemaNode.Empty;
        }

        if (depth >= MaxDepth)
        {
            errors.Add(FieldError.Forbidden(path, $"a schema is nested at most {MaxDepth} deep"));
            return SchemaNode.Empty;
        }

        depth++;
        var reader = new SchemaReader(source, path, errors);
        var node = ParseNode(reader, role, IsJunction(role) ? declared : new(source, path));
        depth--;
        return node;
    }

    private SchemaNode ParseNode(SchemaReader reader, Role role, Declared? declared)
    {
        CheckDeclared(reader, role, declared);
        var intOrString = reader.Flag("x-kubernetes-int-or-string");
        var preserve = reader.Flag("x-kubernetes-preserve-unknown-fields");
        var type = reader.Type();
        CheckShape(reader, role, type, intOrString, preserve);
        CollectRules(reader);

        var (properties, order) = ParseProperties(reader, role, declared);
        var node = new SchemaNode
        {
            Type = type,
            Nullable = reader.Flag("nullable"),
            IntOrString = intOrString,
            PreserveUnknownFields = preserve,
            EmbeddedResource = reader.Flag("x-kubernetes-embedded-resource"),
            Default = reader["default"]?.DeepClone(),
            Properties = properties,
            Defaulted = [.. order.Where(property => property.Value.Default is not null)],
            AdditionalProperties = ParseAdditionalProperties(reader),
            Items = ParseItems(reader, role, type, declared),
            Required = reader.Strings("required"),
            ListType = ParseListType(reader, type),
            ListMapKeys = reader.Strings("x-kubernetes-list-map-keys"),
            AtomicMap = reader.OneOf("x-kubernetes-map-type", "granular", "atomic") == "atomic",
            Rules = ParseValueRules(reader),
            Junctions = ParseJunctions(reader, intOrString || role == Role.IntOrStringJunction, declared),
        };
        structure.CheckListMapKeys(reader, node);
        structure.CheckDefault(reader, node);
        return node;
    }

    private void CheckShape(SchemaReader reader, Role role, SchemaType type, bool intOrString, bool preserve)
    {
        foreach (var keyword in Unsupported.Where(reader.Has))
        {
            errors.Add(FieldError.Forbidden(reader.At(keyword), $"{keyword} is not supported"));
        }

        if (IsJunction(role))
        {
            foreach (var keyword in OnlyOutsideJunctions.Where(reader.Has))
            {
                if (role != Role.IntOrStringJunction || keyword != "type")
                {
                    errors.Add(FieldError.Forbidden(reader.At(keyword), "must be empty to be structural"));
                }
            }

            return;
        }

        if (role == Role.Root && type is not (SchemaType.Object or SchemaType.Any))
        {
            errors.Add(FieldError.Invalid(reader.At("type"), reader["type"], "must be object at the root"));
        }

        if (type == SchemaType.Any && !reader.Has("type") && (role == Role.Root || !(intOrString || preserve)))
        {
            var where = role switch
            {
                Role.Root => "at the root",
                Role.Item => "for specified array items",
                _ => "for specified object fields",
            };
            errors.Add(FieldError.Required(reader.At("type"), $"must not be empty {where}"));
        }

        if (intOrString && reader.Has("type"))
        {
            errors.Add(FieldError.Invalid(reader.At("type"), reader["type"], "must be empty if x-kubernetes-int-or-string is true"));
        }

        if (reader.Flag("x-kubernetes-embedded-resource"))
        {
            structure.CheckEmbedded(reader, type, preserve);
        }

        if (role == Role.Root && reader["properties"]?["metadata"] is JsonObject metadata)
        {
            structure.CheckMetadata(metadata, FieldPath.Key(reader.At("properties"), "metadata"));
        }
    }

    private (FrozenDictionary<string, SchemaNode> ByName, List<KeyValuePair<string, SchemaNode>> InOrder) ParseProperties(
        SchemaReader reader, Role role, Declared? declared)
    {
        var properties = new List<KeyValuePair<string, SchemaNode>>();
        foreach (var (name, schema) in reader.Object("properties"))
        {
            place.Add(name);
            var path = FieldPath.Key(reader.At("properties"), name);
            properties.Add(new(name, IsJunction(role)
                ? Parse(schema, path, Role.Junction, declared?.Property(name))
                : Parse(schema, path, Role.Field)));
            place.RemoveAt(place.Count - 1);
        }

        return (properties.ToFrozenDictionary(StringComparer.Ordinal), properties);
    }

    private SchemaNode? ParseAdditionalProperties(SchemaReader reader)
    {
        var schema = reader["additionalProperties"];
        if (schema is null)
        {
            return null;
        }

        var path = reader.At("additionalProperties");
        if (reader.Has("properties"))
        {
            errors.Add(FieldError.Forbidden(path, "additionalProperties and properties are mutual exclusive"));
        }

        if (schema.GetValueKind() == JsonValueKind.True)
        {
            return SchemaNode.Empty;
        }

        if (schema.GetValueKind() == JsonValueKind.False)
        {
            errors.Add(FieldError.Forbidden(path, "additionalProperties cannot be set to false"));
            return null;
        }

        place.Add(SchemaRule.Any);
        var node = Parse(schema, path, Role.Field);
        place.RemoveAt(place.Count - 1);
        return node;
    }

    private SchemaNode? ParseItems(SchemaReader reader, Role role, SchemaType type, Declared? declared)
    {
        var path = reader.At("items");
        var inJunction = IsJunction(role);
        switch (reader["items"])
        {
            case null:
                if (type == SchemaType.Array && !inJunction)
                {
                    errors.Add(FieldError.Required(path, "must be specified"));
                }

                return null;
            case JsonArray:
                errors.Add(FieldError.Forbidden(path, "items must be a schema object and not an array"));
                return null;
            case var items:
                place.Add(SchemaRule.Any);
                var node = inJunction ? Parse(items, path, Role.Junction, declared?.Items()) : Parse(items, path, Role.Item);
                place.RemoveAt(place.Count - 1);
                return node;
        }
    }

    private ListType ParseListType(SchemaReader reader, SchemaType type)
    {
        var text = reader.OneOf("x-kubernetes-list-type", "atomic", "set", "map");
        if (text is not null && type != SchemaType.Array)
        {
            errors.Add(FieldError.Invalid(reader.At("type"), reader["type"], "must be array if x-kubernetes-list-type is specified"));
        }

        return text switch
        {
            "set" => ListType.Set,
            "map" => ListType.Map,
            _ => ListType.Atomic,
        };
    }

    private ValueRules? ParseValueRules(SchemaReader reader)
    {
        var pattern = reader.Text("pattern");
        Regex? regex = null;
        if (pattern is not null && !Re2Pattern.TryCompile(pattern, out regex, out var error))
        {
            errors.Add(FieldError.Invalid(reader.At("pattern"), pattern, $"must be a valid regular expression, but isn't: {error}"));
        }

        var format = reader.Text("format");
        var rules = new ValueRules
        {
            Enum = reader.List("enum"),
            Minimum = reader.Number("minimum"),
            ExclusiveMinimum = reader.Flag("exclusiveMinimum"),
            Maximum = reader.Number("maximum"),
            ExclusiveMaximum = reader.Flag("exclusiveMaximum"),
            MultipleOf = reader.Number("multipleOf"),
            MinLength = reader.Count("minLength"),
            MaxLength = reader.Count("maxLength"),
            PatternText = pattern,
            Pattern = regex,
            CheckFormat = format is null ? null : StringFormats.Find(format),
            Format = format,
            MinItems = reader.Count("minItems"),
            MaxItems = reader.Count("maxItems"),
            UniqueItems = reader.Flag("uniqueItems"),
            MinProperties = reader.Count("minProperties"),
            MaxProperties = reader.Count("maxProperties"),
        };
        return rules == new ValueRules() ? null : rules;
    }

    private SchemaJunctions? ParseJunctions(SchemaReader reader, bool intOrString, Declared? declared)
    {
        var allOf = Alternatives(reader, "allOf", intOrString, declared);
        var anyOf = Alternatives(reader, "anyOf", intOrString, declared);
        var oneOf = Alternatives(reader, "oneOf", intOrString: false, declared);
        var not = reader["not"] is { } schema ? Parse(schema, reader.At("not"), Role.Junction, declared) : null;
        return allOf.Length + anyOf.Length + oneOf.Length == 0 && not is null ? null : new(allOf, anyOf, oneOf, not);
    }

    private SchemaNode[] Alternatives(SchemaReader reader, string keyword, bool intOrString, Declared? declared)
    {
        var list = reader.List(keyword) ?? [];

        // x-kubernetes-int-or-string may be spelled out: anyOf integer and string, alone or as the first of allOf.
        var role = intOrString ? Role.IntOrStringJunction : Role.Junction;
        return [.. list.Select((schema, i) => Parse(schema, reader.At(keyword).At(i), role, declared))];
    }

    // Only what is declared outside of junctions is kept by pruning, so a junction may not name more.
    private void CheckDeclared(SchemaReader reader, Role role, Declared? declared)
    {
        if (!IsJunction(role) || declared is null)
        {
            return;
        }

        foreach (var (name, _) in reader.Object("properties"))
        {
            if (declared.Property(name) is null)
            {
                errors.Add(FieldError.Required(
                    declared.PathOf(name), $"because it is defined in {FieldPath.Key(reader.At("properties"), name)}"));
            }
        }
    }

    private static bool IsJunction(Role role) => role is Role.Junction or Role.IntOrStringJunction;

    private void CollectRules(SchemaReader reader)
    {
        foreach (var rule in reader.List("x-kubernetes-validations") ?? [])
        {
            if (rule is not JsonObject source)
            {
                errors.Add(FieldError.Invalid(reader.At("x-kubernetes-validations"), rule, "must be an object with a rule"));
                continue;
            }

            var fields = new SchemaReader(source, reader.At("x-kubernetes-validations"), errors);
            if (fields.Text("rule") is not { Length: > 0 } expression)
            {
                errors.Add(FieldError.Required(fields.At("rule"), "rule is not specified"));
                continue;
            }

            foreach (var text in (ReadOnlySpan<string?>)[expression, fields.Text("messageExpression")])
            {
                if (text is { Length: > 0 } && CelEvaluator.ProblemOf(text) is { } problem)
                {
                    errors.Add(FieldError.Invalid(fields.At("rule"), text, $"compilation failed: {problem}"));
                }
            }

            rules.Add(new(
                [.. place], expression, fields.Text("message"), fields.Text("messageExpression"), fields.Text("reason"),
                fields.Text("fieldPath"), fields.Flag("optionalOldSelf")));
        }
    }

    /// <summary>The schema outside of all junctions that is about the same value as a junction.</summary>
    private sealed record Declared(JsonObject Source, FieldPath? Path)
    {
        public Declared? Property(string name) =>
            Below(Source["properties"]?[name], PathOf(name))
            ?? Below(Source["additionalProperties"], FieldPath.Field(Path, "additionalProperties"));

        public Declared? Items() => Below(Source["items"], FieldPath.Field(Path, "items"));

        public FieldPath PathOf(string name) => FieldPath.Key(FieldPath.Field(Path, "properties"), name);

        private static Declared? Below(JsonNode? schema, FieldPath path) => schema is JsonObject source ? new(source, path) : null;
    }
}
