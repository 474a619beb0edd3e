using Flagstone.Workflows.Executions;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Updates;

/// <summary>How updates end that no worker completes. SDKs know the types. (Temporal's server: service/history/workflow/update/abort_reason.go.)</summary>
internal static class UpdateFailures
{
    public static Failure Unprocessed() => Of(
        "UnprocessedUpdate", "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow Update is not supported by the worker.");

    public static Failure WorkflowCompleted() => Of(
        "AcceptedUpdateCompletedWorkflow", "Workflow Update failed because the Workflow completed before the Update completed.");

    /// <summary>The caller does well to ask again.</summary>
    public static Refusal Aborted() => Refusal.Unavailable("Workflow Update was aborted. Try again.");

    public static Refusal NotReady() => Refusal.FailedPrecondition(
        "Unable to perform workflow execution update due to Workflow Task in failed state.", new WorkflowNotReadyFailure());

    public static Refusal TooManyInFlight() => Refusal.Exhausted($"limit on number of concurrent in-flight updates has been reached ({UpdateRegistry.MaxInFlight})");

    public static Refusal TooMany() => Refusal.FailedPrecondition(
        $"limit on number of total updates has been reached ({UpdateRules.MaxTotal}). Give the same update the same id, and continue as new.", null);

    private static Failure Of(string type, string message) => new()
    {
        Source = "Server", Message = message, ApplicationFailureInfo = new ApplicationFailureInfo { Type = type, NonRetryable = true },
    };
}
