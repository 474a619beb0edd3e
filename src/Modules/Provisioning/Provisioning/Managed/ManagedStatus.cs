using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Drift;

namespace Flagstone.Provisioning.Managed;

/// <summary>What a managed resource says of itself, in crossplane-runtime's conditions and reasons. Pure.</summary>
internal static class ManagedStatus
{
    /// <summary>What its provider has, whether that can be used, and whether it is as wanted.</summary>
    public static void Report(JsonObject document, Present present, ManagementPolicy policy, DriftMode mode, DateTimeOffset now)
    {
        var status = document.Member("status");
        if (!JsonNode.DeepEquals(status["atProvider"], present.AtProvider))
        {
            status["atProvider"] = present.AtProvider.DeepClone();
        }

        if (present.Simulated)
        {
            status["simulated"] = true;
        }

        document.SetCondition(present.NotReady is null
            ? Condition.True("Ready", "Available", present.Note)
            : Condition.False("Ready", "Creating", Join(present.Note, present.NotReady)), now);
        Finish(document, now);
        if (document.Annotation(Names.ReconcileRequestedAnnotation) is { Length: > 0 } requested)
        {
            status["lastHandledReconcileAt"] = requested;
        }

        if (present.Difference is null)
        {
            DriftRules.Settle(document);
        }

        if (mode == DriftMode.Report)
        {
            document.SetCondition(Condition.False("UpToDate", "Drifted", $"It was changed outside, and stays so until someone decides: {present.Difference}"), now);
        }
        else if (document.FindCondition("UpToDate") is not null)
        {
            document.SetCondition(Condition.True("UpToDate", "ObserveMatched"), now);
        }

        document.SetCondition(present switch
        {
            _ when policy.OnlyObserves || mode != DriftMode.Revert => Condition.True("Synced", "ReconcileSuccess"),
            { Difference: { } restricted } => Condition.False("Synced", "UpdateRestricted", Join("managementPolicies do not let it be updated", restricted)),
            { Failing: { } failing } => Condition.False("Synced", "ReconcileError", failing),
            { Unfixable: { } stuck } => Condition.False("Synced", "ReplacementNeeded", stuck),
            _ => Condition.True("Synced", "ReconcileSuccess"),
        }, now);
    }

    /// <summary>The provider took the call, and works on it.</summary>
    public static void ReportOngoing(JsonObject document, OperationVerb verb, DateTimeOffset now)
    {
        document.SetCondition(Condition.False("AsyncOperation", "Ongoing"), now);
        document.SetCondition(Condition.True("Synced", "ReconcileSuccess"), now);
        if (verb != OperationVerb.Update)
        {
            document.SetCondition(Condition.False("Ready", verb == OperationVerb.Create ? "Creating" : "Deleting"), now);
        }
    }

    /// <summary>Says one thing; the rest stays as it was.</summary>
    public static void Set(JsonObject document, Condition condition, DateTimeOffset now)
    {
        document.SetCondition(condition, now);
        if (Operation.Of(document) is null)
        {
            Finish(document, now);
        }

        if (document.FindCondition("Ready") is null)
        {
            document.SetCondition(Condition.False("Ready", "Creating"), now);
        }
    }

    private static void Finish(JsonObject document, DateTimeOffset now)
    {
        if (document.FindCondition("AsyncOperation") is not null)
        {
            document.SetCondition(Condition.True("AsyncOperation", "Finished"), now);
        }
    }

    private static string Join(string note, string text) => note.Length > 0 ? $"{note}: {text}" : text;
}
