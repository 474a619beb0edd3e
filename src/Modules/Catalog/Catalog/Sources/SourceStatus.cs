using System.Text.Json.Nodes;
using Flagstone.Catalog.Repositories;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Sources;

/// <summary>A source's <c>status</c>: what it applied last, what came of it, and what stands in the way.</summary>
internal static class SourceStatus
{
    public const string Synced = "Synced";

    /// <summary>True when this commit is applied as the source is declared now.</summary>
    public static bool IsApplied(JsonObject source, CommitId head) =>
        source["status"].Text("appliedCommit") == head.Value
        && source.At("status", "observedGeneration")?.ToString() == source.At("metadata", "generation")?.ToString()
        && source.IsTrue(Synced);

    public static IReadOnlyList<ResourceKey> Inventory(JsonObject source) =>
        [.. (source.At("status", "inventory") as JsonArray ?? [])
            .Select(i => ResourceKey.TryParse(i?.ToString(), out var key) ? key : (ResourceKey?)null).OfType<ResourceKey>()];

    public static void Applied(JsonObject source, CommitId commit, IEnumerable<ResourceKey> inventory, DateTimeOffset now)
    {
        source.SetCondition(Condition.True(Synced, "Applied", $"Commit {commit.Value[..7]} is applied"), now);
        var status = source["status"]!.AsObject();
        status["appliedCommit"] = commit.Value;
        status["observedGeneration"] = source.GenerationOf();
        status["inventory"] = new JsonArray([.. inventory.Select(k => (JsonNode)k.ToString()).OrderBy(k => k.ToString(), StringComparer.Ordinal)]);
        status.Remove("refusedCommit");
    }

    public static void Refused(JsonObject source, CommitId? commit, string reason, string message, DateTimeOffset now)
    {
        source.SetCondition(Condition.False(Synced, reason, message), now);
        var status = source["status"]!.AsObject();
        if (commit is { } refused)
        {
            status["refusedCommit"] = refused.Value;
        }
    }
}
