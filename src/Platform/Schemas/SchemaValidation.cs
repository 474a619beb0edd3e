using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Flagstone.Platform.Schemas;

/// <summary>Validation in the API server's words (k8s.io/kube-openapi/pkg/validation). It allocates nothing while all is well.</summary>
internal static class SchemaValidation
{
    // Comparing each with each is cheaper than a set for lists as short as most are.
    private const int PairwiseLimit = 8;

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
                CheckScalar(scalar, node.Rules, ref walk);
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
            walk.Add(new(
                walk.Path(), FieldErrorType.TypeInvalid, $"{InBody(ref walk)} must be of type {wanted}: \"{found}\"", JsonValue.Create(found)));
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
                Invalid(JsonValue.Create(map.Count), $"should have at least {rules.MinProperties} properties", ref walk);
            }

            if (map.Count > rules.MaxProperties && walk.Fail())
            {
                Invalid(JsonValue.Create(map.Count), $"should have at most {rules.MaxProperties} properties", ref walk);
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
                Invalid(JsonValue.Create(list.Count), $"should have at least {rules.MinItems} items", ref walk);
            }

            if (list.Count > rules.MaxItems && walk.Fail())
            {
                walk.Add(new(walk.Path(), FieldErrorType.TooMany, $"must have at most {rules.MaxItems} items", JsonValue.Create(list.Count)));
            }

            if (rules.UniqueItems && FirstDuplicate(list, []) >= 0 && walk.Fail())
            {
                Invalid(list, "shouldn't contain duplicates", ref walk);
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
        var index = FirstDuplicate(list, node.ListMapKeys);
        if (index >= 0 && walk.Fail())
        {
            walk.Add(FieldError.Duplicate(FieldPath.Item(walk.Path(), index), ShownKey(list[index], node)));
        }
    }

    private static JsonNode? ShownKey(JsonNode? item, SchemaNode node) => node.ListType == ListType.Set
        ? item
        : new JsonObject(node.ListMapKeys.Select(key => KeyValuePair.Create(key, item?[key]?.DeepClone())));

    /// <summary>The index of the first item that equals an earlier one, by its keys where there are any; -1 when there is none.</summary>
    private static int FirstDuplicate(JsonArray list, string[] keys)
    {
        if (list.Count > PairwiseLimit)
        {
            var seen = new HashSet<string>(list.Count, StringComparer.Ordinal);
            for (var i = 0; i < list.Count; i++)
            {
                if (IsKeyed(list[i], keys) && !seen.Add(IdentityOf(list[i], keys)))
                {
                    return i;
                }
            }

            return -1;
        }

        for (var i = 1; i < list.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (IsKeyed(list[i], keys) && AreSame(list[i], list[j], keys))
                {
                    return i;
                }
            }
        }

        return -1;
    }

    private static bool IsKeyed(JsonNode? item, string[] keys) => keys.Length == 0 || item is JsonObject;

    private static string IdentityOf(JsonNode? item, string[] keys) =>
        keys.Length == 0 ? CanonicalJson.Of(item) : string.Join('\n', keys.Select(key => CanonicalJson.Of(item![key])));

    private static bool AreSame(JsonNode? a, JsonNode? b, string[] keys)
    {
        if (keys.Length == 0)
        {
            return JsonText.AreEqual(a, b);
        }

        foreach (var key in keys)
        {
            if (b is not JsonObject || !JsonText.AreEqual(a![key], b[key]))
            {
                return false;
            }
        }

        return true;
    }

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

    private static void CheckScalar(JsonValue value, ValueRules rules, ref SchemaWalk walk)
    {
        if (value.GetValueKind() == JsonValueKind.String)
        {
            if (rules.HasStringRules)
            {
                CheckString(value, rules, ref walk);
            }
        }
        else if (JsonNumber.TryRead(value, out var number))
        {
            CheckNumber(value, number, rules, ref walk);
        }
    }

    private static void CheckString(JsonValue value, ValueRules rules, ref SchemaWalk walk)
    {
        Span<char> buffer = stackalloc char[JsonText.BufferSize];
        var text = JsonText.Read(value, buffer);
        if (rules.MaxLength is { } max && text.Length > max && JsonText.RuneCount(text) > max && walk.Fail())
        {
            walk.Add(new(walk.Path(), FieldErrorType.TooLong, $"may not be more than {max} bytes", null));
        }

        if (rules.MinLength is { } min && JsonText.RuneCount(text) < min && walk.Fail())
        {
            Invalid(value, $"should be at least {min} chars long", ref walk);
        }

        if (rules.Pattern is { } pattern && !Matches(pattern, text) && walk.Fail())
        {
            Invalid(value, $"should match '{rules.PatternText}'", ref walk);
        }

        if (rules.CheckFormat is { } format && !format(text) && walk.Fail())
        {
            Invalid(value, $"must be of type {rules.Format}: {FieldError.Quote(text.ToString())}", ref walk);
        }
    }

    // A pattern that does not answer in time has not matched: validation fails closed.
    private static bool Matches(Regex pattern, ReadOnlySpan<char> text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static void CheckNumber(JsonValue value, JsonNumber number, ValueRules rules, ref SchemaWalk walk)
    {
        if (rules.Minimum is { } min && (number.CompareTo(min) < 0 || (rules.ExclusiveMinimum && number.CompareTo(min) == 0)) && walk.Fail())
        {
            Invalid(value, $"should be greater than {(rules.ExclusiveMinimum ? "" : "or equal to ")}{Show(min)}", ref walk);
        }

        if (rules.Maximum is { } max && (number.CompareTo(max) > 0 || (rules.ExclusiveMaximum && number.CompareTo(max) == 0)) && walk.Fail())
        {
            Invalid(value, $"should be less than {(rules.ExclusiveMaximum ? "" : "or equal to ")}{Show(max)}", ref walk);
        }

        if (rules.MultipleOf is { } factor && !number.IsMultipleOf(factor) && walk.Fail())
        {
            Invalid(value, $"should be a multiple of {Show(factor)}", ref walk);
        }

        var fits = rules.Format switch
        {
            "int32" => number.IsInt32,
            "int64" => number.IsInteger && (number.IsLong || number.Value is >= long.MinValue and < long.MaxValue),
            _ => true,
        };
        if (!fits && walk.Fail())
        {
            Invalid(value, $"must be of type {rules.Format}: \"{value.ToJsonString()}\"", ref walk);
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
    private static void VisitClosest(JsonNode? value, SchemaNode[] alternatives, ref SchemaWalk walk) =>
        Visit(value, alternatives.MinBy(node => Validate(value, node).Count)!, ref walk);

    private static void Composite(string rule, ref SchemaWalk walk) =>
        walk.Add(FieldError.Invalid(walk.Path(), "", $"\"{walk.Path()}\" {rule}"));

    private static void Invalid(JsonNode? value, string rule, ref SchemaWalk walk) =>
        walk.Add(FieldError.Invalid(walk.Path(), value, $"{InBody(ref walk)} {rule}"));

    private static string InBody(ref SchemaWalk walk) => walk.Path() is { } path ? $"{path} in body" : "in body";

    private static bool IsInteger(JsonNode? value) => JsonNumber.TryRead(value, out var number) && number.IsInteger;

    private static string Show(JsonNumber number) => number.IsLong
        ? number.Integer.ToString(CultureInfo.InvariantCulture)
        : number.Value.ToString("R", CultureInfo.InvariantCulture);

    private static string NameOf(SchemaType type) => type.ToString().ToLowerInvariant();

    private static string NameOf(JsonValueKind kind, JsonNode? value) => kind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => IsInteger(value) ? "integer" : "number",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
