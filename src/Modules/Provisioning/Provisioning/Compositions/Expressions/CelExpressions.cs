using System.Text.Json;
using System.Text.Json.Nodes;
using Cel;

namespace Flagstone.Provisioning.Compositions.Expressions;

/// <summary>Evaluates the CEL expressions that functions take, over JSON. Numbers are doubles, as they are in a protobuf Struct.</summary>
internal static class CelExpressions
{
    /// <summary>Kubernetes bounds its rules the same way: a longer expression is a mistake.</summary>
    private const int MaxLength = 16 * 1024;

    /// <summary>True or false.</summary>
    /// <exception cref="FatalResultException">The expression cannot be read or evaluated, or gives something else.</exception>
    public static bool IsTrue(string expression, IReadOnlyDictionary<string, JsonNode?> variables)
    {
        if (expression.Length > MaxLength)
        {
            throw new FatalResultException($"the CEL expression is longer than {MaxLength} characters");
        }

        object? result;
        try
        {
            result = new CelEnvironment([], "").Program(expression, variables.ToDictionary(v => v.Key, v => Plain(v.Value)));
        }
        catch (CelException e)
        {
            throw new FatalResultException($"cannot evaluate CEL expression \"{expression}\": {e.Message}");
        }

        return result is bool truth ? truth
            : throw new FatalResultException($"CEL expression \"{expression}\" must give a boolean, and gave {result?.GetType().Name ?? "null"}");
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
            _ => double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture),
        },
        _ => null,
    };
}
