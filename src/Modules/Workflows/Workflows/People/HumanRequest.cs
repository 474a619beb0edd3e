namespace Flagstone.Workflows.People;

/// <summary>What a workflow asks people to decide: the activity's first argument. It is stored with the task's row as it was read.</summary>
internal sealed record HumanRequest
{
    public required string Title { get; init; }

    /// <summary>Text, of several lines; empty for none.</summary>
    public string Description { get; init; } = "";

    /// <summary>What who decides should know, in the order in which the workflow gave it.</summary>
    public IReadOnlyList<ContextItem> Context { get; init; } = [];

    /// <summary>Who may decide, each as <see cref="Subject"/> writes it.</summary>
    public required IReadOnlyList<string> Assignees { get; init; }

    public required IReadOnlyList<string> Decisions { get; init; }

    /// <summary>Whether who started the run may decide too.</summary>
    public bool StarterMayDecide { get; init; }

    /// <summary>The names of users who may not decide.</summary>
    public IReadOnlyList<string> NotBy { get; init; } = [];

    /// <summary>Null for no reminder.</summary>
    public TimeSpan? RemindAfter { get; init; }

    /// <summary>Null for no escalation.</summary>
    public TimeSpan? EscalateAfter { get; init; }

    /// <summary>Who may decide too after <see cref="EscalateAfter"/>.</summary>
    public IReadOnlyList<string> EscalateTo { get; init; } = [];
}

/// <param name="Url">Where it leads, <c>http</c> or <c>https</c>; null for a value that is no link.</param>
internal sealed record ContextItem(string Name, string Text, string? Url);
