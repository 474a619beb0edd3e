namespace Flagstone.Workflows.People;

/// <summary>The task queue whose activities are decided by people: no worker polls it, in no namespace. Pure, but for <see cref="Leave"/>.</summary>
internal static class PeopleQueue
{
    public const string Name = "flagstone-people";

    /// <summary>Of a worker that polls it.</summary>
    public const string NoPolls =
        $"Task queue '{Name}' is reserved: people decide what is scheduled there, in the inbox, and no worker may poll it. " +
        "Give the worker a queue of another name.";

    /// <summary>Of a workflow that is to run on it.</summary>
    public const string NoWorkflows =
        $"Task queue '{Name}' is reserved for activities that people decide: no worker polls it, so a workflow would never run there. " +
        "Name the queue of your workers.";

    /// <summary>Of an activity that a client starts there.</summary>
    public const string NoStandalone =
        $"Task queue '{Name}' is reserved for activities of workflows that people decide. Ask people by a workflow, or name the queue of your workers.";

    /// <summary>Whether people of this installation decide what is scheduled there; else it is a queue as any other.</summary>
    public static bool IsServed { get; private set; } = true;

    /// <summary>Leaves the queue to whoever polls it. Only before anything runs: it is a setting of the process, which pure rules ask for.</summary>
    public static void Leave() => IsServed = false;

    public static bool Is(string? queue) => IsServed && queue == Name;

    /// <summary>Why workflows may not run on a queue; null when they may.</summary>
    public static string? RefuseWorkflows(string? queue) => Is(queue) ? NoWorkflows : null;
}
