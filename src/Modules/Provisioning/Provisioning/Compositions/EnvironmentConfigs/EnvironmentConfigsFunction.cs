using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions.EnvironmentConfigs;

/// <summary>
/// Crossplane's <c>function-environment-configs</c>: puts the data of EnvironmentConfigs into the environment, which later functions read.
/// Later ones win over earlier ones, all of them over what the context holds, and that over <c>defaultData</c>.
/// </summary>
internal static class EnvironmentConfigsFunction
{
    public const string Kind = "EnvironmentConfig";
    public const string ApiVersion = "apiextensions.crossplane.io/v1beta1";

    /// <param name="input">An <c>Input</c> of <c>environmentconfigs.fn.crossplane.io/v1beta1</c>.</param>
    public static void Run(JsonObject input, Rendering rendering)
    {
        var sources = (input.At("spec", "environmentConfigs") as JsonArray ?? []).OfType<JsonObject>().ToList();
        for (var i = 0; i < sources.Count; i++)
        {
            if (Selects(sources[i], rendering.Composite, i) is { } selector)
            {
                rendering.Requirements[Name(i)] = selector;
            }
        }

        if (rendering.Requirements.Keys.Any(k => !rendering.Required.ContainsKey(k)))
        {
            return;
        }

        var environment = new JsonObject();
        Merge(environment, input.At("spec", "defaultData") as JsonObject ?? []);
        Merge(environment, rendering.Environment);
        var optional = input.At("spec", "policy").Text("resolution") == "Optional";
        for (var i = 0; i < sources.Count; i++)
        {
            foreach (var config in Found(sources[i], rendering.Required.GetValueOrDefault(Name(i)), i, optional))
            {
                Merge(Target(environment, sources[i].Text("toFieldPath")), config["data"] as JsonObject ?? []);
            }
        }

        rendering.Context[Rendering.EnvironmentKey] = environment;
    }

    private static string Name(int index) => $"environment-config-{index.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Null when an optional label has no value in the composite: then nothing is selected.</summary>
    private static ResourceSelector? Selects(JsonObject source, JsonObject composite, int index)
    {
        if (source.Text("type") is "" or "Reference")
        {
            return source["ref"].Text("name") is { Length: > 0 } name
                ? new ResourceSelector(ApiVersion, Kind, name)
                : throw new FatalResultException($"spec.environmentConfigs[{index}].ref.name is required");
        }

        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in (source.At("selector", "matchLabels") as JsonArray ?? []).OfType<JsonObject>())
        {
            if (label.Text("type") == "Value")
            {
                labels[label.Text("key")] = label.Text("value");
                continue;
            }

            try
            {
                labels[label.Text("key")] = Paved.Get(composite, label.Text("valueFromFieldPath"))?.ToString() ?? "";
            }
            catch (PatchFailure) when (label.Text("fromFieldPathPolicy") == "Optional")
            {
                return null;
            }
            catch (PatchFailure failure)
            {
                throw new FatalResultException($"cannot get value from field path \"{label.Text("valueFromFieldPath")}\": {failure.Message}");
            }
        }

        return new ResourceSelector(ApiVersion, Kind, null, labels);
    }

    private static IEnumerable<JsonObject> Found(JsonObject source, IReadOnlyList<JsonObject>? found, int index, bool optional)
    {
        if (source.Text("type") is "" or "Reference")
        {
            return found switch
            {
                { Count: 1 } => found,
                { Count: > 1 } => throw new FatalResultException($"expected exactly one EnvironmentConfig \"{source["ref"].Text("name")}\", got {found.Count}"),
                _ => optional ? [] : throw new FatalResultException($"EnvironmentConfig \"{source["ref"].Text("name")}\" is not there, and the policy requires it"),
            };
        }

        if (found is null)
        {
            return [];
        }

        var selector = source["selector"];
        if (selector.Text("mode") != "Multiple")
        {
            return found.Count == 1 ? found
                : found.Count == 0 && optional ? []
                : throw new FatalResultException($"expected exactly one EnvironmentConfig for selector {index}, got {found.Count}");
        }

        if (Numbers.TryInteger(selector?["minMatch"], out var least) && found.Count < least)
        {
            throw new FatalResultException($"expected at least {least} EnvironmentConfigs for selector {index}, got {found.Count}");
        }

        var sorted = Sorted(found, selector.Text("sortByFieldPath") is { Length: > 0 } path ? path : "metadata.name");
        return Numbers.TryInteger(selector?["maxMatch"], out var most) ? sorted.Take((int)Math.Max(most, 0)) : sorted;
    }

    private static IEnumerable<JsonObject> Sorted(IReadOnlyList<JsonObject> found, string path)
    {
        var keyed = found.Select(f => (Config: f, Key: Paved.TryGet(f, path, out var key) ? key : null)).ToList();
        return keyed.TrueForAll(k => Numbers.IsNumber(k.Key))
            ? keyed.OrderBy(k => Numbers.Float(k.Key!)).ThenBy(k => k.Config.NameOf(), StringComparer.Ordinal).Select(k => k.Config)
            : keyed.OrderBy(k => k.Key?.ToString() ?? "", StringComparer.Ordinal).ThenBy(k => k.Config.NameOf(), StringComparer.Ordinal).Select(k => k.Config);
    }

    private static JsonObject Target(JsonObject environment, string path)
    {
        if (path.Length == 0)
        {
            return environment;
        }

        if (!Paved.TryGet(environment, path, out var there) || there is not JsonObject)
        {
            Paved.Set(environment, path, new JsonObject());
        }

        return (JsonObject)Paved.Get(environment, path)!;
    }

    private static void Merge(JsonObject target, JsonObject source)
    {
        foreach (var (member, value) in source)
        {
            if (value is JsonObject inner && target[member] is JsonObject there)
            {
                Merge(there, inner);
                continue;
            }

            target[member] = value?.DeepClone();
        }
    }
}
