using Flagstone.Platform.Reconciling;
using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.Activities.Standalone;

/// <summary>An activity that a client started. Requests and answers are messages of Temporal's API as bytes.</summary>
[GrainInterfaceType("flagstone.workflow-activity")]
internal interface IActivityExecutionGrain : IReconcileGrain
{
    [Alias("Start")]
    Task<Answer> StartAsync(Call call);

    /// <summary>A worker takes the task; no bytes and no refusal: the task is stale.</summary>
    [Alias("StartTask")]
    Task<Answer> StartTaskAsync(TaskStart start);

    [Alias("Complete")]
    Task<Answer> CompleteAsync(Call call, TaskToken token);

    [Alias("Fail")]
    Task<Answer> FailAsync(Call call, TaskToken token);

    [Alias("Cancel")]
    Task<Answer> CancelAsync(Call call, TaskToken token);

    [Alias("Heartbeat")]
    Task<Answer> HeartbeatAsync(Call call, TaskToken token);

    /// <summary>The token by which a worker answers, for who knows the activity by its id; null where no attempt is under way.</summary>
    /// <param name="runId">Empty for the last one.</param>
    [Alias("FindTask")]
    Task<TaskToken?> FindTaskAsync(string runId);

    [Alias("RequestCancel")]
    Task<Answer> RequestCancelAsync(Call call);

    [Alias("Terminate")]
    Task<Answer> TerminateAsync(Call call);

    [Alias("Pause")]
    Task<Answer> PauseAsync(Call call);

    [Alias("Unpause")]
    Task<Answer> UnpauseAsync(Call call);

    [Alias("Reset")]
    Task<Answer> ResetAsync(Call call);

    [Alias("UpdateOptions")]
    Task<Answer> UpdateOptionsAsync(Call call);

    /// <summary>Deletes it, open or not.</summary>
    /// <param name="runId">Only this one; empty for any.</param>
    /// <param name="closedBefore">Only if it closed before; null for any.</param>
    [Alias("Delete")]
    Task<Answer> DeleteAsync(string runId, DateTimeOffset? closedBefore);

    /// <summary>Deletes it for a caller, open or not.</summary>
    [Alias("DeleteFor")]
    Task<Answer> DeleteForAsync(Call call);

    /// <summary>Ends when it has changed more often, or after a while.</summary>
    [Alias("Wait"), Orleans.Concurrency.AlwaysInterleave]
    Task WaitAsync(string runId, long transitions);
}
