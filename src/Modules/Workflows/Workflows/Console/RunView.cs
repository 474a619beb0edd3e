using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A run as its page shows it: what the server says of it now, and how it began.</summary>
/// <param name="Started">Of its first event.</param>
internal sealed record RunView(DescribeWorkflowExecutionResponse Described, WorkflowExecutionStartedEventAttributes Started)
{
    /// <summary>Whether it is in the archive alone: it is as it was when it closed, and nothing can be done to it.</summary>
    public bool IsArchived { get; init; }

    public WorkflowExecutionInfo Info => Described.WorkflowExecutionInfo;

    public WorkflowExecution Execution => Info.Execution;

    public string WorkflowId => Execution.WorkflowId;

    public string RunId => Execution.RunId;

    public WorkflowExecutionStatus Status => Info.Status;

    public bool IsRunning => Status is WorkflowExecutionStatus.Running or WorkflowExecutionStatus.Paused;

    public string Type => Info.Type.Name;

    public string TaskQueue => Info.TaskQueue;

    public DateTimeOffset StartedAt => Info.StartTime.ToDateTimeOffset();

    public DateTimeOffset? ClosedAt => Info.CloseTime?.ToDateTimeOffset();

    /// <summary>When its first workflow task is, or was.</summary>
    public DateTimeOffset ExecutesAt => Info.ExecutionTime?.ToDateTimeOffset() ?? StartedAt;

    public DateTimeOffset? ExpiresAt => Described.WorkflowExtendedInfo?.RunExpirationTime?.ToDateTimeOffset();

    /// <summary>How many events it has.</summary>
    public long Events => Info.HistoryLength;

    /// <summary>Null for none.</summary>
    public WorkflowExecution? Parent => Info.ParentExecution is { RunId.Length: > 0 } parent ? parent : null;

    /// <summary>The run whose history was taken over by a reset; empty for none.</summary>
    public string ResetOf => Started.OriginalExecutionRunId is { Length: > 0 } original && original != RunId ? original : "";

    public string ResetTo => Described.WorkflowExtendedInfo?.ResetRunId ?? "";

    /// <summary>Null where its clock was never let jump.</summary>
    public TimeSkippingInfo? Skipping => Described.WorkflowExtendedInfo?.TimeSkippingInfo;

    /// <summary>Of its workflow task; 1 while it has none.</summary>
    public int TaskAttempt => Described.PendingWorkflowTask?.Attempt ?? 1;
}
