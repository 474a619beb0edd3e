using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>Whether a composed resource is ready: by its checks, else by its condition Ready.</summary>
internal static class Readiness
{
    public static bool Evaluate(JsonArray? checks, JsonObject observed, string resource, Rendering rendering)
    {
        if (checks is null or { Count: 0 })
        {
            return HasCondition(observed, "Ready", "True");
        }

        var index = 0;
        foreach (var check in checks.OfType<JsonObject>())
        {
            try
            {
                if (!Passes(check, observed))
                {
                    return false;
                }
            }
            catch (PatchFailure failure)
            {
                rendering.Warn($"cannot run readiness check at index {index} of composed resource \"{resource}\": {failure.Message}");
                return false;
            }

            index++;
        }

        return true;
    }

    public static bool HasCondition(JsonObject document, string type, string status) =>
        (document["status"].At("conditions") as JsonArray)?.Any(c => c.Text("type") == type && c.Text("status") == status) == true;

    private static bool Passes(JsonObject check, JsonObject observed)
    {
        var type = check.Text("type");
        if (type == "None")
        {
            return true;
        }

        if (type == "MatchCondition")
        {
            var wanted = check["matchCondition"];
            return HasCondition(
                observed, wanted.Text("type") is { Length: > 0 } t ? t : "Ready", wanted.Text("status") is { Length: > 0 } s ? s : "True");
        }

        JsonNode? value;
        try
        {
            value = Paved.Get(observed, check.Text("fieldPath"));
        }
        catch (PatchFailure failure) when (failure.NotFound)
        {
            return false;
        }

        return type switch
        {
            "NonEmpty" => true,
            "MatchString" => value is JsonValue v && v.GetValueKind() == JsonValueKind.String
                ? v.GetValue<string>() == check.Text("matchString") : throw Not("a string"),
            "MatchInteger" => Numbers.TryInteger(value, out var whole)
                ? Numbers.IsNumber(check["matchInteger"]) && whole == (long)Numbers.Float(check["matchInteger"]!) : throw Not("a (int64) number"),
            "MatchTrue" or "MatchFalse" => value is JsonValue b && b.GetValueKind() is JsonValueKind.True or JsonValueKind.False
                ? b.GetValue<bool>() == (type == "MatchTrue") : throw Not("a bool"),
            _ => throw new PatchFailure($"readiness check type {type} is not known"),
        };

        PatchFailure Not(string what) => new($"{check.Text("fieldPath")}: not {what}");
    }
}
