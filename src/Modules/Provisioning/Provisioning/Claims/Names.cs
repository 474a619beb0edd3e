namespace Flagstone.Provisioning.Claims;

/// <summary>Crossplane's labels, annotations and finalizers: tools that people have look for them.</summary>
internal static class Names
{
    public const string ClaimFinalizer = "finalizer.apiextensions.crossplane.io";
    public const string CompositeFinalizer = "composite.apiextensions.crossplane.io";
    public const string ManagedFinalizer = "finalizer.managedresource.crossplane.io";

    public const string CompositeLabel = "crossplane.io/composite";
    public const string ClaimNameLabel = "crossplane.io/claim-name";
    public const string ClaimNamespaceLabel = "crossplane.io/claim-namespace";

    public const string ResourceNameAnnotation = "crossplane.io/composition-resource-name";
    public const string ExternalNameAnnotation = "crossplane.io/external-name";
    public const string PausedAnnotation = "crossplane.io/paused";
    /// <summary>How often to look at it though nothing changed, as a Go duration.</summary>
    public const string PollIntervalAnnotation = "crossplane.io/poll-interval";

    /// <summary>Any new value has it reconciled at once; answered in <c>status.lastHandledReconcileAt</c>.</summary>
    public const string ReconcileRequestedAnnotation = "crossplane.io/reconcile-requested-at";

    public const string CreatePendingAnnotation = "crossplane.io/external-create-pending";
    public const string CreateSucceededAnnotation = "crossplane.io/external-create-succeeded";
    public const string CreateFailedAnnotation = "crossplane.io/external-create-failed";

    /// <summary>The token of a creation: a provider that is called twice with it makes one thing.</summary>
    public const string CreateTokenAnnotation = "flagstone.dev/create-token";

    /// <summary>At which of the provider's places it was made, as the driver names it: it stays there.</summary>
    public const string PlaceAnnotation = "flagstone.dev/place";

    public const string ConnectionSecretType = "connection.crossplane.io/v1alpha1";

    /// <summary>Where composites and managed resources keep their connection secrets unless told otherwise.</summary>
    public const string SystemNamespace = "flagstone-system";
}
