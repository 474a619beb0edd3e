using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.Sequencer;

/// <summary>Usages that keep a resource until those that come after it in a sequence are gone.</summary>
internal static class DeletionOrder
{
    private const int HashLength = 6;

    public static void Protect(List<Regex> sequence, bool legacy, bool replays, Rendering rendering)
    {
        for (var i = 1; i < sequence.Count; i++)
        {
            var earlier = There(sequence[i - 1], rendering);
            foreach (var (name, by) in There(sequence[i], rendering))
            {
                foreach (var (beforeName, of) in earlier)
                {
                    rendering.Desired[$"{name}-{beforeName}-usage"] = new DesiredResource(Usage(of, by, legacy, replays)) { Ready = true };
                }
            }
        }
    }

    private static List<(string Name, JsonObject Document)> There(Regex pattern, Rendering rendering) =>
        [.. rendering.Desired.Keys.Where(k => pattern.IsMatch(k) && rendering.Observed.ContainsKey(k)).Select(k => (k, rendering.Observed[k].Document))];

    private static JsonObject Usage(JsonObject of, JsonObject by, bool legacy, bool replays)
    {
        var name = $"{by.Text("kind")}-{by.NameOf()}-{of.Text("kind")}-{of.NameOf()}".ToLowerInvariant();
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..HashLength];
        var space = of.NamespaceOf();
        var metadata = new JsonObject { ["name"] = $"{name}-{hash}-dependency" };
        if (!legacy && space.Length > 0)
        {
            metadata["namespace"] = space;
        }

        return new JsonObject
        {
            ["apiVersion"] = legacy ? "apiextensions.crossplane.io/v1beta1" : "protection.crossplane.io/v1beta1",
            ["kind"] = legacy || space.Length > 0 ? "Usage" : "ClusterUsage",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject
            {
                ["of"] = Reference(of),
                ["by"] = Reference(by),
                ["reason"] = "dependency",
                ["replayDeletion"] = replays,
            },
        };
    }

    private static JsonObject Reference(JsonObject document) => new()
    {
        ["apiVersion"] = document.Text("apiVersion"),
        ["kind"] = document.Text("kind"),
        ["resourceRef"] = new JsonObject { ["name"] = document.NameOf() },
    };
}
