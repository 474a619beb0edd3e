using Flagstone.Workflows.Contracts.Processes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Converters;

namespace Flagstone.Workflows.Processes;

/// <summary>What a process says of itself in its memo, so that lists know it without its history. Pure.</summary>
internal static class ProcessMemo
{
    public const string WorkflowType = "PlatformProcess";

    /// <summary>The step that it is at, or how it ended.</summary>
    public const string Stage = "stage";

    /// <summary>The number of the step that it is at.</summary>
    public const string Step = "step";

    /// <summary>When the wait ends that it is at; not there while it does not wait.</summary>
    public const string Until = "until";

    /// <summary>How it ended; not there before.</summary>
    public const string Outcome = "outcome";

    public const string Completed = "completed";

    public const string Refused = "refused";

    private const string Process = "process";
    private const string Subject = "subject";
    private const string Title = "title";
    private const string AskedBy = "askedBy";
    private const string Reason = "reason";

    /// <summary>As it starts.</summary>
    public static Memo Of(ProcessInput input) => new()
    {
        Fields =
        {
            [Process] = Text(input.Process), [Subject] = Text(input.Plan.Subject), [Title] = Text(input.Plan.Title), [AskedBy] = Text(input.AskedBy),
            [Reason] = Text(input.Reason), [Stage] = Text("It begins"),
        },
    };

    public static ProcessState Read(WorkflowExecutionInfo run) => new(
        run.Execution.RunId, Text(run, Process), Text(run, Subject), Text(run, Title), Text(run, AskedBy), Text(run, Reason), PhaseOf(run), StageOf(run),
        run.StartTime.ToDateTimeOffset(), run.CloseTime?.ToDateTimeOffset());

    /// <summary>The step that it is at, or ended at; null before the first.</summary>
    public static int? StepOf(WorkflowExecutionInfo run) =>
        run.Memo?.Fields.GetValueOrDefault(Step) is { } payload ? DataConverter.Default.PayloadConverter.ToValue<int>(payload) : null;

    /// <summary>When the wait ends that it is at; null while it does not wait.</summary>
    public static DateTimeOffset? UntilOf(WorkflowExecutionInfo run) =>
        run.Memo?.Fields.GetValueOrDefault(Until) is { } payload ? DataConverter.Default.PayloadConverter.ToValue<DateTimeOffset>(payload) : null;

    private static ProcessPhase PhaseOf(WorkflowExecutionInfo run) => run.Status switch
    {
        WorkflowExecutionStatus.Running or WorkflowExecutionStatus.Paused => ProcessPhase.Running,
        WorkflowExecutionStatus.Completed => Text(run, Outcome) == Refused ? ProcessPhase.Refused : ProcessPhase.Completed,
        WorkflowExecutionStatus.Canceled or WorkflowExecutionStatus.Terminated => ProcessPhase.Cancelled,
        _ => ProcessPhase.Failed,
    };

    private static string StageOf(WorkflowExecutionInfo run) =>
        run.Status == WorkflowExecutionStatus.Terminated ? "It was terminated" : Text(run, Stage);

    private static Payload Text(string value) => DataConverter.Default.PayloadConverter.ToPayload(value);

    private static string Text(WorkflowExecutionInfo run, string field) =>
        run.Memo?.Fields.GetValueOrDefault(field) is { } payload ? DataConverter.Default.PayloadConverter.ToValue<string>(payload) ?? "" : "";
}
