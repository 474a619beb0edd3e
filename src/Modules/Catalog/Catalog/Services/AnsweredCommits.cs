using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Services;

/// <summary>
/// Which commits of a service have answered, in its Component's <c>status.answered</c>: the one that answered last stands last. They alone are
/// gone back to, for a commit that never answered is no way out.
/// </summary>
internal static class AnsweredCommits
{
    /// <summary>More than anybody goes back; the oldest are forgotten.</summary>
    public const int Max = 50;

    private const string Member = "answered";

    public static IReadOnlyList<string> Of(JsonObject component) =>
        [.. (component.At("status", Member) as JsonArray ?? []).Select(c => c?.ToString() ?? "").Where(c => c.Length > 0)];

    public static void Note(JsonObject component, string commit)
    {
        var known = Of(component);
        if (commit.Length == 0 || (known.Count > 0 && known[^1] == commit))
        {
            return;
        }

        component["status"]!.AsObject()[Member] = new JsonArray([.. known.Where(c => c != commit).Append(commit).TakeLast(Max).Select(c => (JsonNode)c)]);
    }
}
