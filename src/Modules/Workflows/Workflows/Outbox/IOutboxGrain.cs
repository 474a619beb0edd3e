using Flagstone.Platform.Reconciling;

namespace Flagstone.Workflows.Outbox;

/// <summary>
/// Delivers what the runs of a workflow id send to other executions. It is no execution itself, so the two that it stands between never wait for
/// each other.
/// </summary>
[GrainInterfaceType("flagstone.workflow-outbox")]
internal interface IOutboxGrain : IReconcileGrain
{
    /// <summary>Says that messages were stored. A hint: a due entry was stored with them.</summary>
    [Alias("Deliver"), Orleans.Concurrency.OneWay]
    Task DeliverAsync();
}
