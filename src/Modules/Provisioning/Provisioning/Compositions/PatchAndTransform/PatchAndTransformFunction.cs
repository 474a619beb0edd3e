using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>Crossplane's <c>function-patch-and-transform</c>, without its wire protocol.</summary>
internal static class PatchAndTransformFunction
{
    /// <param name="input">A <c>Resources</c> of <c>pt.fn.crossplane.io/v1beta1</c>.</param>
    /// <param name="rendering">The state that earlier functions left, changed in place.</param>
    /// <param name="allFloat">Whether numbers are float64 in transforms, as they are for a function of a pipeline.</param>
    public static void Run(JsonObject input, Rendering rendering, bool allFloat)
    {
        if (InputValidation.Check(input) is { } problem)
        {
            throw new PatchFailure($"invalid Function input: {problem}");
        }

        var composite = (JsonObject)Numbers.Read(rendering.Composite, allFloat)!;
        var sets = PatchSets(input);
        // Written back even when nothing is in it, as the function does.
        _ = rendering.Environment;
        RunEnvironment(input, rendering, composite);
        foreach (var template in (input["resources"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            RenderResource(template, sets, rendering, composite, allFloat);
        }

        Settle(rendering.DesiredComposite);
        ConnectionSecret.Compose(input["writeConnectionSecretToRef"] as JsonObject, rendering);
    }

    private static void RenderResource(
        JsonObject template, Dictionary<string, JsonArray> sets, Rendering rendering, JsonObject composite, bool allFloat)
    {
        var name = template.Text("name");
        var document = template["base"] is JsonObject own ? (JsonObject)own.DeepClone()
            : rendering.Desired.TryGetValue(name, out var earlier) ? earlier.Document
            : throw new PatchFailure($"composed resource \"{name}\" has no base template, and was not produced by a previous Function in the pipeline");
        if (document["metadata"] is null)
        {
            // Some published bases spell out a null, which no patch could get past.
            document.Remove("metadata");
        }

        var desired = new DesiredResource(document);
        JsonObject? observed = null;
        if (rendering.Observed.TryGetValue(name, out var existing))
        {
            observed = (JsonObject)Numbers.Read(existing.Document, allFloat)!;
            foreach (var member in (ReadOnlySpan<string>)["namespace", "name"])
            {
                if (existing.Document["metadata"].Text(member) is { Length: > 0 } kept)
                {
                    document.Metadata()[member] = kept;
                }
            }

            ConnectionDetails.Extract(template["connectionDetails"] as JsonArray ?? [], existing, rendering.Connection);
            desired.Ready = Readiness.Evaluate(template["readinessChecks"] as JsonArray, observed, name, rendering) ? true : null;
        }

        var index = 0;
        foreach (var patch in Inline(template["patches"], sets))
        {
            var type = Patches.TypeOf(patch);
            try
            {
                Patches.Apply(patch, composite, observed, document, rendering);
            }
            catch (PatchFailure failure) when (failure.NotFound)
            {
                if (patch["policy"].Text("fromFieldPath") == "Required")
                {
                    if (observed is null && !Patches.ReadsComposed(type))
                    {
                        var awaited = Patches.Awaited(patch, composite, rendering.Environment);
                        if (awaited is not null)
                        {
                            rendering.Delayed.Add(new DelayedResource(name, document, awaited));
                        }

                        rendering.Results.Add(new FunctionResult(
                            Severity.Warning, $"not adding new composed resource \"{name}\" to desired state because \"{type}\" patch at index {index} has 'policy.fromFieldPath: Required': {failure.Message}") { IsDelay = awaited is not null });
                        rendering.CompositeReady = false;
                        rendering.Desired.Remove(name);
                        return;
                    }

                    rendering.Warn(
                        $"cannot render composed resource \"{name}\" \"{type}\" patch at index {index}: ignoring 'policy.fromFieldPath: Required' because 'to' resource already exists: {failure.Message}");
                }
            }
            catch (PatchFailure failure)
            {
                throw new PatchFailure($"cannot render composed resource \"{name}\" \"{type}\" patch at index {index}: {failure.Message}");
            }

            index++;
        }

        Settle(document);
        rendering.Desired[name] = desired;
    }

    private static void RunEnvironment(JsonObject input, Rendering rendering, JsonObject composite)
    {
        var index = 0;
        foreach (var patch in (input.At("environment", "patches") as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            try
            {
                Patches.ApplyToEnvironment(patch, composite, rendering);
            }
            catch (PatchFailure failure) when (!failure.NotFound || patch["policy"].Text("fromFieldPath") == "Required")
            {
                throw new PatchFailure($"cannot apply the \"{Patches.TypeOf(patch)}\" environment patch at index {index}: {failure.Message}");
            }
            catch (PatchFailure)
            {
                // Optional, and what it reads is not there.
            }

            index++;
        }
    }

    public static Dictionary<string, JsonArray> PatchSets(JsonObject input)
    {
        var sets = new Dictionary<string, JsonArray>(StringComparer.Ordinal);
        foreach (var set in (input["patchSets"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            sets[set.Text("name")] = set["patches"] as JsonArray ?? [];
        }

        return sets;
    }

    public static IEnumerable<JsonObject> Inline(JsonNode? patches, Dictionary<string, JsonArray> sets)
    {
        foreach (var patch in (patches as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            if (patch.Text("type") != "PatchSet")
            {
                yield return patch;
                continue;
            }

            var name = patch.Text("patchSetName");
            foreach (var inner in sets.TryGetValue(name, out var set) ? set.OfType<JsonObject>() : throw new PatchFailure($"cannot resolve PatchSets: cannot find PatchSet by name {name}"))
            {
                yield return inner;
            }
        }
    }

    private static void Settle(JsonObject document)
    {
        foreach (var (member, value) in document.ToList())
        {
            document[member] = Numbers.Settle(value);
        }
    }
}
