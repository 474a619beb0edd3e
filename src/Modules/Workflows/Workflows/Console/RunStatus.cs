using Flagstone.Ui.Components;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Console;

/// <summary>The status of a run as it is shown. Pure.</summary>
internal static class RunStatus
{
    /// <summary>In the order in which people look for them; each as queries name it.</summary>
    public static IReadOnlyList<WorkflowExecutionStatus> All { get; } =
    [
        WorkflowExecutionStatus.Running, WorkflowExecutionStatus.Completed, WorkflowExecutionStatus.Failed, WorkflowExecutionStatus.Canceled,
        WorkflowExecutionStatus.Terminated, WorkflowExecutionStatus.ContinuedAsNew, WorkflowExecutionStatus.TimedOut,
    ];

    public static Status Of(WorkflowExecutionStatus status) => status switch
    {
        WorkflowExecutionStatus.Running => new("Running", Tone.Busy),
        WorkflowExecutionStatus.Completed => new("Completed", Tone.Good),
        WorkflowExecutionStatus.Failed => new("Failed", Tone.Bad),
        WorkflowExecutionStatus.TimedOut => new("Timed out", Tone.Bad),
        WorkflowExecutionStatus.Terminated => new("Terminated", Tone.Warning),
        WorkflowExecutionStatus.Canceled => new("Canceled", Tone.Neutral),
        WorkflowExecutionStatus.ContinuedAsNew => new("Continued as new", Tone.Neutral),
        _ => new(status.ToString(), Tone.Neutral),
    };
}
