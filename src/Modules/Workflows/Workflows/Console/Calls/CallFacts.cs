using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Console.Calls;

/// <summary>Runs of a list, and whether it has more of them.</summary>
internal sealed record ListedRuns(IReadOnlyList<WorkflowExecutionInfo> Runs, bool IsCut)
{
    public static ListedRuns None { get; } = new([], false);
}

/// <summary>What is known of a run's calls.</summary>
/// <param name="Chain">Runs of its workflow id.</param>
/// <param name="Above">Its parent and its root, where they are still listed.</param>
/// <param name="Children">Runs whose parent it is.</param>
/// <param name="Grandchildren">Runs whose parents are those.</param>
internal sealed record CallFacts(
    string Namespace, RunView Run, RunCalls Calls, ListedRuns Chain, ListedRuns Above, ListedRuns Children, ListedRuns Grandchildren)
{
    /// <summary>The run of the id as it is listed; null when it is not.</summary>
    public WorkflowExecutionInfo? Listed(string runId) => Above.Runs.Concat(Chain.Runs).FirstOrDefault(r => r.Execution.RunId == runId);
}
