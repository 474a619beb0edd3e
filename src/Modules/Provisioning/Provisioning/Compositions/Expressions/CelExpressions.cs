using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Expressions;

namespace Flagstone.Provisioning.Compositions.Expressions;

/// <summary>Evaluates the CEL expressions that functions take, over JSON. Numbers are doubles, as they are in a protobuf Struct.</summary>
internal static class CelExpressions
{
    /// <summary>True or false.</summary>
    /// <exception cref="FatalResultException">The expression cannot be read or evaluated, or gives something else.</exception>
    public static bool IsTrue(string expression, IReadOnlyDictionary<string, JsonNode?> variables)
    {
        var (value, problem) = CelEvaluator.Evaluate(expression, variables.ToDictionary(v => v.Key, v => Plain(v.Value), StringComparer.Ordinal));
        if (problem is not null)
        {
            throw new FatalResultException($"cannot evaluate CEL expression \"{Shown(expression)}\": {problem}");
        }

        return value is bool truth ? truth
            : throw new FatalResultException($"CEL expression \"{Shown(expression)}\" must give a boolean, and gave {value?.GetType().Name ?? "null"}");
    }

    private static string Shown(string expression)
    {
        const int Enough = 200;
        return expression.Length <= Enough ? expression : $"{expression[..Enough]}...";
    }

    private static object? Plain(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(m => m.Key, m => Plain(m.Value)),
        JsonArray list => list.Select(Plain).ToArray(),
        JsonValue value => value.GetValueKind() switch
        {
            JsonValueKind.String => value.GetValue<string>(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture),
        },
        _ => null,
    };
}
