using System.Diagnostics;
using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Versioning;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>
/// Runs that follow by themselves: tried again by the retry policy, or come again by the cron schedule. The next run begins in the step that ends
/// the last one. Pure. (Temporal's server: service/history/workflow_task_completed_handler.go, workflow/retry.go.)
/// </summary>
internal static class Repeating
{
    /// <summary>Returns the id of the run that follows; empty for none.</summary>
    public static string AfterSuccess(RunChange change, Payloads? result) => ComeAgain(change, null, result);

    /// <summary>Returns whether the run is tried again, and the id of the run that follows; empty for none.</summary>
    public static (RetryState State, string RunId) AfterFailure(RunChange change, Failure failure)
    {
        var run = change.Run;
        if (run.Retry is null)
        {
            return (RetryState.RetryPolicyNotSet, ComeAgain(change, failure, change.First?.LastCompletionResult));
        }

        var (state, at) = RetryRules.Next(run.Retry, run.Attempt, failure, change.Now, run.ExecutionExpiresAt);
        return state == RetryState.InProgress
            ? (state, Follow(change, ContinueAsNewInitiator.Retry, at - change.Now, run.Attempt + 1, failure, change.First?.LastCompletionResult))
            : (state, ComeAgain(change, failure, change.First?.LastCompletionResult));
    }

    /// <summary>As after a failure, but when the time for all runs is over none follows.</summary>
    public static (RetryState State, string RunId) AfterTimeout(RunChange change) =>
        change.Now >= change.Run.ExecutionExpiresAt ? (RetryState.Timeout, "")
        : AfterFailure(change, new Failure
        {
            Message = "workflow timeout", Source = "Server", TimeoutFailureInfo = new TimeoutFailureInfo { TimeoutType = TimeoutType.StartToClose },
        });

    private static string ComeAgain(RunChange change, Failure? failure, Payloads? result)
    {
        var run = change.Run;
        return CronSchedule.TryParse(run.Cron, out var cron) && cron.Wait(run.ExecutesAt ?? run.StartedAt, change.Now) is { } wait
            ? Follow(change, ContinueAsNewInitiator.CronSchedule, wait, 1, failure, result) : "";
    }

    private static string Follow(RunChange change, ContinueAsNewInitiator initiator, TimeSpan wait, int attempt, Failure? failure, Payloads? result)
    {
        var first = change.First ?? throw new UnreachableException("A step that may end a run that repeats has its first event.");
        var request = first.CopyTo(new StartWorkflowExecutionRequest { WorkflowId = change.Run.WorkflowId, UserMetadata = change.Run.UserMetadata });
        request.WorkflowStartDelay = Duration.FromTimeSpan(wait);
        var next = change.Follow(request, new Origin
        {
            Initiator = initiator, Attempt = attempt, Failure = failure, LastResult = result,
            Inherited = Inheriting.Next(change.Run, initiator, change.Run.TaskQueue, change.VersionQueues, ContinueAsNewVersioningBehavior.Unspecified),
        });
        WorkflowTaskRules.Schedule(next);
        return next.Run.RunId;
    }
}
