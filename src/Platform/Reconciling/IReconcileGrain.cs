namespace Flagstone.Platform.Reconciling;

/// <summary>
/// A controller's grain, one for each resource. Reconcile takes no arguments: it reads desired and observed state, takes one bounded step,
/// and says when it wants to be woken next. It is called on each change, when it is due, and after a failure; all look the same to it.
/// </summary>
public interface IReconcileGrain : IGrainWithStringKey
{
    Task<ReconcileResult> ReconcileAsync();
}

/// <summary>When to come again.</summary>
/// <param name="Next">After how long, or null: when something changes.</param>
[GenerateSerializer, Immutable, Alias("flagstone.reconcile-result")]
public readonly record struct ReconcileResult([property: Id(0)] TimeSpan? Next)
{
    /// <summary>Nothing to do until something changes.</summary>
    public static ReconcileResult Done => default;

    public static ReconcileResult After(TimeSpan next) => new(next);
}
