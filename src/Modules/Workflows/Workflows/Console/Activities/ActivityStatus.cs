using Flagstone.Ui.Components;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Console.Activities;

/// <summary>The status of a standalone activity as it is shown. Pure.</summary>
internal static class ActivityStatus
{
    /// <summary>In the order in which people look for them; each as queries name it.</summary>
    public static IReadOnlyList<ActivityExecutionStatus> All { get; } =
    [
        ActivityExecutionStatus.Running, ActivityExecutionStatus.Completed, ActivityExecutionStatus.Failed, ActivityExecutionStatus.Canceled,
        ActivityExecutionStatus.Terminated, ActivityExecutionStatus.TimedOut,
    ];

    public static Status Of(ActivityExecutionStatus status) => status switch
    {
        ActivityExecutionStatus.Running => new("Running", Tone.Busy),
        ActivityExecutionStatus.Completed => new("Completed", Tone.Good),
        ActivityExecutionStatus.Failed => new("Failed", Tone.Bad),
        ActivityExecutionStatus.TimedOut => new("Timed out", Tone.Bad),
        ActivityExecutionStatus.Terminated => new("Terminated", Tone.Warning),
        _ => new(status.ToString(), Tone.Neutral),
    };
}
