using Flagstone.Provisioning.Compositions.AutoReady;
using Flagstone.Provisioning.Compositions.EnvironmentConfigs;
using Flagstone.Provisioning.Compositions.GoTemplating;
using Flagstone.Provisioning.Compositions.PatchAndTransform;
using Flagstone.Provisioning.Compositions.Sequencer;

namespace Flagstone.Provisioning.Compositions;

/// <summary>The functions that need no package: they run in the process.</summary>
internal static class BuiltInFunctions
{
    public static ICompositionFunction EnvironmentConfigs { get; } = new BuiltInFunction(EnvironmentConfigsFunction.Run, mayRequire: true);

    public static ICompositionFunction PatchAndTransform { get; } =
        new BuiltInFunction((input, rendering) => PatchAndTransformFunction.Run(input, rendering, allFloat: true));

    private static readonly Dictionary<string, ICompositionFunction> All = new(StringComparer.Ordinal)
    {
        ["function-patch-and-transform"] = PatchAndTransform,
        ["function-auto-ready"] = new BuiltInFunction(AutoReadyFunction.Run),
        ["function-environment-configs"] = EnvironmentConfigs,
        ["function-go-templating"] = new BuiltInFunction((input, rendering) => GoTemplatingFunction.Run(input, rendering, rendering.Clock), mayRequire: true),
        ["function-sequencer"] = new BuiltInFunction(SequencerFunction.Run),
    };

    public static IReadOnlyCollection<string> Names => All.Keys;

    public static bool Has(ICompositionFunction? function) => function is not null && All.ContainsValue(function);

    /// <summary>By the name of a function or the path of its package, both often with the organization before it and a version after it.</summary>
    /// <param name="name">Such as <c>crossplane-contrib-function-auto-ready</c> or <c>xpkg.crossplane.io/crossplane-contrib/function-auto-ready:v0.4.2</c>.</param>
    public static ICompositionFunction? Find(string name)
    {
        var plain = name.Split('@')[0];
        plain = plain[(plain.LastIndexOf('/') + 1)..].Split(':')[0];
        return All.TryGetValue(plain, out var exact) ? exact
            : All.FirstOrDefault(f => plain.EndsWith($"-{f.Key}", StringComparison.Ordinal)).Value;
    }
}
