using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Google.Protobuf.Collections;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Query.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Queries;

/// <summary>
/// The queries that go to a worker with the run's next workflow task, so that their answers show what came before them. In memory alone, as with Temporal's
/// server: who asked waits, and asks again.
/// </summary>
internal sealed class QueryRegistry
{
    /// <summary>As many may wait in one run.</summary>
    public const int MaxWaiting = 100;

    private readonly Dictionary<string, (WorkflowQuery Query, TaskCompletionSource<Answer> Answer)> waiting = [];

    public bool IsFull => waiting.Count >= MaxWaiting;

    /// <summary>Waits for the answer; no bytes and no refusal: the query is to be asked directly, or again.</summary>
    public async Task<Answer> AskAsync(WorkflowQuery query, TimeSpan most, TimeProvider clock, CancellationToken stopping)
    {
        var (id, answer) = (Guid.NewGuid().ToString(), new TaskCompletionSource<Answer>(TaskCreationOptions.RunContinuationsAsynchronously));
        waiting[id] = (query, answer);
        try
        {
            return await answer.Task.WaitAsync(most, clock, stopping);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return default;
        }
        finally
        {
            waiting.Remove(id);
        }
    }

    /// <summary>As a workflow task takes them. A task that fails leaves them to the next one.</summary>
    public Dictionary<string, WorkflowQuery> Send() => waiting.ToDictionary(w => w.Key, w => w.Value.Query);

    /// <summary>Hands a worker's answers to who asked.</summary>
    public void Apply(MapField<string, WorkflowQueryResult> results)
    {
        foreach (var (id, result) in results)
        {
            if (waiting.TryGetValue(id, out var asked))
            {
                asked.Answer.TrySetResult(Answer.Of(Read(result)));
            }
        }
    }

    /// <summary>No workflow task takes them: who asked asks directly.</summary>
    public void Release() => End(default);

    public void Refuse(Refusal why) => End(why);

    private static RespondQueryTaskCompletedRequest Read(WorkflowQueryResult result) => CommandRules.IsTooLarge(result)
        ? new RespondQueryTaskCompletedRequest
        {
            CompletedType = QueryResultType.Failed, ErrorMessage = $"The query's result exceeds {CommandRules.MaxBlob} bytes.",
        }
        : new RespondQueryTaskCompletedRequest
        {
            CompletedType = result.ResultType, QueryResult = result.Answer, ErrorMessage = result.ErrorMessage, Failure = result.Failure,
        };

    private void End(Answer answer)
    {
        foreach (var (_, asked) in waiting.Values)
        {
            asked.TrySetResult(answer);
        }
    }
}
