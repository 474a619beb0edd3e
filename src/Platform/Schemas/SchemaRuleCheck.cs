using System.Text.Json.Nodes;
using Flagstone.Platform.Expressions;

namespace Flagstone.Platform.Schemas;

/// <summary>
/// Runs the CEL rules of a schema (<c>x-kubernetes-validations</c>) on a resource. As on an API server a rule over <c>oldSelf</c> runs on changes alone, and
/// what did not change is not judged again. What cannot be evaluated is refused. Pure.
/// </summary>
internal static class SchemaRuleCheck
{
    /// <param name="before">The resource as it was, or null when it is made.</param>
    public static IEnumerable<FieldError> Check(IReadOnlyList<SchemaRule> rules, SchemaNode root, JsonNode next, JsonNode? before) =>
        rules.SelectMany(rule => Places(rule.Place, 0, new Place(root, null, next, before)).Select(place => Judge(rule, place))).OfType<FieldError>();

    private static FieldError? Judge(SchemaRule rule, Place place)
    {
        var isTransition = Mentions(rule.Rule, "oldSelf");
        if (place.Next is null || (isTransition && place.Before is null) || (place.Before is not null && JsonNode.DeepEquals(place.Next, place.Before)))
        {
            return null;
        }

        var variables = new Dictionary<string, object?>(StringComparer.Ordinal) { ["self"] = CelValues.Of(place.Next, place.Node) };
        if (isTransition || Mentions(rule.MessageExpression ?? "", "oldSelf"))
        {
            variables["oldSelf"] = CelValues.Of(place.Before, place.Node);
        }

        var (value, problem) = CelEvaluator.Evaluate(rule.Rule, variables);
        if (value is true)
        {
            return null;
        }

        return Error(rule, place, value is false ? Message(rule, variables)
            : $"the rule \"{rule.Rule}\" cannot be evaluated: {problem ?? "it gives no boolean"}");
    }

    private static string Message(SchemaRule rule, Dictionary<string, object?> variables) =>
        rule.MessageExpression is { Length: > 0 } expression && CelEvaluator.Evaluate(expression, variables).Value is string { Length: > 0 } made ? made
        : rule.Message is { Length: > 0 } message ? message
        : $"failed rule: {rule.Rule}";

    private static FieldError Error(SchemaRule rule, Place place, string message)
    {
        var path = (rule.FieldPath ?? "").Split(['.', '[', ']', '\''], StringSplitOptions.RemoveEmptyEntries).Aggregate(place.Path, FieldPath.Field);
        return rule.Reason switch
        {
            "FieldValueForbidden" => FieldError.Forbidden(path, message),
            "FieldValueRequired" => FieldError.Required(path, message),
            "FieldValueDuplicate" => new FieldError(path, FieldErrorType.Duplicate, message, TypeOf(place.Node)),
            _ => FieldError.Invalid(path, TypeOf(place.Node), message),
        };
    }

    /// <summary>The API server shows the type of the value, which may be large or secret.</summary>
    private static JsonValue TypeOf(SchemaNode node) => JsonValue.Create(node.Type == SchemaType.Any ? "object" : node.Type.ToString().ToLowerInvariant());

    private static bool Mentions(string expression, string word)
    {
        for (var at = expression.IndexOf(word, StringComparison.Ordinal); at >= 0; at = expression.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            var end = at + word.Length;
            if ((at == 0 || !(IsOfName(expression[at - 1]) || expression[at - 1] == '.')) && (end == expression.Length || !IsOfName(expression[end])))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>Each value that a rule is about, with what it was.</summary>
    private static IEnumerable<Place> Places(IReadOnlyList<string> names, int depth, Place at)
    {
        if (depth == names.Count)
        {
            return [at];
        }

        return (names[depth], at.Next) switch
        {
            (SchemaRule.Any, JsonArray list) => list.SelectMany((item, i) => Places(
                names, depth + 1, new Place(at.Node.Items ?? SchemaNode.Empty, FieldPath.Item(at.Path, i), item, Same(item, at.Before as JsonArray, at.Node)))),
            (SchemaRule.Any, JsonObject map) => map.Where(m => !at.Node.Properties.ContainsKey(m.Key)).SelectMany(m => Places(
                names, depth + 1, new Place(at.Node.AdditionalProperties ?? SchemaNode.Empty, FieldPath.Key(at.Path, m.Key), m.Value, (at.Before as JsonObject)?[m.Key]))),
            (var name, JsonObject map) => Places(
                names, depth + 1, new Place(at.Node.Child(name) ?? SchemaNode.Empty, FieldPath.Field(at.Path, name), map[name], (at.Before as JsonObject)?[name])),
            _ => [],
        };
    }

    /// <summary>The item of the same keys before; only of a keyed list it can be told.</summary>
    private static JsonNode? Same(JsonNode? item, JsonArray? before, SchemaNode list) => list.ListType != ListType.Map || item is not JsonObject ? null
        : before?.FirstOrDefault(b => b is JsonObject && list.ListMapKeys.All(key => JsonNode.DeepEquals(b[key], item[key])));

    private sealed record Place(SchemaNode Node, FieldPath? Path, JsonNode? Next, JsonNode? Before);
}
