using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Explaining;

/// <summary>Finds in the tree under a claim what it is not ready for. Pure.</summary>
internal static class ExplanationRules
{
    /// <summary>The lower, the more it is a cause and the less a consequence.</summary>
    private enum Rank
    {
        Broken,
        Parked,
        Restricted,
        Paused,
        Deleting,
        Missing,
        Making,
        Waiting,
        Fine,
    }

    public static ClaimExplanation Explain(ClaimNode claim)
    {
        if (claim.Document is { } document && document.IsTrue("Ready") && document.FindCondition("Synced")?.Status != "False" && !document.IsDeleting())
        {
            return new ClaimExplanation(true, $"{claim.Kind} '{claim.Name}' is ready.", null);
        }

        var found = Worst(claim, []);
        var cause = Cause(found);
        return new ClaimExplanation(false, Summary(claim, found.Path[^1], cause), cause);
    }

    private static string Summary(ClaimNode claim, ClaimNode node, ExplainedCause cause) => node == claim
        ? $"{claim.Kind} '{claim.Name}' is not ready: {cause.Message}"
        : $"{claim.Kind} '{claim.Name}' is not ready because of {node.Kind} '{(node.Template.Length > 0 ? node.Template : node.Name)}': {cause.Message}";

    private static Found Worst(ClaimNode node, IReadOnlyList<ClaimNode> above)
    {
        IReadOnlyList<ClaimNode> path = [.. above, node];
        var own = Judge(node);
        var worst = new Found(path, own.Rank, own.Condition);
        foreach (var below in node.Children.Select(c => Worst(c, path)))
        {
            // What is above waits for what is below: of equals the lower one is the cause.
            if (below.Rank != Rank.Fine && (below.Rank < worst.Rank || (below.Rank == worst.Rank && Follows(node)) || (Follows(node) && worst.Path.Count == path.Count)))
            {
                worst = below;
            }
        }

        return worst;
    }

    /// <summary>True for what is not ready only because something below it is not.</summary>
    private static bool Follows(ClaimNode node) =>
        node.Children.Count > 0 && node.Document?.FindCondition("Synced")?.Status != "False";

    private static (Rank Rank, Condition Condition) Judge(ClaimNode node)
    {
        if (node.Document is not { } document)
        {
            return (Rank.Missing, new Condition("Missing", "True", "NotThereYet", $"{node.Kind} '{node.Name}' is not there yet"));
        }

        var (synced, ready) = (document.FindCondition("Synced"), document.FindCondition("Ready"));
        if (synced is { Status: "False" })
        {
            return (synced.Reason switch
            {
                "ReconcilePaused" => Rank.Paused,
                "Waiting" => Rank.Waiting,
                "UpdateRestricted" or "ReplacementNeeded" => Rank.Restricted,
                _ when synced.Message.StartsWith("cannot determine creation result", StringComparison.Ordinal) => Rank.Parked,
                _ => Rank.Broken,
            }, synced);
        }

        if (document.IsDeleting())
        {
            return (Rank.Deleting, ready is { Reason: "Deleting" } ? ready : new Condition("Ready", "False", "Deleting", "It is on its way out"));
        }

        return ready switch
        {
            { Status: "True" } => (Rank.Fine, ready),
            null => (Rank.Making, new Condition("Ready", "Unknown", "NotReconciledYet", "It was not looked at yet")),
            _ => (Rank.Making, ready),
        };
    }

    private static ExplainedCause Cause(Found found)
    {
        var (node, condition) = (found.Path[^1], found.Condition);
        var target = $"{node.Kind.ToLowerInvariant()}.{node.ApiVersion.Split('/')[0]} {node.Name}{(node.Namespace.Length > 0 ? $" -n {node.Namespace}" : "")}";
        return new ExplainedCause(
            [.. found.Path.Select(p => $"{p.Kind} {p.Name}")], node.ApiVersion, node.Kind, node.Namespace, node.Name, node.Template.Length > 0 ? node.Template : null,
            condition.Type, condition.Reason, condition.Message.Length > 0 ? condition.Message : $"it is {condition.Reason}", Advices.For(node, condition), $"kubectl describe {target}");
    }

    private sealed record Found(IReadOnlyList<ClaimNode> Path, Rank Rank, Condition Condition);
}
