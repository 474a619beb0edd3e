using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;
using Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

namespace Flagstone.Provisioning.Compositions.GoTemplating;

/// <summary>The functions that function-go-templating adds to Go's and sprig's. Most take the request, which templates pass as the dot.</summary>
internal static class CrossplaneFunctions
{
    // Reading YAML makes many values of little text.
    private const int CharactersPerStep = 8;
    private const string ExtraResourcesKey = "apiextensions.crossplane.io/extra-resources";

    /// <summary>All functions that a template of a composition has.</summary>
    public static FunctionTable All { get; } = FunctionTable.Of(Builtins.Table, SprigFunctions.Table, Own());

    private static FunctionTable Own() => new()
    {
        { "include", "string any", c => c.Evaluator.Include(c.Text(0), c[1] ?? Missing.Value) },
        { "randomChoice", "string string...", c => c[RandomFunctions.Choose(c, c.Count)] },
        { "toYaml", "any", c => ToYaml(c[0], c.Budget) },
        { "fromYaml", "string", c => FromYaml(c.Text(0), c.Budget) },
        { "setResourceNameAnnotation", "string", c => $"{Annotations.ResourceName}: {c.Text(0)}" },
        { "getResourceCondition", "string map", c => Condition(c.Text(0), c.Map(1)) },
        { "getCompositeResource", "map", c => Path(c[0], "observed", "composite", "resource") as GoMap },
        { "getComposedResource", "map string", c => Path(c[0], "observed", "resources", c.Text(1), "resource") as GoMap },
        { "getComposedConnectionDetails", "map string", c => Path(c[0], "observed", "resources", c.Text(1), "connectionDetails") as GoMap },
        { "getExtraResources", "map string", c => Path(c[0], "extraResources", c.Text(1), "items") as List<object?> },
        { "getExtraResourcesFromContext", "map string", c => Path(c[0], "context", ExtraResourcesKey, c.Text(1), "items") as List<object?> },
        { "getCredentialData", "map string", c => Path(c[0], "credentials", c.Text(1), "credentialData", "data") is GoMap data ? Decoded(data) : null },
    };

    private static object? Path(object? value, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            value = (value as GoMap)?.GetValueOrDefault(name);
        }

        return value;
    }

    private static string ToYaml(object? value, Budget budget)
    {
        var text = YamlWriter.Write(GoValue.ToJson(value, budget));
        budget.Text(text.Length);
        return text;
    }

    private static object? FromYaml(string text, Budget budget)
    {
        budget.Spend(text.Length / CharactersPerStep);
        return YamlReader.TryReadValue(text, null, out var value, out var error)
            ? GoValue.From(value, allFloat: false)
            : throw new CallFailure($"yaml: line {error.Line}: {error.Message}");
    }

    /// <summary>A condition of an observed resource, as the entry of <c>.observed.resources</c> holds it; one of status Unknown when it has none.</summary>
    private static GoMap Condition(string type, GoMap resource)
    {
        var conditions = Path(resource, "resource", "status", "conditions") as List<object?> ?? [];
        var found = conditions.OfType<GoMap>().FirstOrDefault(c => Equals(c.GetValueOrDefault("type"), type));
        return new GoMap
        {
            ["Type"] = type,
            ["Status"] = found?.GetValueOrDefault("status") ?? "Unknown",
            ["Reason"] = found?.GetValueOrDefault("reason") ?? "",
            ["Message"] = found?.GetValueOrDefault("message") ?? "",
            ["LastTransitionTime"] = found?.GetValueOrDefault("lastTransitionTime"),
            ["ObservedGeneration"] = found?.GetValueOrDefault("observedGeneration") is double generation ? (long)generation : 0L,
        };
    }

    private static GoMap Decoded(GoMap data)
    {
        var decoded = new GoMap();
        foreach (var (key, value) in data)
        {
            decoded[key] = Convert.FromBase64String((string)value!);
        }

        return decoded;
    }
}
