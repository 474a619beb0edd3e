using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>The transforms of a patch, one after the other.</summary>
internal static class Transforms
{
    private static readonly TimeSpan RegexLimit = TimeSpan.FromSeconds(1);

    public static JsonNode? Apply(JsonNode? transforms, JsonNode? value)
    {
        var index = 0;
        foreach (var transform in (transforms as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            try
            {
                value = One(transform, value);
            }
            catch (PatchFailure failure)
            {
                throw new PatchFailure($"transform at index {index} returned error: {transform.Text("type")} transform could not resolve: {failure.Message}");
            }

            index++;
        }

        return value;
    }

    public static bool Matches(string pattern, string text)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, RegexLimit);
        }
        catch (ArgumentException e)
        {
            throw new PatchFailure($"cannot compile regexp: {e.Message}");
        }
    }

    private static JsonNode? One(JsonObject transform, JsonNode? value) => transform.Text("type") switch
    {
        "map" => Map(transform["map"] as JsonObject ?? [], value),
        "match" => Match(transform["match"] as JsonObject ?? [], value),
        "math" => Calculate(transform["math"] as JsonObject ?? [], value),
        "string" => TextTransforms.Apply(transform["string"] as JsonObject ?? [], value),
        "convert" => Conversions.Apply(transform["convert"] as JsonObject ?? [], value),
        var type => throw new PatchFailure($"transform type {type} is not supported"),
    };

    private static JsonNode? Map(JsonObject pairs, JsonNode? value)
    {
        if (value is not JsonValue v || v.GetValueKind() != JsonValueKind.String)
        {
            throw new PatchFailure($"type {GoText.TypeOf(value)} is not supported for map transform");
        }

        return pairs.TryGetPropertyValue(v.GetValue<string>(), out var mapped)
            ? mapped?.DeepClone()
            : throw new PatchFailure($"key {v.GetValue<string>()} is not found in map");
    }

    private static JsonNode? Match(JsonObject match, JsonNode? value)
    {
        foreach (var pattern in (match["patterns"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            if (value is not JsonValue v || v.GetValueKind() != JsonValueKind.String)
            {
                throw new PatchFailure($"unsupported input type '{GoText.TypeOf(value)}'");
            }

            var text = v.GetValue<string>();
            var matches = pattern.Text("type") switch
            {
                "literal" => pattern.Text("literal") == text,
                "regexp" => Matches(pattern.Text("regexp"), text),
                var type => throw new PatchFailure($"unsupported pattern type '{type}'"),
            };
            if (matches)
            {
                return pattern["result"]?.DeepClone();
            }
        }

        return match.Text("fallbackTo") switch
        {
            "Input" when match["fallbackValue"] is not null => throw new PatchFailure("cannot set both a fallback value and the fallback to input flag"),
            "Input" => value,
            _ => match["fallbackValue"]?.DeepClone(),
        };
    }

    private static JsonNode Calculate(JsonObject math, JsonNode? value)
    {
        if (!Numbers.IsNumber(value))
        {
            throw new PatchFailure($"input is required to be a number, got {GoText.TypeOf(value)}");
        }

        var type = math.Text("type") is { Length: > 0 } given ? given : "Multiply";
        var member = char.ToLowerInvariant(type[0]) + type[1..];
        if (!Numbers.IsNumber(math[member]))
        {
            throw new PatchFailure($"the math transform {type} needs a number under {member}");
        }

        var operand = (long)Numbers.Float(math[member]!);
        var whole = Numbers.TryInteger(value, out var integer);
        var truncated = whole ? integer : (long)Numbers.Float(value!);
        return type switch
        {
            "Multiply" => whole ? unchecked(integer * operand) : Numbers.Float(value!) * operand,
            "ClampMin" => truncated < operand ? operand : value!,
            "ClampMax" => truncated > operand ? operand : value!,
            _ => throw new PatchFailure($"the math transform type {type} is not supported"),
        };
    }
}
