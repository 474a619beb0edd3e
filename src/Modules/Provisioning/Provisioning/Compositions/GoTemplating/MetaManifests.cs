using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions.GoTemplating;

/// <summary>Manifests that are no resources but speak to the function: connection details, context, conditions, requirements.</summary>
internal static class MetaManifests
{
    public const string ApiVersion = "meta.gotemplating.fn.crossplane.io/v1alpha1";

    private const string ExtraResourcesKey = "apiextensions.crossplane.io/extra-resources";

    public static void Read(JsonObject manifest, Rendering rendering, Answer answer)
    {
        switch (manifest.Text("kind"))
        {
            case "CompositeConnectionDetails":
                ReadConnection(manifest, answer);
                break;
            case "ClaimConditions":
                ReadConditions(manifest, answer);
                break;
            case "Context":
                var data = Members(manifest["data"], "cannot get Contexts from input: ");
                answer.Context = Merged(answer.Context ?? rendering.Context, data);
                break;
            case "ExtraResources":
                ReadRequirements(manifest, answer);
                ShareRequired(rendering, answer);
                break;
            case var kind:
                throw new FatalResultException(
                    $"invalid kind \"{kind}\" for apiVersion \"{ApiVersion}\" - must be one of CompositeConnectionDetails, Context or ExtraResources");
        }
    }

    /// <summary>Values are Base64, as in a Secret; one that is not counts as empty, as upstream has it.</summary>
    private static void ReadConnection(JsonObject manifest, Answer answer)
    {
        foreach (var (key, value) in manifest["data"] as JsonObject ?? [])
        {
            var text = value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : "";
            var bytes = new byte[text.Length];
            answer.Connection[key] = Convert.TryFromBase64String(text, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : "";
        }
    }

    private static void ReadConditions(JsonObject manifest, Answer answer)
    {
        if (manifest["conditions"] is not (null or JsonArray))
        {
            throw new FatalResultException($"cannot get Conditions from input: {Mistyped(manifest["conditions"], "[]main.TargetedCondition")}");
        }

        foreach (var condition in (manifest["conditions"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var type = condition.Text("type");
            if (type is "Ready" or "Synced" or "Healthy")
            {
                throw new FatalResultException($"cannot set ClaimCondition type: {type} is a reserved Crossplane Condition");
            }

            answer.Conditions.Add(new FunctionCondition(
                type,
                condition.Text("status") is "True" or "False" ? condition.Text("status") : "Unknown",
                condition.Text("reason"),
                condition["message"] is null ? null : condition.Text("message"),
                OnClaim: condition.Text("target") == "CompositeAndClaim"));
        }
    }

    private static void ReadRequirements(JsonObject manifest, Answer answer)
    {
        foreach (var (name, requirement) in Members(manifest["requirements"], "cannot get extra resources requirements: "))
        {
            var labels = requirement.At("matchLabels") as JsonObject ?? [];
            var wanted = requirement.Text("matchName");
            var selector = new ResourceSelector(
                requirement.Text("apiVersion"),
                requirement.Text("kind"),
                wanted.Length > 0 ? wanted : null,
                wanted.Length > 0 ? null : labels.ToDictionary(l => l.Key, l => labels.Text(l.Key), StringComparer.Ordinal),
                requirement.Text("namespace") is { Length: > 0 } ns ? ns : null);
            if (!answer.Requirements.TryAdd(name, selector))
            {
                throw new FatalResultException($"duplicate extra resource key \"{name}\"");
            }
        }
    }

    /// <summary>Later steps find what was fetched in the context: they cannot see this one's requirements.</summary>
    private static void ShareRequired(Rendering rendering, Answer answer)
    {
        if (rendering.Required.Count == 0)
        {
            return;
        }

        var found = new JsonObject();
        foreach (var (name, resources) in rendering.Required)
        {
            found[name] = resources.Count == 0
                ? new JsonObject()
                : new JsonObject { ["items"] = new JsonArray([.. resources.Select(r => new JsonObject { ["resource"] = r.DeepClone() })]) };
        }

        answer.Context = Merged(answer.Context ?? rendering.Context, new JsonObject { [ExtraResourcesKey] = found });
    }

    private static JsonObject Merged(JsonObject into, JsonObject from) => (JsonObject)Merging.Merge(into, from, "ForceMergeObjects")!;

    private static JsonObject Members(JsonNode? node, string context) => node switch
    {
        null => [],
        JsonObject members => members,
        _ => throw new FatalResultException($"{context}{Mistyped(node, "map[string]interface {}")}"),
    };

    private static string Mistyped(JsonNode? node, string type)
    {
        var kind = node!.GetValueKind() switch
        {
            JsonValueKind.Array => "array",
            JsonValueKind.Object => "object",
            JsonValueKind.String => "string",
            JsonValueKind.Number => "number",
            _ => "bool",
        };
        return $"cannot unmarshal value from JSON: json: cannot unmarshal {kind} into Go value of type {type}";
    }
}
