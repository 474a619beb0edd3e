using Flagstone.Platform.Reconciling;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Explaining;

/// <summary>What to do about a condition. The first that fits is given; what fits none is looked at by people.</summary>
internal static class Advices
{
    private static readonly (Func<ClaimNode, Condition, bool> Fits, string Advice)[] All =
    [
        ((_, c) => c.Reason == "ReconcilePaused", "Take off the annotation crossplane.io/paused, or give managementPolicies an action, to have it reconciled again."),
        ((_, c) => Says(c, "cannot get Composition") || Says(c, "cannot use Composition") || Says(c, "cannot select Composition"),
            "Name a composition that is there in spec.compositionRef, or apply the one that is named."),
        ((_, c) => Says(c, "no revision of composition"), "Look at the composition's condition Current: a CompositionTest fails. Mend the composition; its next revision is used at once."),
        ((_, c) => Says(c, "cannot get CompositionRevision") || Says(c, "cannot select CompositionRevision"),
            "Name a revision that is there in spec.compositionRevisionRef, or set compositionUpdatePolicy: Automatic."),
        ((_, c) => Says(c, "cannot run Function"), "Start the function, or correct the address in its Function resource. The platform tries again by itself."),
        ((_, c) => Says(c, "there is no function"), "Apply the Function that the composition names, or change the composition."),
        ((_, c) => Says(c, "cannot compose resources"), "Mend the composition as the message says, or give the claim the value that it needs."),
        ((_, c) => Says(c, "belongs to another claim") || Says(c, "is controlled by") || Says(c, "does not belong to"),
            "Something of that name belongs to another. Choose another name, or delete the other one."),
        ((_, c) => Says(c, "cannot determine creation result"),
            "The answer to the creation was lost, and nobody can tell what came of it. Look at the provider: if it was made, set the annotation crossplane.io/external-name to its name; if not, remove crossplane.io/external-create-pending."),
        ((_, c) => c.Reason == "UpdateRestricted", "It differs from what is asked for, and managementPolicies do not let it be changed. Allow Update, or change what is asked for."),
        ((_, c) => c.Reason == "ReplacementNeeded", "What is asked for can only be had by a new one. Undo the change, or make a new claim and move over."),
        ((_, c) => Says(c, "managementPolicies do not let it be created"), "Allow Create in managementPolicies, or set the annotation crossplane.io/external-name to what is there already."),
        ((_, c) => Says(c, "the outcome of the"), "The provider's answer was lost. The platform looks at what came of it and goes on by itself."),
        ((_, c) => Says(c, "observe failed"), "The provider cannot be asked. Look at its health on the page Providers, and at its credentials."),
        ((_, c) => Says(c, "AccessDenied") || Says(c, "InvalidCredentials"), "The provider's credentials may not do this. Extend their rights, or correct the ProviderConfig."),
        ((_, c) => Says(c, "create failed") || Says(c, "update failed") || Says(c, "delete failed"),
            "The provider refuses. Correct what the message names; the platform tries again by itself, and at once when the resource changes."),
        ((_, c) => Says(c, "is in use"), "Delete what uses it first, or the usage that protects it."),
        ((_, c) => c.Reason == "Deleting", "It is being deleted; what it was made of goes first."),
        ((_, c) => c.Reason is "Waiting" && c.Type == "Synced", "It waits for another resource of the same claim, and goes on by itself when that is there."),
        ((_, c) => c.Type == "Missing", "It is made next. If that lasts for more than a minute, look at the composite's events."),
        ((n, c) => c is { Type: "Ready", Reason: "Creating" } && n.Children.Count == 0, "The provider is still making it. Nothing needs to be done."),
        ((_, c) => c.Reason == "NotReconciledYet", "The platform has not come to it yet. Nothing needs to be done."),
    ];

    public static string For(ClaimNode node, Condition condition)
    {
        foreach (var (fits, advice) in All)
        {
            if (fits(node, condition))
            {
                return advice;
            }
        }

        return "Look at its conditions and events.";
    }

    private static bool Says(Condition condition, string text) => condition.Message.Contains(text, StringComparison.Ordinal);
}
