using Flagstone.Platform.Reconciling;

namespace Flagstone.Workflows.Nexus;

/// <summary>
/// Makes the requests to handlers that the current run of a workflow id asks for. It is no execution itself: a handler may call back while it is asked.
/// </summary>
[GrainInterfaceType("flagstone.workflow-nexus-caller")]
internal interface INexusCallerGrain : IReconcileGrain
{
    /// <summary>Says that something is to be asked. A hint: a due entry was stored with it.</summary>
    [Alias("Call"), Orleans.Concurrency.OneWay]
    Task CallAsync();
}
