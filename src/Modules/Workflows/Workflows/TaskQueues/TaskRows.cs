using Flagstone.Platform.Ledger;
using Flagstone.Workflows.Deployments;

namespace Flagstone.Workflows.TaskQueues;

/// <summary>The rows of tasks that no worker has started, as part of the step that changes them. Pure.</summary>
internal static class TaskRows
{
    private const string PutTask = """
        INSERT INTO workflow_task (run, kind, event, attempt, namespace, queue, workflow, at, version, place)
        VALUES (@run, @kind, @event, @attempt, @ns, @queue, @workflow, @at, @version, @place)
        ON CONFLICT (run, kind, event) DO UPDATE SET attempt = excluded.attempt, queue = excluded.queue, at = excluded.at, version = excluded.version
        """;

    private const string DropTask = "DELETE FROM workflow_task WHERE run = @run AND kind = @kind AND event = @event";

    private const string DropTasks = "DELETE FROM workflow_task WHERE run = @run";

    public static SqlStatement Put(TaskQueueKey queue, QueuedTask task) => new(
        PutTask, ("run", task.RunId), ("kind", (long)queue.Kind), ("event", task.EventId), ("attempt", (long)task.Attempt), ("ns", queue.Namespace),
        ("queue", queue.Name), ("workflow", task.WorkflowId), ("at", task.AtMicros), ("version", task.Directive),
        ("place", (long)WorkflowPlace.Of(task.WorkflowId)));

    public static SqlStatement Drop(string runId, TaskKind kind, long eventId) => new(DropTask, ("run", runId), ("kind", (long)kind), ("event", eventId));

    /// <summary>All of a run.</summary>
    public static SqlStatement Drop(string runId) => new(DropTasks, ("run", runId));
}
