namespace Flagstone.Workflows.TaskQueues;

internal enum TaskKind
{
    Workflow = 1,
    Activity = 2,

    /// <summary>Requests to handlers of Nexus operations: in memory alone, given to a worker that waits or soon will.</summary>
    Nexus = 3,
}

/// <summary>A queue of one kind of tasks. Its text is the grain's key.</summary>
/// <param name="Namespace">The namespace's uid.</param>
internal readonly record struct TaskQueueKey(string Namespace, TaskKind Kind, string Name)
{
    public static TaskQueueKey Parse(string text)
    {
        var parts = text.Split('/', 3);
        return new TaskQueueKey(parts[0], parts[1] switch { "w" => TaskKind.Workflow, "n" => TaskKind.Nexus, _ => TaskKind.Activity }, parts[2]);
    }

    public override string ToString() => $"{Namespace}/{Kind switch { TaskKind.Workflow => "w", TaskKind.Nexus => "n", _ => "a" }}/{Name}";
}

/// <summary>A task that no worker has started.</summary>
/// <param name="EventId">The id of its Scheduled event.</param>
/// <param name="AtMicros">Not before this time; microseconds since 1970.</param>
/// <param name="IsSticky">Whether the queue is a worker's own; not known of a task that was read from its row.</param>
/// <param name="Directive">The version that it is pinned to, as a text, or one of <see cref="Deployments.Directives"/>.</param>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-queued-task")]
internal sealed record QueuedTask(
    [property: Id(0)] string WorkflowId, [property: Id(1)] string RunId, [property: Id(2)] long EventId, [property: Id(3)] int Attempt, [property: Id(4)] long AtMicros,
    [property: Id(5)] bool IsSticky = false, [property: Id(6)] string Directive = "");
