using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Ui.Components;

/// <summary>A status as it is shown.</summary>
/// <param name="Detail">A sentence more, or empty.</param>
public sealed record Status(string Word, Tone Tone, string Detail = "")
{
    private static readonly string[] Failing = ["Error", "Fail", "Invalid", "NotFound", "Denied", "Refused", "Conflict", "Parked", "Crash", "Missing"];

    /// <summary>The tone of the words that the platform's kinds use for phases and outcomes.</summary>
    public static Status OfPhase(string? phase, string detail = "") => phase switch
    {
        null or "" => new("Unknown", Tone.Neutral, detail),
        "Running" or "Ready" or "Succeeded" or "Completed" or "Available" or "Synced" or "Active" or "Bound" or "True" => new(phase, Tone.Good, detail),
        "Scaffolded" or "Provisioning" or "Deploying" or "Pending" or "InProgress" or "Creating" or "Deleting" or "Terminating" or "Processing" or "Waiting" =>
            new(phase, Tone.Busy, detail),
        "Degraded" or "Deprecated" => new(phase, Tone.Warning, detail),
        "Failed" or "Error" or "False" or "Refused" => new(phase, Tone.Bad, detail),
        _ => new(phase, Tone.Neutral, detail),
    };

    /// <summary>Crossplane's two conditions in one word: is it as it was asked for?</summary>
    public static Status OfConditions(JsonObject document)
    {
        if (document.IsDeleting())
        {
            return new("Deleting", Tone.Busy);
        }

        var (ready, synced) = (document.FindCondition("Ready"), document.FindCondition("Synced"));
        if (synced is { Status: "False", Reason: "ReconcilePaused" })
        {
            return new("Paused", Tone.Warning, Sentence(synced));
        }

        if (synced is { Status: "False" })
        {
            return new("Not synced", Tone.Bad, Sentence(synced));
        }

        return ready switch
        {
            null => new("Pending", Tone.Busy, "No condition has been reported yet."),
            { Status: "True" } => new("Ready", Tone.Good),
            _ when IsFailing(ready.Reason) => new("Failing", Tone.Bad, Sentence(ready)),
            _ => new(ready.Reason is "Creating" or "Deleting" ? ready.Reason : "Not ready", Tone.Busy, Sentence(ready)),
        };
    }

    /// <summary>One condition, for a table of them: true is good for all but those that name a trouble.</summary>
    public static Status OfCondition(Condition condition)
    {
        var trouble = condition.Type is "Degraded" or "Stalled" or "ReplicaFailure" or "Drifted";
        return condition.Status switch
        {
            "True" => new("True", trouble ? Tone.Bad : Tone.Good),
            "False" when trouble => new("False", Tone.Good),
            "False" => new("False", IsFailing(condition.Reason) || condition.Type == "Synced" ? Tone.Bad : Tone.Busy),
            _ => new("Unknown", Tone.Neutral),
        };
    }

    private static bool IsFailing(string reason) => Failing.Any(w => reason.Contains(w, StringComparison.Ordinal));

    private static string Sentence(Condition condition) => condition.Message.Length > 0 ? condition.Message : condition.Reason;
}
