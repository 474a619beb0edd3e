using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Renders a composite by a composition. Pure: the same input gives the same desired state.</summary>
internal static class CompositionPipeline
{
    public const string PatchAndTransform = "function-patch-and-transform";
    public const string AutoReady = "function-auto-ready";

    /// <exception cref="PatchFailure">A function's result is fatal; nothing of the desired state may be applied.</exception>
    public static void Run(JsonObject composition, Rendering rendering)
    {
        var spec = composition["spec"]!.AsObject();
        if (CompositionMode.Of(spec) == CompositionMode.Resources)
        {
            PatchAndTransformFunction.Run(ResourcesMode.ToFunctionInput(spec), rendering, allFloat: false);
            return;
        }

        foreach (var step in spec["pipeline"]!.AsArray().OfType<JsonObject>())
        {
            try
            {
                RunStep(step, rendering);
            }
            catch (PatchFailure failure)
            {
                throw new PatchFailure($"pipeline step \"{step.Text("step")}\" returned a fatal result: {failure.Message}");
            }
        }
    }

    private static void RunStep(JsonObject step, Rendering rendering)
    {
        // Functions are packages in Crossplane, and their names often carry the organization before them.
        var function = step["functionRef"].Text("name");
        if (function.EndsWith(PatchAndTransform, StringComparison.Ordinal))
        {
            PatchAndTransformFunction.Run(step["input"] as JsonObject ?? [], rendering, allFloat: true);
        }
        else if (function.EndsWith(AutoReady, StringComparison.Ordinal))
        {
            MarkReady(rendering);
        }
        else
        {
            throw new PatchFailure($"there is no function {function} here. Use one of: {PatchAndTransform}, {AutoReady}.");
        }
    }

    private static void MarkReady(Rendering rendering)
    {
        foreach (var (name, desired) in rendering.Desired)
        {
            if (desired.Ready is null && rendering.Observed.TryGetValue(name, out var observed) && Readiness.HasCondition(observed.Document, "Ready", "True"))
            {
                desired.Ready = true;
            }
        }
    }
}
