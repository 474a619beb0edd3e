using System.Text.Json.Serialization;

namespace Flagstone.Workflows.People;

/// <summary>What must be known of an activity that people decide, to tell who may; part of a run's stored state.</summary>
internal sealed record HumanTaskState
{
    public required string Title { get; init; }

    public required IReadOnlyList<string> Assignees { get; init; }

    public required IReadOnlyList<string> Decisions { get; init; }

    public bool StarterMayDecide { get; init; }

    public IReadOnlyList<string> NotBy { get; init; } = [];

    /// <summary>From the activity's scheduling on; null for never.</summary>
    public TimeSpan? RemindAfter { get; init; }

    /// <summary>From the activity's scheduling on; null for never.</summary>
    public TimeSpan? EscalateAfter { get; init; }

    public IReadOnlyList<string> EscalateTo { get; init; } = [];

    public IReadOnlyList<Delegation> Delegations { get; init; } = [];

    /// <summary>All of it, until it is stored with the task's row; null for one that was read.</summary>
    [JsonIgnore]
    public HumanRequest? Request { get; init; }

    public static HumanTaskState Of(HumanRequest request) => new()
    {
        Title = request.Title,
        Assignees = request.Assignees,
        Decisions = request.Decisions,
        StarterMayDecide = request.StarterMayDecide,
        NotBy = request.NotBy,
        RemindAfter = request.RemindAfter,
        EscalateAfter = request.EscalateAfter,
        EscalateTo = request.EscalateTo,
        Request = request,
    };
}

/// <summary>Somebody lets somebody else decide too.</summary>
/// <param name="To">A subject.</param>
/// <param name="By">The name of who delegated.</param>
internal sealed record Delegation(string To, string By, string Reason, DateTimeOffset At);
