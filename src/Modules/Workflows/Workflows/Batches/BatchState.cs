using System.Text.Json.Serialization;
using Flagstone.Workflows.Visibility;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Batch.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Operation = Temporalio.Api.WorkflowService.V1.StartBatchOperationRequest.OperationOneofCase;

namespace Flagstone.Workflows.Batches;

/// <summary>A batch job, and how far it is. It is stored whole with each step.</summary>
internal sealed class BatchState
{
    /// <summary>Tells two jobs of one id apart.</summary>
    public required string Uid { get; init; }

    public required StartBatchOperationRequest Request { get; init; }

    /// <summary>Who started it, as the events name them.</summary>
    public string Caller { get; init; } = "";

    /// <summary>Who started it, as the ledger names them.</summary>
    public string Actor { get; init; } = "";

    /// <summary>Runs that start later are not among its own, nor those that closed before it came to them.</summary>
    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? ClosedAt { get; set; }

    public BatchOperationState State { get; set; } = BatchOperationState.Running;

    /// <summary>Counted when it starts.</summary>
    public long Total { get; set; }

    public long Complete { get; set; }

    public long Failed { get; set; }

    /// <summary>The last run of the query that is done; null before the first.</summary>
    public ListPosition? After { get; set; }

    /// <summary>How many of the named executions are done.</summary>
    public int Done { get; set; }

    [JsonIgnore]
    public bool IsRunning => State == BatchOperationState.Running;

    [JsonIgnore]
    public string Identity => BatchRules.IdentityOf(Request);
}

/// <summary>What of a job follows from what was asked. Pure.</summary>
internal static class BatchRules
{
    /// <summary>Executions a second where the request does not say, as with Temporal's server, and at most.</summary>
    public const float UsualRate = 50;

    public const float MaxRate = 200;

    /// <summary>So many executions may be named one by one.</summary>
    public const int MaxExecutions = 1_000;

    /// <summary>The executions that are named, in the older field or the newer.</summary>
    public static List<WorkflowExecution> Named(StartBatchOperationRequest request) =>
    [
#pragma warning disable CS0612 // Older clients name them there.
        .. request.Executions,
#pragma warning restore CS0612
        .. request.TargetExecutions.Select(e => new WorkflowExecution { WorkflowId = e.BusinessId, RunId = e.RunId }),
    ];

    /// <summary>How many executions a turn takes, and how long after it the next one comes.</summary>
    public static (int Size, TimeSpan Pause) Pace(StartBatchOperationRequest request)
    {
        var rate = request.MaxOperationsPerSecond > 0 ? Math.Min(request.MaxOperationsPerSecond, MaxRate) : UsualRate;
        var size = Math.Max(1, (int)rate);
        return (size, TimeSpan.FromSeconds(Math.Min(size / rate, TimeSpan.SecondsPerHour)));
    }

    public static BatchOperationType TypeOf(StartBatchOperationRequest request) => request.OperationCase switch
    {
        Operation.TerminationOperation => BatchOperationType.TerminateWorkflow,
        Operation.SignalOperation => BatchOperationType.SignalWorkflow,
        Operation.CancellationOperation => BatchOperationType.CancelWorkflow,
        Operation.DeletionOperation => BatchOperationType.DeleteWorkflow,
        Operation.ResetOperation => BatchOperationType.ResetWorkflow,
        Operation.UnpauseActivitiesOperation => BatchOperationType.UnpauseActivity,
        Operation.ResetActivitiesOperation => BatchOperationType.ResetActivity,
        Operation.UpdateActivityOptionsOperation => BatchOperationType.UpdateActivityOptions,
        Operation.UpdateWorkflowOptionsOperation => BatchOperationType.UpdateWorkflowExecutionOptions,
        _ => BatchOperationType.Unspecified,
    };

    public static string IdentityOf(StartBatchOperationRequest request) => request.OperationCase switch
    {
        Operation.TerminationOperation => request.TerminationOperation.Identity,
        Operation.SignalOperation => request.SignalOperation.Identity,
        Operation.CancellationOperation => request.CancellationOperation.Identity,
        Operation.DeletionOperation => request.DeletionOperation.Identity,
        Operation.ResetOperation => request.ResetOperation.Identity,
        Operation.UnpauseActivitiesOperation => request.UnpauseActivitiesOperation.Identity,
        Operation.ResetActivitiesOperation => request.ResetActivitiesOperation.Identity,
        Operation.UpdateActivityOptionsOperation => request.UpdateActivityOptionsOperation.Identity,
        Operation.UpdateWorkflowOptionsOperation => request.UpdateWorkflowOptionsOperation.Identity,
        _ => "",
    };

    public static BatchOperationInfo Info(BatchState job) => new()
    {
        JobId = job.Request.JobId,
        State = job.State,
        StartTime = Timestamp.FromDateTimeOffset(job.StartedAt),
        CloseTime = Closed(job),
        OperationType = TypeOf(job.Request),
    };

    public static DescribeBatchOperationResponse Describe(BatchState job) => new()
    {
        OperationType = TypeOf(job.Request),
        JobId = job.Request.JobId,
        State = job.State,
        StartTime = Timestamp.FromDateTimeOffset(job.StartedAt),
        CloseTime = Closed(job),
        TotalOperationCount = job.Total,
        CompleteOperationCount = job.Complete,
        FailureOperationCount = job.Failed,
        Identity = job.Identity,
        Reason = job.Request.Reason,
        Query = job.Request.VisibilityQuery,
        Executions = { Named(job.Request).Select(e => new Execution { Type = ExecutionType.Workflow, BusinessId = e.WorkflowId, RunId = e.RunId }) },
    };

    private static Timestamp? Closed(BatchState job) => job.ClosedAt is { } at ? Timestamp.FromDateTimeOffset(at) : null;
}
