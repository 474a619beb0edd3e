using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.TaskQueues;

/// <summary>Queries, and requests of Nexus: given to the worker that polls next, and answered to who asked. In memory alone, as with Temporal's server.</summary>
internal sealed partial class TaskQueueGrain
{
    private const int MaxQueries = 1_000;

    private readonly Dictionary<Guid, TaskCompletionSource<Answer>> asked = [];

    public async Task<Answer> QueryAsync(QueryTask task)
    {
        if (asked.Count >= MaxQueries)
        {
            return Refusal.Exhausted("Too many queries or Nexus requests wait for workers of this task queue. Try again when it has more workers.");
        }

        var version = LaneOf(task.Directive, task.WorkflowId);
        if (normal.Length > 0 && version != ownVersion)
        {
            // Another version goes on with the run.
            return default;
        }

        var answered = asked[task.Id] = new TaskCompletionSource<Answer>(TaskCreationOptions.RunContinuationsAsynchronously);
        Lane(version).Queries.Enqueue(task);
        WakeOne(Lane(version));
        try
        {
            return await answered.Task.WaitAsync(task.Most < LongestPoll ? task.Most : LongestPoll, clock);
        }
        catch (TimeoutException)
        {
            return default;
        }
        finally
        {
            asked.Remove(task.Id);
            // Those that no worker came for are at the head: a queue without workers keeps nothing.
            foreach (var lane in lanes.Values)
            {
                while (lane.Queries.TryPeek(out var first) && !asked.ContainsKey(first.Id))
                {
                    lane.Queries.Dequeue();
                }
            }
        }
    }

    public Task<bool> AnswerQueryAsync(Guid id, Answer answer) => Task.FromResult(asked.TryGetValue(id, out var waiting) && waiting.TrySetResult(answer));

    /// <summary>The next query that somebody still waits for.</summary>
    private Answer? TakeQuery(TaskLane lane)
    {
        while (lane.Queries.TryDequeue(out var query))
        {
            if (asked.ContainsKey(query.Id))
            {
                return new Answer(query.Task, null);
            }
        }

        return null;
    }
}
