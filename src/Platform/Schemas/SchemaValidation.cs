using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Flagstone.Platform.Schemas;

/// <summary>Validation in the API server's words (k8s.io/kube-openapi/pkg/validation). It allocates nothing while all is well.</summary>
internal static class SchemaValidation
{
    public static IReadOnlyList<FieldError> Validate(JsonNode? value, SchemaNode node)
    {
        var walk = default(SchemaWalk);
        Visit(value, node, ref walk);
        return walk.Errors;
    }

    private static void Visit(JsonNode? value, SchemaNode node, ref SchemaWalk walk)
    {
        if (walk is { IsQuick: true, Failed: true } || !CheckType(value, node, ref walk))
        {
            return;
        }

        if (node.Junctions is { } junctions)
        {
            CheckJunctions(value, junctions, ref walk);
        }

        if (node.Rules is { Enum: not null } rules)
        {
            CheckEnum(value, rules.Enum, ref walk);
        }

        switch (value)
        {
            case JsonObject map:
                VisitMap(map, node, ref walk);
                return;
            case JsonArray list:
                VisitList(list, node, ref walk);
                return;
            case JsonValue scalar when node.Rules is not null:
                ValueValidation.Check(scalar, node.Rules, ref walk);
                return;
            default:
                return;
        }
    }

    private static bool CheckType(JsonNode? value, SchemaNode node, ref SchemaWalk walk)
    {
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        var matches = kind switch
        {
            JsonValueKind.Null => node.Nullable || (node.Type == SchemaType.Any && !node.IntOrString),
            _ when node.IntOrString => kind == JsonValueKind.String || IsInteger(value),
            _ => node.Type switch
            {
                SchemaType.Any => true,
                SchemaType.Object => kind == JsonValueKind.Object,
                SchemaType.Array => kind == JsonValueKind.Array,
                SchemaType.String => kind == JsonValueKind.String,
                SchemaType.Boolean => kind is JsonValueKind.True or JsonValueKind.False,
                SchemaType.Number => kind == JsonValueKind.Number,
                _ => IsInteger(value),
            },
        };
        if (matches)
        {
            return true;
        }

        if (walk.Fail())
        {
            var wanted = node.IntOrString ? "integer,string" : NameOf(node.Type);
            var found = NameOf(kind, value);
            var detail = $"{ValueValidation.InBody(ref walk)} must be of type {wanted}: \"{found}\"";
            walk.Add(new(walk.Path(), FieldErrorType.TypeInvalid, detail, JsonValue.Create(found)));
        }

        return false;
    }

    private static void VisitMap(JsonObject map, SchemaNode node, ref SchemaWalk walk)
    {
        foreach (var name in node.Required)
        {
            if (!map.ContainsKey(name) && walk.Fail())
            {
                walk.Add(FieldError.Required(FieldPath.Field(walk.Path(), name)));
            }
        }

        if (node.EmbeddedResource)
        {
            CheckNotEmpty(map, "apiVersion", ref walk);
            CheckNotEmpty(map, "kind", ref walk);
        }

        if (node.Rules is { } rules)
        {
            if (map.Count < rules.MinProperties && walk.Fail())
            {
                ValueValidation.Invalid(JsonValue.Create(map.Count), $"should have at least {rules.MinProperties} properties", ref walk);
            }

            if (map.Count > rules.MaxProperties && walk.Fail())
            {
                ValueValidation.Invalid(JsonValue.Create(map.Count), $"should have at most {rules.MaxProperties} properties", ref walk);
            }
        }

        if (node.Properties.Count == 0 && node.AdditionalProperties is null)
        {
            return;
        }

        for (var i = 0; i < map.Count; i++)
        {
            var (name, value) = map.GetAt(i);
            if (node.Child(name) is { } child)
            {
                walk.Enter(name);
                Visit(value, child, ref walk);
                walk.Leave();
            }
        }
    }

    private static void VisitList(JsonArray list, SchemaNode node, ref SchemaWalk walk)
    {
        if (node.Rules is { } rules)
        {
            if (list.Count < rules.MinItems && walk.Fail())
            {
                ValueValidation.Invalid(JsonValue.Create(list.Count), $"should have at least {rules.MinItems} items", ref walk);
            }

            if (list.Count > rules.MaxItems && walk.Fail())
            {
                var detail = $"must have at most {rules.MaxItems} items";
                walk.Add(new(walk.Path(), FieldErrorType.TooMany, detail, JsonValue.Create(list.Count)));
            }

            if (rules.UniqueItems && ListIdentity.FirstDuplicate(list, []) >= 0 && walk.Fail())
            {
                ValueValidation.Invalid(list, "shouldn't contain duplicates", ref walk);
            }
        }

        if (node.ListType != ListType.Atomic)
        {
            CheckDuplicates(list, node, ref walk);
        }

        if (node.Items is not { } items)
        {
            return;
        }

        for (var i = 0; i < list.Count; i++)
        {
            walk.Enter(i);
            Visit(list[i], items, ref walk);
            walk.Leave();
        }
    }

    private static void CheckDuplicates(JsonArray list, SchemaNode node, ref SchemaWalk walk)
    {
        var index = ListIdentity.FirstDuplicate(list, node.ListMapKeys);
        if (index >= 0 && walk.Fail())
        {
            walk.Add(FieldError.Duplicate(FieldPath.Item(walk.Path(), index), ShownKey(list[index], node)));
        }
    }

    private static JsonNode? ShownKey(JsonNode? item, SchemaNode node) => node.ListType == ListType.Set
        ? item
        : new JsonObject(node.ListMapKeys.Select(key => KeyValuePair.Create(key, item?[key]?.DeepClone())));

    private static void CheckNotEmpty(JsonObject map, string name, ref SchemaWalk walk)
    {
        Span<char> buffer = stackalloc char[JsonText.BufferSize];
        if (map[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String && JsonText.Read(value, buffer).Length > 0)
        {
            return;
        }

        if (walk.Fail())
        {
            walk.Add(FieldError.Required(FieldPath.Field(walk.Path(), name), "must not be empty"));
        }
    }

    private static void CheckEnum(JsonNode? value, JsonNode?[] allowed, ref SchemaWalk walk)
    {
        foreach (var candidate in allowed)
        {
            if (JsonText.AreEqual(candidate, value))
            {
                return;
            }
        }

        if (walk.Fail())
        {
            var supported = allowed.Select(node =>
                node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : node?.ToJsonString() ?? "null");
            walk.Add(FieldError.NotSupported(walk.Path(), value, supported));
        }
    }

    private static void CheckJunctions(JsonNode? value, SchemaJunctions junctions, ref SchemaWalk walk)
    {
        foreach (var node in junctions.AllOf)
        {
            Visit(value, node, ref walk);
        }

        if (junctions.AnyOf.Length > 0 && CountValid(value, junctions.AnyOf, ref walk, enough: 1) == 0 && walk.Fail())
        {
            Composite("must validate at least one schema (anyOf)", ref walk);
            VisitClosest(value, junctions.AnyOf, ref walk);
        }

        if (junctions.OneOf.Length > 0)
        {
            var valid = CountValid(value, junctions.OneOf, ref walk, enough: int.MaxValue);
            if (valid != 1 && walk.Fail())
            {
                var found = valid == 0 ? "Found none valid" : $"Found {valid} valid alternatives";
                Composite($"must validate one and only one schema (oneOf). {found}", ref walk);
                if (valid == 0)
                {
                    VisitClosest(value, junctions.OneOf, ref walk);
                }
            }
        }

        if (junctions.Not is { } not && IsValid(value, not, ref walk) && walk.Fail())
        {
            Composite("must not validate the schema (not)", ref walk);
        }
    }

    private static int CountValid(JsonNode? value, SchemaNode[] alternatives, ref SchemaWalk walk, int enough)
    {
        var valid = 0;
        foreach (var node in alternatives)
        {
            valid += IsValid(value, node, ref walk) ? 1 : 0;
            if (valid >= enough)
            {
                break;
            }
        }

        return valid;
    }

    private static bool IsValid(JsonNode? value, SchemaNode node, ref SchemaWalk walk)
    {
        var state = walk.BeginQuick();
        Visit(value, node, ref walk);
        return walk.EndQuick(state);
    }

    // The alternative with the fewest errors is most likely the one that was meant.
    // Junctions inside it are not explained in turn: the work would double with each level.
    private static void VisitClosest(JsonNode? value, SchemaNode[] alternatives, ref SchemaWalk walk)
    {
        if (walk.IsExplaining)
        {
            return;
        }

        walk.IsExplaining = true;
        Visit(value, alternatives.MinBy(node => CountErrors(value, node))!, ref walk);
        walk.IsExplaining = false;
    }

    private static int CountErrors(JsonNode? value, SchemaNode node)
    {
        var walk = new SchemaWalk { IsExplaining = true };
        Visit(value, node, ref walk);
        return walk.Errors.Count;
    }

    private static void Composite(string rule, ref SchemaWalk walk) =>
        walk.Add(FieldError.Invalid(walk.Path(), "", $"\"{walk.Path()}\" {rule}"));

    private static bool IsInteger(JsonNode? value) => JsonNumber.TryRead(value, out var number) && number.IsInteger;

    private static string NameOf(SchemaType type) => type.ToString().ToLowerInvariant();

    private static string NameOf(JsonValueKind kind, JsonNode? value) => kind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => IsInteger(value) ? "integer" : "number",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
