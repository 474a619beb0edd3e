using Flagstone.Platform.Storage;
using Flagstone.Workflows.Deployments;

namespace Flagstone.Workflows.TaskQueues;

/// <summary>The tasks of a queue as stored. Executions write them; a queue only reads.</summary>
internal sealed class TaskQueueStore(PlatformDatabase database)
{
    private const string Page = """
        SELECT workflow, run, event, attempt, at, version FROM workflow_task WHERE namespace = @ns AND queue = @queue AND kind = @kind
        ORDER BY at, run, event LIMIT @limit
        """;

    /// <summary>Of one version: those pinned to it, and its part of those that are pinned to nothing, or to a version that has no such queue.</summary>
    private const string LanePage = """
        SELECT workflow, run, event, attempt, at, version FROM workflow_task WHERE namespace = @ns AND queue = @queue AND kind = @kind
          AND (version = @pinned
            OR (version = '*' AND @ramps = 1)
            OR ((place IS NULL OR (place >= @from AND place < @to)) AND (version = '' OR (kind = 2 AND version <> '*' AND version NOT IN (
              SELECT q.deployment || ':' || q.build FROM workflow_deployment_queue q
              WHERE q.namespace = @ns AND q.queue = @queue AND q.kind = @kind)))))
        ORDER BY at, run, event LIMIT @limit
        """;

    private const string Backlog = """
        SELECT COUNT(*), MIN(at) FROM (
          SELECT at FROM workflow_task WHERE namespace = @ns AND queue = @queue AND kind = @kind AND at <= @now ORDER BY at LIMIT @limit
        ) AS waiting
        """;

    /// <summary>Of open runs, and of tasks: an activity's queue is often another one than its workflow's.</summary>
    private const string Names = """
        SELECT 1 AS kind, queue FROM workflow_visibility WHERE namespace = @ns AND status = 1
        UNION SELECT kind, queue FROM workflow_task WHERE namespace = @ns
        ORDER BY queue, kind LIMIT @limit
        """;

    /// <summary>A page that shows more would be of no use.</summary>
    private const int MaxNames = 200;

    /// <summary>More are not counted: that a queue has so many says enough.</summary>
    private const int MaxCounted = 100_000;

    /// <summary>How many tasks wait for a worker, and since when the oldest does; null for none.</summary>
    public async Task<(long Count, DateTimeOffset? Oldest)> BacklogAsync(TaskQueueKey key, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            Backlog, ("ns", key.Namespace), ("queue", key.Name), ("kind", (long)key.Kind), ("now", Micros.From(now)), ("limit", MaxCounted));
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), reader.IsDBNull(1) ? null : Micros.ToTime(reader.GetInt64(1)));
    }

    /// <summary>The queues that something open names, by name. One that has only workers is in no row.</summary>
    public async Task<List<(TaskKind Kind, string Name)>> NamesAsync(string ns, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Names, ("ns", ns), ("limit", MaxNames));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var names = new List<(TaskKind, string)>();
        while (await reader.ReadAsync(ct))
        {
            names.Add(((TaskKind)reader.GetInt64(0), reader.GetString(1)));
        }

        return names;
    }

    public Task<List<QueuedTask>> ReadAsync(TaskQueueKey key, int limit, CancellationToken ct) =>
        ReadAsync(Page, [("ns", key.Namespace), ("queue", key.Name), ("kind", (long)key.Kind), ("limit", limit)], ct);

    /// <summary>The tasks of one lane of a queue that has versions.</summary>
    public Task<List<QueuedTask>> ReadLaneAsync(TaskQueueKey key, QueueRouting routing, string lane, int limit, CancellationToken ct)
    {
        var (from, to) = routing.PlacesOf(lane);
        return ReadAsync(
            LanePage,
            [
                ("ns", key.Namespace), ("queue", key.Name), ("kind", (long)key.Kind), ("limit", limit), ("from", from), ("to", to),
                // No task is pinned to this text: those that are pinned to nothing are found by their places.
                ("pinned", lane.Length > 0 ? lane : "-"), ("ramps", lane == (routing.Ramping ?? routing.Current) ? 1L : 0L),
            ],
            ct);
    }

    private async Task<List<QueuedTask>> ReadAsync(string sql, (string, object?)[] values, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var tasks = new List<QueuedTask>();
        while (await reader.ReadAsync(ct))
        {
            tasks.Add(new QueuedTask(
                reader.GetString(0), reader.GetString(1), reader.GetInt64(2), (int)reader.GetInt64(3), reader.GetInt64(4), Directive: reader.GetString(5)));
        }

        return tasks;
    }
}
