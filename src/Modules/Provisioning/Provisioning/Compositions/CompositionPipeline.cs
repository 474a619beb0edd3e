using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Renders a composite by a composition: runs its functions in order, and fetches what they require.</summary>
internal sealed class CompositionPipeline(FunctionDirectory functions, IRequiredResources required)
{
    /// <summary>A function is asked this often until what it requires stays the same, as in Crossplane.</summary>
    private const int MaxRounds = 5;

    /// <exception cref="FatalResultException">A function's result is fatal; nothing of the desired state may be applied.</exception>
    public async ValueTask RunAsync(JsonObject composition, Rendering rendering, CancellationToken ct)
    {
        var spec = composition["spec"]!.AsObject();
        if (CompositionMode.Of(spec) == CompositionMode.Resources)
        {
            if (ResourcesMode.ToEnvironmentInput(spec) is { } environment)
            {
                await RunFunctionAsync(BuiltInFunctions.EnvironmentConfigs, environment, rendering, ct);
            }

            PatchAndTransformFunction.Run(ResourcesMode.ToFunctionInput(spec), rendering, allFloat: false);
            return;
        }

        foreach (var step in spec["pipeline"]!.AsArray().OfType<JsonObject>())
        {
            try
            {
                await RunStepAsync(step, rendering, ct);
            }
            catch (FatalResultException failure)
            {
                throw new FatalResultException($"pipeline step \"{step.Text("step")}\" returned a fatal result: {failure.Message}");
            }
        }
    }

    private async ValueTask RunStepAsync(JsonObject step, Rendering rendering, CancellationToken ct)
    {
        var function = await functions.FindAsync(step["functionRef"].Text("name"), ct);
        rendering.Required.Clear();
        if (function.MayRequire)
        {
            await AddStaticRequirementsAsync(step, rendering, ct);
            rendering.Credentials = await required.CredentialsAsync(step["credentials"] as JsonArray ?? [], ct);
        }

        await RunFunctionAsync(function, step["input"] as JsonObject ?? [], rendering, ct);
    }

    private async ValueTask RunFunctionAsync(ICompositionFunction function, JsonObject input, Rendering rendering, CancellationToken ct)
    {
        rendering.Requirements.Clear();
        rendering.TimeToLive = null;
        if (!function.MayRequire)
        {
            await function.RunAsync(input, rendering, ct);
            return;
        }

        for (var round = 0; round < MaxRounds; round++)
        {
            var attempt = rendering.Fork();
            await function.RunAsync(input, attempt, ct);
            var missing = attempt.Requirements.Where(r => !rendering.Requirements.TryGetValue(r.Key, out var known) || !known.Equals(r.Value)).ToList();
            if (missing.Count == 0)
            {
                rendering.Adopt(attempt);
                return;
            }

            foreach (var (name, selector) in missing)
            {
                rendering.Requirements[name] = selector;
                rendering.Required[name] = await required.FindAsync(selector, ct);
            }
        }

        throw new FatalResultException($"requirements did not stabilize after the maximum number of iterations ({MaxRounds})");
    }

    private async Task AddStaticRequirementsAsync(JsonObject step, Rendering rendering, CancellationToken ct)
    {
        foreach (var wanted in (step.At("requirements", "requiredResources") as JsonArray ?? []).OfType<JsonObject>())
        {
            var labels = (wanted["matchLabels"] as JsonObject)?.ToDictionary(l => l.Key, l => l.Value?.ToString() ?? "", StringComparer.Ordinal);
            var name = wanted.Text("name");
            var space = wanted.Text("namespace");
            var selector = new ResourceSelector(
                wanted.Text("apiVersion"), wanted.Text("kind"), name.Length > 0 ? name : null, labels, space.Length > 0 ? space : null);
            rendering.Required[wanted.Text("requirementName")] = await required.FindAsync(selector, ct);
        }
    }
}
