using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions;

/// <summary>The two ways of a composition. The default changed between Crossplane 1 and 2, so what is there decides.</summary>
internal static class CompositionMode
{
    public const string Pipeline = "Pipeline";
    public const string Resources = "Resources";

    public static string Of(JsonObject spec) =>
        spec.Text("mode") is { Length: > 0 } mode ? mode : spec["pipeline"] is not null ? Pipeline : Resources;
}
