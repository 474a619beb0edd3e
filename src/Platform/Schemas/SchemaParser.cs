using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
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

    private SchemaNode Parse(JsonNode? schema, FieldPath? path, Role role)
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
        var node = ParseNode(new(source, path, errors), role);
        depth--;
        return node;
    }

    private SchemaNode ParseNode(SchemaReader reader, Role role)
    {
        var intOrString = reader.Flag("x-kubernetes-int-or-string");
        var preserve = reader.Flag("x-kubernetes-preserve-unknown-fields");
        var type = reader.Type();
        CheckShape(reader, role, type, intOrString, preserve);
        CollectRules(reader);

        var (properties, order) = ParseProperties(reader, role);
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
            Items = ParseItems(reader, role, type),
            Required = reader.Strings("required"),
            ListType = ParseListType(reader, type),
            ListMapKeys = reader.Strings("x-kubernetes-list-map-keys"),
            AtomicMap = reader.OneOf("x-kubernetes-map-type", "granular", "atomic") == "atomic",
            Rules = ParseValueRules(reader),
            Junctions = ParseJunctions(reader, intOrString || role == Role.IntOrStringJunction),
        };
        CheckListMapKeys(reader, node);
        CheckDefault(reader, node);
        return node;
    }

    private void CheckShape(SchemaReader reader, Role role, SchemaType type, bool intOrString, bool preserve)
    {
        foreach (var keyword in Unsupported.Where(reader.Has))
        {
            errors.Add(FieldError.Forbidden(reader.At(keyword), $"{keyword} is not supported"));
        }

        if (role is Role.Junction or Role.IntOrStringJunction)
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
            CheckEmbedded(reader, type, preserve);
        }

        if (role == Role.Root && reader["properties"]?["metadata"] is JsonObject metadata)
        {
            CheckMetadata(metadata, FieldPath.Key(reader.At("properties"), "metadata"));
        }
    }

    private void CheckEmbedded(SchemaReader reader, SchemaType type, bool preserve)
    {
        if (type != SchemaType.Object)
        {
            errors.Add(FieldError.Invalid(reader.At("type"), reader["type"], "must be object if x-kubernetes-embedded-resource is true"));
        }

        if (!preserve && !reader.Has("properties"))
        {
            errors.Add(FieldError.Required(
                reader.At("properties"), "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"));
        }
    }

    private void CheckMetadata(JsonObject metadata, FieldPath path)
    {
        var fields = (metadata["properties"] as JsonObject)?.Select(field => field.Key) ?? [];
        var keywords = metadata.Select(keyword => keyword.Key).Except(["type", "description", "properties"]);
        if (keywords.Any() || fields.Except(["name", "generateName"]).Any())
        {
            errors.Add(FieldError.Forbidden(
                path, "must not specify anything other than name and generateName, but metadata is implicitly specified"));
        }
    }

    private (FrozenDictionary<string, SchemaNode> ByName, List<KeyValuePair<string, SchemaNode>> InOrder) ParseProperties(
        SchemaReader reader, Role role)
    {
        var properties = new List<KeyValuePair<string, SchemaNode>>();
        foreach (var (name, schema) in reader.Object("properties"))
        {
            place.Add(name);
            var child = role is Role.Junction or Role.IntOrStringJunction ? Role.Junction : Role.Field;
            properties.Add(new(name, Parse(schema, FieldPath.Key(reader.At("properties"), name), child)));
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

    private SchemaNode? ParseItems(SchemaReader reader, Role role, SchemaType type)
    {
        var path = reader.At("items");
        var inJunction = role is Role.Junction or Role.IntOrStringJunction;
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
                var node = Parse(items, path, inJunction ? Role.Junction : Role.Item);
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

    private void CheckListMapKeys(SchemaReader reader, SchemaNode node)
    {
        var path = reader.At("x-kubernetes-list-map-keys");
        if (node.ListType != ListType.Map)
        {
            if (node.ListMapKeys.Length > 0)
            {
                errors.Add(FieldError.Forbidden(path, "must be unset if x-kubernetes-list-type is not map"));
            }

            return;
        }

        if (node.ListMapKeys.Length == 0)
        {
            errors.Add(FieldError.Required(path, "must not be empty if x-kubernetes-list-type is map"));
        }

        var items = node.Items ?? SchemaNode.Empty;
        if (node.Items is not null && items.Type != SchemaType.Object)
        {
            errors.Add(FieldError.Invalid(reader.At("items").Child("type"), null, "must be object if parent array's x-kubernetes-list-type is map"));
            return;
        }

        for (var i = 0; i < node.ListMapKeys.Length; i++)
        {
            var key = node.ListMapKeys[i];
            if (!items.Properties.TryGetValue(key, out var property))
            {
                errors.Add(FieldError.Invalid(path.At(i), key, "must be a property of items"));
            }
            else if (property.Default is null && !items.Required.Contains(key))
            {
                errors.Add(FieldError.Required(
                    FieldPath.Key(reader.At("items").Child("properties"), key).Child("default"),
                    "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
            }
        }
    }

    private void CheckDefault(SchemaReader reader, SchemaNode node)
    {
        if (node.Default is null)
        {
            return;
        }

        var path = reader.At("default");
        var unknown = SchemaPruning.Prune(node.Default.DeepClone(), node, isRoot: false);
        errors.AddRange(unknown.Select(field => FieldError.Invalid(path, node.Default, $"must not have the unknown field \"{field}\"")));
        var defaulted = node.Default.DeepClone();
        SchemaDefaulting.Apply(defaulted, node);
        errors.AddRange(SchemaValidation.Validate(defaulted, node).Select(error => error with { Path = path }));
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

    private SchemaJunctions? ParseJunctions(SchemaReader reader, bool intOrString)
    {
        var allOf = Alternatives(reader, "allOf", intOrString);
        var anyOf = Alternatives(reader, "anyOf", intOrString);
        var oneOf = Alternatives(reader, "oneOf", intOrString: false);
        var not = reader["not"] is { } schema ? Parse(schema, reader.At("not"), Role.Junction) : null;
        if (not is not null)
        {
            CheckDeclared(reader, reader["not"], reader.At("not"));
        }

        return allOf.Length + anyOf.Length + oneOf.Length == 0 && not is null ? null : new(allOf, anyOf, oneOf, not);
    }

    private SchemaNode[] Alternatives(SchemaReader reader, string keyword, bool intOrString)
    {
        var list = reader.List(keyword) ?? [];
        var nodes = new SchemaNode[list.Length];
        for (var i = 0; i < list.Length; i++)
        {
            // x-kubernetes-int-or-string may be spelled out: anyOf integer and string, alone or as the first of allOf.
            var role = intOrString ? Role.IntOrStringJunction : Role.Junction;
            var path = reader.At(keyword).At(i);
            nodes[i] = Parse(list[i], path, role);
            CheckDeclared(reader, list[i], path);
        }

        return nodes;
    }

    // Only what is declared outside of junctions is kept by pruning, so a junction may not name more.
    private void CheckDeclared(SchemaReader reader, JsonNode? junction, FieldPath path)
    {
        if (reader.Has("additionalProperties") || junction?["properties"] is not JsonObject named)
        {
            return;
        }

        var declared = reader["properties"] as JsonObject;
        foreach (var (name, _) in named)
        {
            if (declared?.ContainsKey(name) != true)
            {
                errors.Add(FieldError.Required(
                    FieldPath.Key(reader.At("properties"), name), $"because it is defined in {FieldPath.Key(path.Child("properties"), name)}"));
            }
        }
    }

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

            rules.Add(new(
                [.. place], expression, fields.Text("message"), fields.Text("messageExpression"), fields.Text("reason"),
                fields.Text("fieldPath"), fields.Flag("optionalOldSelf")));
        }
    }
}
