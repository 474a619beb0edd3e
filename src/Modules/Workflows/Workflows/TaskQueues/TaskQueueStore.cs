using Flagstone.Platform.Storage;

namespace Flagstone.Workflows.TaskQueues;

/// <summary>The tasks of a queue as stored. Executions write them; a queue only reads.</summary>
internal sealed class TaskQueueStore(PlatformDatabase database)
{
    private const string Page = """
        SELECT workflow, run, event, attempt, at FROM workflow_task WHERE namespace = @ns AND queue = @queue AND kind = @kind ORDER BY at, run, event LIMIT @limit
        """;

    public async Task<List<QueuedTask>> ReadAsync(TaskQueueKey key, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Page, ("ns", key.Namespace), ("queue", key.Name), ("kind", (long)key.Kind), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var tasks = new List<QueuedTask>();
        while (await reader.ReadAsync(ct))
        {
            tasks.Add(new QueuedTask(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), (int)reader.GetInt64(3), reader.GetInt64(4)));
        }

        return tasks;
    }
}
