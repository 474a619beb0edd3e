using System.Text.Json.Nodes;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;
using Flagstone.Provisioning.Compositions.Revisions;
using Flagstone.Provisioning.Compositions.Tests;

namespace Flagstone.Provisioning.Compositions;

/// <summary>
/// Refuses a composition that could not render anything: of a function that is not there, or with a patch that is none. One whose tests fail is
/// stored, as its revision is not used; who applies it is warned.
/// </summary>
internal sealed class CompositionRule(FunctionDirectory functions, CompositionTestRuns tests, KindRegistry kinds, TimeProvider clock) : IAdmissionRule
{
    /// <summary>A warning is a header of the answer: more of them nobody reads.</summary>
    private const int MaxWarnings = 5;

    /// <summary>Longer warnings are cut: a server's headers are bounded.</summary>
    private const int MaxWarning = 400;

    /// <summary>A write waits for its tests no longer than this; the controller runs all of them in any case.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

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

        return denials.Count > 0 ? new AdmissionVerdict(denials, []) : new AdmissionVerdict([], await FailingTestsAsync(next, ct));
    }

    private async Task<IReadOnlyList<string>> FailingTestsAsync(JsonObject composition, CancellationToken ct)
    {
        var type = composition.At("spec", "compositeTypeRef");
        // Applied together with its definition, it cannot be tested yet.
        if (!kinds.TryFind(type.Text("apiVersion"), type.Text("kind"), out _))
        {
            return [];
        }

        var warnings = new List<string>();
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            await foreach (var run in tests.RunAsync(composition.NameOf(), RevisionRules.Make(composition, RevisionRules.HashOf(composition), 0), either.Token))
            {
                if (run.Differences.Count > 0)
                {
                    warnings.Add($"CompositionTest {(run.Failure.Length <= MaxWarning ? run.Failure : $"{run.Failure[..MaxWarning]}...")}. The revision is not used while it fails.");
                }

                if (warnings.Count == MaxWarnings)
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            warnings.Add($"not all CompositionTests of '{composition.NameOf()}' were run in {Patience.TotalSeconds} seconds: look at its condition Current");
        }

        return warnings;
    }

    private static void Add(List<string> denials, string at, FieldProblem? problem)
    {
        if (problem is not null)
        {
            denials.Add(problem.Under(at).ToString());
        }
    }
}
