using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.GoTemplating;

/// <summary>The annotations by which a rendered manifest talks to the function.</summary>
internal static class Annotations
{
    public const string ResourceName = "gotemplating.fn.crossplane.io/composition-resource-name";
    public const string Ready = "gotemplating.fn.crossplane.io/ready";
    public const string TimeToLive = "gotemplating.fn.crossplane.io/ttl";

    /// <summary>Takes an annotation off, or null when it is not there. One of the empty text is there.</summary>
    public static string? Take(JsonObject manifest, string name)
    {
        if (manifest.At("metadata", "annotations") is not JsonObject annotations || annotations[name] is not JsonValue value)
        {
            return null;
        }

        annotations.Remove(name);
        return value.GetValue<string>();
    }

    /// <summary>What a manifest says of readiness: whether it says anything, and null for "unspecified".</summary>
    public static (bool Said, bool? Ready) TakeReady(JsonObject manifest) => Take(manifest, Ready) switch
    {
        null => (false, null),
        "True" => (true, true),
        "False" => (true, false),
        "Unspecified" => (true, null),
        var other => throw new FatalResultException(
            $"invalid function input: invalid \"{Ready}\" annotation value \"{other}\": must be True, False, or Unspecified"),
    };
}
