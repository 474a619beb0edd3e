using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions.External;

namespace Flagstone.Provisioning.Compositions.Offline;

/// <summary>A composite as it was rendered, and what it is made of.</summary>
/// <param name="Given">The composite as it was given, or as its claim wants it, with its definition's defaults.</param>
internal sealed record OfflineResult(JsonObject Given, JsonObject Composite, CompositeShape Shape, Rendering Rendering, IReadOnlyList<JsonObject> Composed);

/// <summary>Renders a composite without the platform, by the engine that the platform reconciles with. Nothing is stored.</summary>
internal static class OfflineRendering
{
    private const string RuntimeAnnotation = "render.crossplane.io/runtime";

    /// <summary>Where <c>crossplane render</c> looks for a function that is run by hand and names no address.</summary>
    private const string DevelopmentTarget = "localhost:9443";

    /// <exception cref="RenderRefusedException">The composite, its definition and the composition do not go together.</exception>
    /// <exception cref="FatalResultException">A function's result is fatal.</exception>
    public static async Task<OfflineResult> RunAsync(RenderInput input, TimeProvider clock, CancellationToken ct)
    {
        var (given, composite, shape) = OfflineComposite.Of(input);
        var observed = new Dictionary<string, ObservedResource>(StringComparer.Ordinal);
        foreach (var resource in input.Observed)
        {
            observed[resource.Annotation(Names.ResourceNameAnnotation)] = new ObservedResource(resource, new Dictionary<string, string>());
        }

        var rendering = new Rendering(composite, observed) { Clock = clock };
        foreach (var (key, value) in input.Context)
        {
            rendering.Context[key] = value?.DeepClone();
        }

        using var external = new ExternalFunctions(clock);
        var functions = input.Functions.Select(Addressed).ToLookup(f => f.NameOf(), StringComparer.Ordinal);
        var directory = new FunctionDirectory((name, _) => new(functions[name].FirstOrDefault()), external.Connect);
        await new CompositionPipeline(directory, new GivenRequirements(input.Required, input.Credentials)).RunAsync(input.Composition, rendering, ct);
        return new OfflineResult(
            given, composite, shape, rendering,
            [.. rendering.Desired.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => Complete(d.Key, d.Value.Document, composite, observed))]);
    }

    private static JsonObject Complete(string template, JsonObject document, JsonObject composite, Dictionary<string, ObservedResource> observed)
    {
        var owner = Documents.OwnerReference(composite.Text("apiVersion"), composite.Text("kind"), composite.NameOf(), composite.UidOf());
        ComposedMetadata.Complete(document, composite, owner, template, observed.GetValueOrDefault(template)?.Document);
        return document;
    }

    private static JsonObject Addressed(JsonObject function)
    {
        if (function.Annotation(RuntimeAnnotation) == "Development" && FunctionKinds.TargetOf(function).Length == 0)
        {
            function.Annotate(FunctionKinds.TargetAnnotation, DevelopmentTarget);
        }

        return function;
    }
}
