using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's functions of maps. Where Go takes keys in any order, they come sorted: the same input gives the same output.</summary>
internal static class DictFunctions
{
    public static FunctionTable Table { get; } = new FunctionTable
    {
        { "dict", "any...", Dict },
        { "get", "map string", c => c.Map(0).GetValueOrDefault(c.Text(1), "") },
        { "set", "map string any", Set },
        { "unset", "map string", Unset },
        { "hasKey", "map string", c => c.Map(0).ContainsKey(c.Text(1)) },
        { "pluck", "string map...", c => c.From(1).OfType<GoMap>().Where(m => m.ContainsKey(c.Text(0))).Select(m => m[c.Text(0)]).ToList() },
        { "keys", "map...", c => c.Arguments.OfType<GoMap>().SelectMany(m => m.Sorted()).Select(m => (object?)m.Key).ToList() },
        { "values", "map", c => c.Map(0).Sorted().Select(m => m.Value).ToList() },
        { "pick", "map string...", c => Filtered(c, keeps: true) },
        { "omit", "map string...", c => Filtered(c, keeps: false) },
        { "merge", "map map...", c => Merged(c, overrides: false) },
        { "mergeOverwrite", "map map...", c => Merged(c, overrides: true) },
        { "dig", "any any any...", Dig },
        { "deepCopy", "any", c => GoValue.Copy(c[0], c.Budget) },
    }.Also(("mustMerge", "merge"), ("mustMergeOverwrite", "mergeOverwrite"), ("mustDeepCopy", "deepCopy"));

    private static GoMap Dict(Call call)
    {
        var map = new GoMap();
        for (var i = 0; i < call.Count; i += 2)
        {
            map[Casts.Text(call[i])] = i + 1 < call.Count ? call[i + 1] : "";
        }

        return map;
    }

    private static GoMap Set(Call call)
    {
        var map = call[0] as GoMap ?? throw new CallFailure("assignment to entry in nil map");
        map[call.Text(1)] = call[2];
        return map;
    }

    private static GoMap Unset(Call call)
    {
        var map = call.Map(0);
        map.Remove(call.Text(1));
        return map;
    }

    private static GoMap Filtered(Call call, bool keeps)
    {
        var keys = call.From(1).Select(k => (string)k!).ToHashSet(StringComparer.Ordinal);
        var map = new GoMap();
        foreach (var (key, value) in call.Map(0))
        {
            if (keys.Contains(key) == keeps)
            {
                map[key] = value;
            }
        }

        return map;
    }

    private static GoMap Merged(Call call, bool overrides)
    {
        var into = call[0] as GoMap ?? throw new CallFailure("dst must be a pointer");
        foreach (var source in call.From(1).OfType<GoMap>())
        {
            Merge(into, source, overrides, call.Budget, 0);
        }

        return into;
    }

    /// <summary>As mergo: what is empty in the target is filled; a list is replaced as a whole, and not by an empty one.</summary>
    private static void Merge(GoMap into, GoMap from, bool overrides, Budget budget, int depth)
    {
        GoValue.CheckDepth(depth);
        if (ReferenceEquals(into, from))
        {
            return;
        }

        foreach (var (key, value) in from)
        {
            budget.Spend();
            var there = into.GetValueOrDefault(key);
            if (there is GoMap inner && value is GoMap more && inner.Count > 0)
            {
                Merge(inner, more, overrides, budget, depth + 1);
            }
            else if (value is null ? overrides : !GoValue.Truth(there) || (overrides && value is not List<object?> { Count: 0 }))
            {
                into[key] = value;
            }
        }
    }

    /// <summary>Keys, what to give where one is missing, and the map.</summary>
    private static object? Dig(Call call)
    {
        var value = call[call.Count - 1];
        for (var i = 0; i < call.Count - 2; i++)
        {
            var map = value as GoMap ?? throw NotA("map[string]interface {}", value);
            var key = call[i] as string ?? throw NotA("string", call[i]);
            if (!map.TryGetValue(key, out value))
            {
                return call[call.Count - 2];
            }
        }

        return value;
    }

    private static CallFailure NotA(string type, object? value) =>
        new($"interface conversion: interface {{}} is {(value is null ? "nil" : GoValue.TypeOf(value))}, not {type}");
}
