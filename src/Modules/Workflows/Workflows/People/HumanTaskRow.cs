namespace Flagstone.Workflows.People;

/// <summary>Where a task stands.</summary>
internal enum HumanTaskPhase
{
    Open = 1,
    Decided = 2,

    /// <summary>Nobody decided before its deadline.</summary>
    TimedOut = 3,

    /// <summary>The workflow asked for it no longer.</summary>
    Cancelled = 4,

    /// <summary>The run ended, or was reset, while it was open.</summary>
    RunEnded = 5,

    /// <summary>Somebody completed or failed it at the Temporal server elsewhere that the run is at.</summary>
    EndedElsewhere = 6,
}

/// <summary>A task as stored.</summary>
/// <param name="Namespace">
/// The workflow namespace's uid, and <paramref name="NamespaceName"/> its name; empty of a run at a Temporal server elsewhere.
/// </param>
/// <param name="Starter">Who started the run; empty for nobody.</param>
/// <param name="At">When it became open, or was over.</param>
/// <param name="Outcome">Null unless it was decided.</param>
internal sealed record HumanTaskRow(
    string RunId, long EventId, string Namespace, string NamespaceName, string WorkflowId, string ActivityId, string Starter, HumanTaskPhase Phase,
    DateTimeOffset At, DateTimeOffset OpenedAt, HumanRequest Request, HumanTaskLive Live, HumanDecision? Outcome)
{
    /// <summary>Its name in addresses.</summary>
    public string Id => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{RunId}.{EventId}");

    /// <summary>Whether its run is at a Temporal server elsewhere.</summary>
    public bool IsOutside => Namespace.Length == 0;

    /// <summary>As the rules ask for it; of a task that is open.</summary>
    public HumanStanding Standing => new(
        HumanTaskState.Of(Request) with { Delegations = Live.Delegations }, Starter, Live.ScheduledAt, Live.Due,
        Live.Paused.Length > 0 ? $": {Live.Paused}" : "");

    /// <summary>Null when somebody may decide; else why not, in words to them. For a task that is open.</summary>
    public string? Refuse(string name, IReadOnlyCollection<string> subjects, DateTimeOffset now) => HumanRules.Refuse(
        Standing.Task, Starter, Live.ScheduledAt, name, subjects, now)
        ?? (Live.Paused.Length > 0 ? $"It was paused: {Live.Paused}. Who operates the workflow unpauses its activity." : null);
}

/// <summary>What of a task changes while it is open.</summary>
/// <param name="ScheduledAt">When it began to wait: reminder and escalation count from here.</param>
/// <param name="Due">Its deadline; null for none.</param>
/// <param name="Paused">Who paused it, and why; empty for nobody.</param>
internal sealed record HumanTaskLive(DateTimeOffset ScheduledAt, DateTimeOffset? Due, string Paused, IReadOnlyList<Delegation> Delegations);
