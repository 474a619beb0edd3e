using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cel;

namespace Flagstone.Provisioning.Compositions.Expressions;

/// <summary>Evaluates the CEL expressions that functions take, over JSON. Numbers are doubles, as they are in a protobuf Struct.</summary>
internal static class CelExpressions
{
    /// <summary>Kubernetes bounds its rules the same way: a longer expression is a mistake.</summary>
    private const int MaxLength = 16 * 1024;

    /// <summary>The library recurses for each level: the longest expression, all brackets, takes 64 MB at most. Untouched pages cost nothing.</summary>
    private const int StackSize = 128 * 1024 * 1024;

    /// <summary>True or false.</summary>
    /// <exception cref="FatalResultException">The expression cannot be read or evaluated, or gives something else.</exception>
    public static bool IsTrue(string expression, IReadOnlyDictionary<string, JsonNode?> variables)
    {
        if (expression.Length > MaxLength)
        {
            throw new FatalResultException($"the CEL expression is longer than {MaxLength} characters");
        }

        var (result, problem) = OnOwnStack(expression, variables.ToDictionary(v => v.Key, v => Plain(v.Value)));
        if (problem is not null)
        {
            throw new FatalResultException($"cannot evaluate CEL expression \"{expression}\": {problem.Message}");
        }

        return result is bool truth ? truth
            : throw new FatalResultException($"CEL expression \"{expression}\" must give a boolean, and gave {result?.GetType().Name ?? "null"}");
    }

    /// <summary>On a usual stack, brackets in brackets end the process, and no catch helps.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Of what people write the library throws more than its own exceptions; each is the expression's fault.")]
    private static (object? Result, Exception? Problem) OnOwnStack(string expression, Dictionary<string, object?> variables)
    {
        (object? Result, Exception? Problem) outcome = default;
        var thread = new Thread(() =>
        {
            try
            {
                outcome = (new CelEnvironment([], "").Program(expression, variables), null);
            }
            catch (Exception e)
            {
                outcome = (null, e);
            }
        }, StackSize);
        thread.Start();
        thread.Join();
        return outcome;
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
