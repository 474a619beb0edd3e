using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.Expressions;

namespace Flagstone.Provisioning.Compositions.AutoReady;

/// <summary>Crossplane's <c>function-auto-ready</c>: says of composed resources that no function has judged whether they are ready.</summary>
internal static class AutoReadyFunction
{
    /// <param name="input">May hold <c>celHealthCheckCustomization</c>: a CEL expression over <c>object</c> for a <c>GROUP_VERSION_KIND</c>.</param>
    public static void Run(JsonObject input, Rendering rendering)
    {
        var custom = input["celHealthCheckCustomization"] as JsonObject;
        foreach (var (name, desired) in rendering.Desired)
        {
            if (desired.Ready is null && rendering.Observed.TryGetValue(name, out var observed) && IsReady(custom, observed.Document))
            {
                desired.Ready = true;
            }
        }
    }

    private static bool IsReady(JsonObject? custom, JsonObject observed)
    {
        var expression = custom.Text($"{observed.Text("apiVersion").Replace('/', '_')}_{observed.Text("kind")}");
        return expression.Length == 0 ? HealthChecks.IsHealthy(observed)
            : CelExpressions.IsTrue(expression, new Dictionary<string, JsonNode?> { ["object"] = observed });
    }
}
