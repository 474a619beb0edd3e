using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.Tests;

namespace Flagstone.Provisioning.Compositions.Graphs;

/// <summary>What a composition makes, and how that is known.</summary>
/// <param name="Steps">Its steps, each with what it composes first.</param>
/// <param name="Test">The CompositionTest whose claim it was rendered for; empty when it is as the text says.</param>
/// <param name="Untold">Why the text does not tell all and nothing was rendered; empty when it does.</param>
internal sealed record ComposedSteps(IReadOnlyList<CompositionStep> Steps, string Test, string Untold);

/// <summary>
/// Finds out what a composition makes. The text of templates and patches tells it; of a Go template only a rendering does, and a test's claim is there to
/// render. Functions that are programs of their own are not called for the sake of a page.
/// </summary>
internal sealed class CompositionDrawing(KindRegistry kinds, FunctionDirectory functions)
{
    /// <summary>Built in, and told by their text: they compose their templates, or nothing but Usages of what others compose.</summary>
    private static readonly ICompositionFunction?[] Told =
    [
        .. ((string[])["function-patch-and-transform", "function-auto-ready", "function-environment-configs", "function-sequencer"]).Select(BuiltInFunctions.Find),
    ];

    public async Task<ComposedSteps> OfAsync(JsonObject composition, IEnumerable<JsonObject> tests, CancellationToken ct)
    {
        var spec = (JsonObject)composition["spec"]!;
        var text = CompositionTemplates.Of(spec);
        var found = new List<ICompositionFunction?>();
        foreach (var step in text.Where(s => s.Function.Length > 0))
        {
            found.Add(await functions.TryFindAsync(step.Function, ct));
        }

        if (found.All(Told.Contains))
        {
            return new ComposedSteps(text, "", "");
        }

        if (!found.All(BuiltInFunctions.Has))
        {
            return new ComposedSteps(text, "", "A step runs a program of its own, which decides when it runs. A claim's page shows what came of it.");
        }

        foreach (var test in tests.Where(t => t.At("spec", "expect").Text("error").Length == 0).OrderBy(t => t.NameOf(), StringComparer.Ordinal))
        {
            if (await RenderAsync(spec, text, composition, test["spec"]!.AsObject(), ct) is { } rendered)
            {
                return new ComposedSteps(rendered, test.NameOf(), "");
            }
        }

        return new ComposedSteps(text, "", "Loops and conditions of its Go templates are not followed: each manifest is told once. A CompositionTest would give a claim to render.");
    }

    /// <summary>Step by step, so that each resource is told of the step that composed it first; null when it does not render.</summary>
    private async Task<IReadOnlyList<CompositionStep>?> RenderAsync(
        JsonObject spec, IReadOnlyList<CompositionStep> text, JsonObject composition, JsonObject test, CancellationToken ct)
    {
        if (TestSubject.Start(kinds, test, composition) is not { } rendering)
        {
            return null;
        }

        var pipeline = new CompositionPipeline(functions, TestSubject.Given(test));
        var steps = new List<CompositionStep>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (var (step, written) in spec["pipeline"]!.AsArray().OfType<JsonObject>().Zip(text))
            {
                var alone = new JsonObject { ["spec"] = new JsonObject { ["mode"] = CompositionMode.Pipeline, ["pipeline"] = new JsonArray(step.DeepClone()) } };
                await pipeline.RunAsync(alone, rendering, ct);
                steps.Add(written with
                {
                    Templates =
                    [
                        .. rendering.Desired.Where(d => known.Add(d.Key)).Select(d => new ComposedTemplate(d.Key, d.Value.Document.Text("apiVersion"), d.Value.Document.Text("kind"))
                        {
                            Document = d.Value.Document, Patches = written.Templates.FirstOrDefault(t => t.Name == d.Key)?.Patches ?? [],
                        }),
                    ],
                });
            }
        }
        catch (FatalResultException)
        {
            return null;
        }

        return steps;
    }
}
