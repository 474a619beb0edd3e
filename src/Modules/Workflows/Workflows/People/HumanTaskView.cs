namespace Flagstone.Workflows.People;

/// <summary>What people are asked to decide, for a workflow that waits for it.</summary>
/// <param name="Id">Its name in addresses.</param>
/// <param name="Namespace">The workflow namespace's name.</param>
/// <param name="Description">Empty for none.</param>
/// <param name="Context">What who decides should know.</param>
/// <param name="Assignees">Who may decide: <c>user:NAME</c>, <c>team:NAMESPACE/NAME</c>, <c>role:ROLE</c>.</param>
/// <param name="Decisions">The words that may be decided.</param>
/// <param name="StartedBy">Who started the run; empty where that is not known.</param>
/// <param name="NotBy">Users who may not decide, beside who started the run unless <paramref name="StarterMayDecide"/>.</param>
/// <param name="EscalateTo">Who may decide too from <paramref name="EscalatesAt"/> on; empty for nobody.</param>
/// <param name="Opened">When it began to wait.</param>
/// <param name="Due">When the workflow waits no longer; null for never.</param>
/// <param name="State"><c>open</c>, <c>decided</c>, <c>timedOut</c>, <c>cancelled</c>, <c>runEnded</c> or <c>endedElsewhere</c>.</param>
/// <param name="Closed">When it was over; null while it is open.</param>
/// <param name="Decision">What was decided; null unless it was.</param>
/// <param name="Refusal">Why you cannot decide it, in a sentence; null when you can. Null in lists.</param>
public sealed record HumanTaskView(
    string Id, string Namespace, string WorkflowId, string RunId, string ActivityId, string Title, string Description, IReadOnlyList<HumanContextView> Context,
    IReadOnlyList<string> Assignees, IReadOnlyList<string> Decisions, string StartedBy, bool StarterMayDecide, IReadOnlyList<string> NotBy,
    IReadOnlyList<string> EscalateTo, DateTimeOffset? EscalatesAt, IReadOnlyList<HumanDelegationView> Delegations, DateTimeOffset Opened, DateTimeOffset? Due,
    string State, DateTimeOffset? Closed, HumanDecisionView? Decision, string? Refusal)
{
    internal static HumanTaskView Of(HumanTaskRow row, string? refusal = null)
    {
        var (request, live) = (row.Request, row.Live);
        return new HumanTaskView(
            row.Id, row.NamespaceName, row.WorkflowId, row.RunId, row.ActivityId, request.Title, request.Description,
            [.. request.Context.Select(c => new HumanContextView(c.Name, c.Text, c.Url))], request.Assignees, request.Decisions, row.Starter,
            request.StarterMayDecide, request.NotBy, request.EscalateTo, live.ScheduledAt + request.EscalateAfter,
            [.. live.Delegations.Select(d => new HumanDelegationView(d.To, d.By, d.Reason, d.At))], row.OpenedAt, live.Due, Word(row.Phase),
            row.Phase == HumanTaskPhase.Open ? null : row.At,
            row.Outcome is { } made ? new HumanDecisionView(made.Decision, made.Reason, made.By, made.At, made.DelegatedFrom) : null, refusal);
    }

    private static string Word(HumanTaskPhase phase) => char.ToLowerInvariant(phase.ToString()[0]) + phase.ToString()[1..];
}

/// <param name="Url">Where it leads; null for a value that is no link.</param>
public sealed record HumanContextView(string Name, string Text, string? Url);

/// <param name="To">Who may decide too.</param>
/// <param name="By">The name of who delegated.</param>
public sealed record HumanDelegationView(string To, string By, string Reason, DateTimeOffset At);

/// <param name="By">The name of who decided.</param>
/// <param name="DelegatedFrom">Who had delegated it to them; null for an assignee's own decision.</param>
public sealed record HumanDecisionView(string Decision, string Reason, string By, DateTimeOffset At, string? DelegatedFrom);

/// <param name="Decision">One of the task's decisions.</param>
/// <param name="Reason">Why, in at most 500 characters; the workflow gets it, and the ledger keeps it.</param>
public sealed record DecideHumanTask(string? Decision, string? Reason);

/// <param name="To">Who may decide too: <c>user:NAME</c>, <c>team:NAME</c> or <c>role:ROLE</c>.</param>
/// <param name="Reason">Why, in at most 500 characters; the ledger keeps it.</param>
public sealed record DelegateHumanTask(string? To, string? Reason);
