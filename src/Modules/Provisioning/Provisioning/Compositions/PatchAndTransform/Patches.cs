using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>One patch: where it reads, what it makes of it, where it writes. The direction is always from observed to desired.</summary>
internal static class Patches
{
    public static string TypeOf(JsonObject patch) => patch.Text("type") is { Length: > 0 } type ? type : "FromCompositeFieldPath";

    public static bool ReadsComposed(string type) =>
        type is "ToCompositeFieldPath" or "CombineToComposite" or "ToEnvironmentFieldPath" or "CombineToEnvironment";

    public static void Apply(JsonObject patch, JsonObject composite, JsonObject? observed, JsonObject desired, Rendering rendering)
    {
        var type = TypeOf(patch);
        if (ReadsComposed(type) && observed is null)
        {
            return;
        }

        switch (type)
        {
            case "FromCompositeFieldPath":
                Move(patch, composite, desired, wildcards: true);
                break;
            case "FromEnvironmentFieldPath":
                Move(patch, rendering.Environment, desired, wildcards: true);
                break;
            case "ToCompositeFieldPath":
                Move(patch, observed!, rendering.DesiredComposite, wildcards: false);
                break;
            case "ToEnvironmentFieldPath":
                Move(patch, observed!, rendering.Environment, wildcards: false);
                break;
            case "CombineFromComposite":
                Combine(patch, composite, desired);
                break;
            case "CombineFromEnvironment":
                Combine(patch, rendering.Environment, desired);
                break;
            case "CombineToComposite":
                Combine(patch, observed!, rendering.DesiredComposite);
                break;
            case "CombineToEnvironment":
                Combine(patch, observed!, rendering.Environment);
                break;
            default:
                throw new PatchFailure($"patch type {type} is unsupported");
        }
    }

    /// <summary>
    /// What a patch reads that is not there and comes by itself, as a status does; null when nothing of that kind is missing. A field of the spec
    /// does not come: somebody has to give it.
    /// </summary>
    public static string? Awaited(JsonObject patch, JsonObject composite, JsonObject environment)
    {
        var type = TypeOf(patch);
        var (from, owner) = type is "FromEnvironmentFieldPath" or "CombineFromEnvironment" ? (environment, "environment") : (composite, "composite");
        var paths = type is "CombineFromComposite" or "CombineFromEnvironment"
            ? (patch.At("combine", "variables") as JsonArray ?? []).Select(v => v.Text("fromFieldPath"))
            : [patch.Text("fromFieldPath")];
        var missing = paths.Where(p => p.Length > 0 && !Paved.TryGet(from, p, out _)).ToList();
        return missing.Count == 0 || (owner == "composite" && missing.Exists(p => p.StartsWith("spec.", StringComparison.Ordinal)))
            ? null
            : $"{string.Join(" and ", missing)} of the {owner}";
    }

    public static void ApplyToEnvironment(JsonObject patch, JsonObject composite, Rendering rendering)
    {
        switch (TypeOf(patch))
        {
            case "FromCompositeFieldPath" or "ToEnvironmentFieldPath":
                Move(patch, composite, rendering.Environment, wildcards: true);
                break;
            case "CombineFromComposite":
                Combine(patch, composite, rendering.Environment);
                break;
            case "ToCompositeFieldPath" or "FromEnvironmentFieldPath":
                Move(patch, rendering.Environment, rendering.DesiredComposite, wildcards: false);
                break;
            case "CombineToComposite":
                Combine(patch, rendering.Environment, rendering.DesiredComposite);
                break;
            case var type:
                throw new PatchFailure($"patch type {type} is unsupported in the environment");
        }
    }

    /// <summary>To the name and namespace of a connection secret.</summary>
    public static void ApplyToReference(JsonObject patch, JsonObject composite, JsonObject reference)
    {
        switch (TypeOf(patch))
        {
            case "FromCompositeFieldPath":
                Move(patch, composite, reference, wildcards: false);
                break;
            case "CombineFromComposite":
                Combine(patch, composite, reference);
                break;
            case var type:
                throw new PatchFailure($"patch type {type} is unsupported in writeConnectionSecretToRef");
        }
    }

    private static void Move(JsonObject patch, JsonObject from, JsonObject to, bool wildcards)
    {
        var source = patch.Text("fromFieldPath") is { Length: > 0 } path
            ? path
            : throw new PatchFailure("fromFieldPath is required by this type of patch");
        var target = patch.Text("toFieldPath") is { Length: > 0 } given ? given : source;
        var value = Transforms.Apply(patch["transforms"], Paved.Get(from, source)?.DeepClone());
        if (!wildcards || !target.Contains("[*]", StringComparison.Ordinal))
        {
            Write(patch, to, target, value);
            return;
        }

        var places = Paved.Expand(to, target);
        if (places.Count == 0)
        {
            throw new PatchFailure($"cannot expand ToFieldPath {target}");
        }

        foreach (var place in places)
        {
            Write(patch, to, place, value);
        }
    }

    private static void Combine(JsonObject patch, JsonObject from, JsonObject to)
    {
        var combine = patch["combine"] as JsonObject ?? throw new PatchFailure("combine is required by this type of patch");
        if (combine.Text("strategy") is not ("string" or ""))
        {
            throw new PatchFailure($"combine strategy {combine.Text("strategy")} is not supported");
        }

        var target = patch.Text("toFieldPath") is { Length: > 0 } given ? given : throw new PatchFailure("toFieldPath is required by this type of patch");
        var variables = (combine["variables"] as JsonArray)?.Select(v => Paved.Get(from, v.Text("fromFieldPath"))).ToList() ?? [];
        Write(patch, to, target, Transforms.Apply(patch["transforms"], GoText.Format(combine["string"].Text("fmt"), variables)));
    }

    private static void Write(JsonObject patch, JsonObject to, string path, JsonNode? value)
    {
        var policy = patch["policy"].Text("toFieldPath");
        var there = policy.Length > 0 && Paved.TryGet(to, path, out var found) ? found : null;
        Paved.Set(to, path, Merging.Merge(there, Numbers.Settle(value), policy));
    }
}
