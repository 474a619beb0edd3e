using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus.Callbacks;
using Flagstone.Workflows.Outbox;

namespace Flagstone.Workflows.Nexus.Standalone;

/// <summary>A Nexus operation that a client started. Requests and answers are messages of Temporal's API as bytes.</summary>
[GrainInterfaceType("flagstone.workflow-nexus-operation")]
internal interface INexusOperationGrain : IReconcileGrain
{
    [Alias("Start")]
    Task<Answer> StartAsync(Call call, string endpointId);

    [Alias("RequestCancel")]
    Task<Answer> RequestCancelAsync(Call call);

    [Alias("Terminate")]
    Task<Answer> TerminateAsync(Call call);

    /// <summary>Deletes it, open or not.</summary>
    /// <param name="runId">Only this one; empty for any.</param>
    /// <param name="closedBefore">Only if it closed before; null for any.</param>
    [Alias("Delete")]
    Task<Answer> DeleteAsync(string runId, DateTimeOffset? closedBefore);

    /// <summary>Records what came of a request to the handler, unless nobody waits for it. False: not now.</summary>
    [Alias("Report")]
    Task<bool> ReportAsync(NexusReport report);

    /// <summary>Says that a request was not made; it is made after a wait.</summary>
    [Alias("Postpone")]
    Task PostponeAsync(TimeSpan wait);

    /// <summary>Ends it by its callback, once however often it is told.</summary>
    [Alias("Complete")]
    Task<Receipt> CompleteAsync(NexusCompletion completion);

    /// <summary>Ends when it has changed more often, or after a while.</summary>
    [Alias("Wait"), Orleans.Concurrency.AlwaysInterleave]
    Task WaitAsync(string runId, long transitions);
}
