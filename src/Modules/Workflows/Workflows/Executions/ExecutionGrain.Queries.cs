using Flagstone.Workflows.Queries;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.Query.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>Queries that wait for a workflow task.</summary>
internal sealed partial class ExecutionGrain
{
    private readonly QueryRegistry queries = new();

    public Task<Answer> QueryAsync(string runId, byte[] query, TimeSpan most) =>
        run is null || run.RunId != runId || !run.IsRunning || (run.WorkflowTask is null && run.LastCompletedStarted > 0) ? Task.FromResult<Answer>(default)
        : run.WorkflowTask?.Attempt >= PoisonedAttempts ? Task.FromResult<Answer>(NotReady())
        : queries.IsFull ? Task.FromResult<Answer>(Refusal.Exhausted(
            "consistent query buffer is full, this may be caused by too many queries and workflow not able to process query fast enough"))
        : queries.AskAsync(WorkflowQuery.Parser.ParseFrom(query), Least(most), clock, lifetime.ApplicationStopping);

    /// <summary>Hands out what a worker answers with a workflow task; where no other task follows, who still waits asks a worker directly.</summary>
    private void Answered(RespondWorkflowTaskCompletedRequest request)
    {
        queries.Apply(request.QueryResults);
        if (run!.WorkflowTask is null)
        {
            queries.Release();
        }
    }

    private static Refusal NotReady() => Refusal.FailedPrecondition(
        "The workflow is not ready for a query: its workflow task is not done, or fails.", new WorkflowNotReadyFailure());

    /// <summary>What steps that are stored mean to who waits for a query's answer.</summary>
    private void TellQueries()
    {
        // A query is for the run that was open when it came.
        if (!run!.IsRunning || committed.RunId != run.RunId)
        {
            queries.Release();
        }
        else if (run.WorkflowTask?.Attempt >= PoisonedAttempts)
        {
            queries.Refuse(NotReady());
        }
    }
}
