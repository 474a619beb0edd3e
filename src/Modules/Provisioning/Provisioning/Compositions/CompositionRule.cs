using System.Text.Json.Nodes;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Refuses a composition that could not render anything: of a function that is not there, or with a patch that is none.</summary>
internal sealed class CompositionRule(FunctionDirectory functions) : IAdmissionRule
{
    public string Name => "composition";

    public async ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct)
    {
        if (request.Kind.Id != CompositionKinds.CompositionId || request.Next is not { } next
            || (request.Before is { } before && JsonNode.DeepEquals(before["spec"], next["spec"])))
        {
            return AdmissionVerdict.Allowed;
        }

        var denials = new List<string>();
        var spec = next["spec"]!.AsObject();
        if (CompositionMode.Of(spec) == CompositionMode.Resources)
        {
            Add(denials, "spec", InputValidation.Check(ResourcesMode.ToFunctionInput(spec)));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var step in (spec["pipeline"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var at = $"spec.pipeline[{index++}]";
            if (!names.Add(step.Text("step")))
            {
                denials.Add($"{at}.step: two steps are called '{step.Text("step")}'");
            }

            var function = step.At("functionRef").Text("name");
            if (await functions.TryFindAsync(function, ct) is not { } found)
            {
                denials.Add($"{at}.functionRef.name: {FunctionDirectory.Unknown(function)}");
            }
            else if (ReferenceEquals(found, BuiltInFunctions.PatchAndTransform))
            {
                Add(denials, $"{at}.input", InputValidation.Check(step["input"] as JsonObject ?? []));
            }
        }

        return denials.Count == 0 ? AdmissionVerdict.Allowed : new AdmissionVerdict(denials, []);
    }

    private static void Add(List<string> denials, string at, FieldProblem? problem)
    {
        if (problem is not null)
        {
            denials.Add(problem.Under(at).ToString());
        }
    }
}
