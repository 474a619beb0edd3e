using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>How large a history may get, as with Temporal's server. Pure.</summary>
internal static class HistoryLimits
{
    public const int MaxEvents = 51_200;

    public const int MaxBytes = 50 * 1024 * 1024;

    private const string Identity = "history-service";

    /// <summary>Before a step is stored: ends the run whose history is too large, and the workflow task that too much waits for.</summary>
    public static void Enforce(RunChange change)
    {
        var run = change.Run;
        if (run.IsRunning && (run.NextEventId > MaxEvents || run.HistoryBytes > MaxBytes))
        {
            Closing.Terminate(change, run.NextEventId > MaxEvents ? "Workflow history count exceeds limit." : "Workflow history size exceeds limit.", null, Identity);
            return;
        }

        if (run.WorkflowTask is { IsStarted: true } && EventBuffer.IsFull(run.Buffered))
        {
            WorkflowTaskRules.Fail(change, WorkflowTaskFailedCause.ForceCloseCommand, null, Identity);
        }
    }
}
