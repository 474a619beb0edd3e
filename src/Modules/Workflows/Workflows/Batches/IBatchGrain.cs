using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.Batches;

/// <summary>A batch job of a namespace. Requests and answers are messages of Temporal's API as bytes.</summary>
[GrainInterfaceType("flagstone.workflow-batch")]
internal interface IBatchGrain : IReconcileGrain
{
    /// <summary>Starts it; the same request again is answered as the first.</summary>
    [Alias("Start")]
    Task<Answer> StartAsync(Call call);

    /// <summary>Ends it where it is: what is done stays done.</summary>
    [Alias("Stop")]
    Task<Answer> StopAsync(Call call);
}
