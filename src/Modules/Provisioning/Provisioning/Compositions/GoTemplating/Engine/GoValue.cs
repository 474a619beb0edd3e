using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>
/// Values of templates: null, <see cref="bool"/>, <see cref="string"/>, <see cref="long"/> for int, <see cref="double"/> for float64,
/// <see cref="GoMap"/>, <c>List</c> for slices, <c>byte[]</c>, <see cref="DateTimeOffset"/> and <see cref="TimeSpan"/> for time and duration.
/// </summary>
internal static class GoValue
{
    /// <param name="allFloat">True for what Go decodes from JSON, where every number is a float64.</param>
    public static object? From(JsonNode? node, bool allFloat) => node switch
    {
        null => null,
        JsonObject map => Map(map, allFloat),
        JsonArray list => list.Select(item => From(item, allFloat)).ToList(),
        JsonValue v => v.GetValueKind() switch
        {
            JsonValueKind.String => v.GetValue<string>(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => Number(v, allFloat),
            _ => null,
        },
        _ => null,
    };

    public static JsonNode? ToJson(object? value, Budget budget, int depth = 0)
    {
        budget.Spend();
        CheckDepth(depth);
        switch (value)
        {
            case GoMap map:
                var members = new JsonObject();
                foreach (var (key, member) in map.Sorted())
                {
                    members[key] = ToJson(member, budget, depth + 1);
                }

                return members;
            case List<object?> list:
                return new JsonArray([.. list.Select(item => ToJson(item, budget, depth + 1))]);
            case double number:
                return double.IsFinite(number) ? JsonValue.Create(number) : throw new CallFailure($"json: unsupported value: {GoFormat.Of(number)}");
            case byte[] bytes:
                return Convert.ToBase64String(bytes);
            case string text:
                budget.Text(text.Length);
                return text;
            case bool truth:
                return truth;
            case long whole:
                return whole;
            case DateTimeOffset time:
                return time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture);
            case TimeSpan duration:
                return duration.Ticks * TimeSpan.NanosecondsPerTick;
            default:
                return null;
        }
    }

    public static bool Truth(object? value) => value switch
    {
        null or Missing => false,
        bool b => b,
        string s => s.Length > 0,
        long n => n != 0,
        double d => d != 0,
        GoMap map => map.Count > 0,
        List<object?> list => list.Count > 0,
        byte[] bytes => bytes.Length > 0,
        TimeSpan duration => duration != TimeSpan.Zero,
        _ => true,
    };

    public static string TypeOf(object? value, string integer = "int") => value switch
    {
        null or Missing => "<nil>",
        bool => "bool",
        string => "string",
        long => integer,
        double => "float64",
        GoMap => "map[string]interface {}",
        List<object?> => "[]interface {}",
        byte[] => "[]uint8",
        DateTimeOffset => "time.Time",
        TimeSpan => "time.Duration",
        _ => value.GetType().Name,
    };

    public static string KindOf(object? value) => value switch
    {
        null or Missing => "invalid",
        GoMap => "map",
        List<object?> or byte[] => "slice",
        DateTimeOffset => "struct",
        TimeSpan => "int64",
        _ => TypeOf(value),
    };

    /// <summary><c>reflect.DeepEqual</c>: an int is never equal to a float64.</summary>
    public static bool DeepEquals(object? a, object? b, Budget budget, int depth = 0)
    {
        budget.Spend();
        budget.Look(a);
        CheckDepth(depth);
        return (a, b) switch
        {
            (GoMap x, GoMap y) => x.Count == y.Count && x.All(m => y.TryGetValue(m.Key, out var other) && DeepEquals(m.Value, other, budget, depth + 1)),
            (List<object?> x, List<object?> y) => x.Count == y.Count && x.Zip(y).All(p => DeepEquals(p.First, p.Second, budget, depth + 1)),
            (byte[] x, byte[] y) => x.AsSpan().SequenceEqual(y),
            (null or Missing, null or Missing) => true,
            _ => Equals(a, b),
        };
    }

    /// <summary>A copy with maps and lists of its own.</summary>
    public static object? Copy(object? value, Budget budget, int depth = 0)
    {
        budget.Spend();
        CheckDepth(depth);
        switch (value)
        {
            case GoMap map:
                var copy = new GoMap();
                foreach (var (key, member) in map)
                {
                    copy[key] = Copy(member, budget, depth + 1);
                }

                return copy;
            case List<object?> list:
                return list.Select(item => Copy(item, budget, depth + 1)).ToList();
            default:
                return value;
        }
    }

    /// <summary>A template can put a map into itself; Go overflows its stack then.</summary>
    public static void CheckDepth(int depth)
    {
        if (depth > Budget.MaxNesting)
        {
            throw new CallFailure($"the value is nested more than {Budget.MaxNesting} deep");
        }
    }

    private static GoMap Map(JsonObject members, bool allFloat)
    {
        var map = new GoMap();
        foreach (var (key, value) in members)
        {
            map[key] = From(value, allFloat);
        }

        return map;
    }

    private static object Number(JsonValue value, bool allFloat)
    {
        var text = value.ToJsonString();
        return !allFloat && value.GetValue<object>() is not (double or float or decimal) && long.TryParse(text, CultureInfo.InvariantCulture, out var whole)
            ? (object)whole
            : double.Parse(text, CultureInfo.InvariantCulture);
    }
}
