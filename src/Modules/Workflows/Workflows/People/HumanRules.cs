using System.Globalization;
using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.People;

/// <summary>Who may decide, and what a decision and a delegation are. The one place of these rules. Pure.</summary>
internal static class HumanRules
{
    public const int MaxReason = 500;
    public const int MaxDelegations = 20;

    /// <summary>Null when somebody may decide; else why not, in words to them.</summary>
    /// <param name="starter">Who started the run; empty for nobody.</param>
    /// <param name="scheduledAt">When the task began to wait.</param>
    public static string? Refuse(
        HumanTaskState task, string starter, DateTimeOffset scheduledAt, string name, IReadOnlyCollection<string> subjects, DateTimeOffset now)
    {
        if (Bar(task, starter, name) is { } bar)
        {
            return bar;
        }

        if (Names(task.Assignees, subjects) || Delegated(task, subjects) is not null)
        {
            return null;
        }

        if (!Names(task.EscalateTo, subjects))
        {
            var who = string.Join(", ", task.Assignees.Concat(task.Delegations.Select(d => d.To)).Distinct());
            return $"You are none of those who may decide: {who}. One of them can delegate it to you.";
        }

        return scheduledAt + task.EscalateAfter is { } at && at > now
            ? $"You may decide once it is escalated, at {Text(at)}; until then its assignees do." : null;
    }

    /// <summary>Why somebody may never decide, whoever lets them; null when nothing bars them.</summary>
    public static string? Bar(HumanTaskState task, string starter, string name) =>
        starter.Length > 0 && !task.StarterMayDecide && IsSame(starter, name) ? "You started this run, so another person decides."
        : task.NotBy.Any(n => IsSame(n, name)) ? "The workflow named you among those who may not decide (notBy), so another person decides."
        : null;

    /// <summary>What a call decides, or why it cannot.</summary>
    public static (HumanDecision? Made, HumanReply? Refusal) Decide(HumanStanding standing, HumanCall call, DateTimeOffset now)
    {
        var task = standing.Task;
        if (Refuse(standing, call, now) is { } refusal)
        {
            return (null, refusal);
        }

        if (!task.Decisions.Contains(call.Choice))
        {
            return (null, new HumanReply(
                HumanOutcome.Invalid, $"'{call.Choice}' is no decision of this task. Use one of: {string.Join(", ", task.Decisions)}."));
        }

        var isEscalated = standing.ScheduledAt + task.EscalateAfter <= now;
        var delegatedFrom = Names(task.Assignees, call.Subjects) || (isEscalated && Names(task.EscalateTo, call.Subjects))
            ? null : Delegated(task, call.Subjects);
        return (new HumanDecision(call.Choice, call.Reason, call.Name, now, delegatedFrom), null);
    }

    /// <summary>Whom a call lets decide too, or why it cannot; <see cref="HumanReply.Done"/> when the same was done before.</summary>
    public static (Delegation? Made, HumanReply? Reply) Delegate(HumanStanding standing, HumanCall call, DateTimeOffset now)
    {
        var task = standing.Task;
        if (Refuse(standing, call, now) is { } refusal)
        {
            return (null, refusal);
        }

        if (!Subject.TryParse(call.Choice, out var to))
        {
            return (null, new HumanReply(HumanOutcome.Invalid, $"'{call.Choice}' names nobody. Use {Subject.Forms}."));
        }

        if (Subject.UserOf(to) is { } user && Bar(task, standing.Starter, user) is not null)
        {
            return (null, new HumanReply(
                HumanOutcome.Invalid, $"'{user}' started this run, or is among those who may not decide. Delegate it to another person."));
        }

        if (task.Delegations.Any(d => d.To == to && d.By == call.Name))
        {
            return (null, HumanReply.Done);
        }

        return task.Delegations.Count >= MaxDelegations
            ? (null, new HumanReply(
                HumanOutcome.Conflict, $"It was delegated {MaxDelegations} times, which is the most. One of those who may decide does."))
            : (new Delegation(to, call.Name, call.Reason, now), null);
    }

    /// <summary>Ends the activity as its worker would, with who decides as the cause of the events; or says why not: then the change must be dropped.</summary>
    public static HumanReply? Decide(RunChange change, ActivityState activity, HumanCall call)
    {
        var (made, refusal) = Decide(Standing(change, activity), call, change.Now);
        if (made is null)
        {
            return refusal;
        }

        (activity.StartedAt, activity.Identity, activity.RequestId) = (change.Now, call.Name, $"{call.RunId}/{call.EventId}");
        ActivityRules.Complete(change, activity, made.ToResult(), call.Name);
        change.Act = new CallerAct(CallerAct.Decide, call.Actor, $"{call.Choice}: {call.Reason}", call.Origin);
        return null;
    }

    /// <summary>Lets somebody else decide too; who delegates may still decide. Or says why not: then the change must be dropped.</summary>
    public static HumanReply? Delegate(RunChange change, ActivityState activity, HumanCall call)
    {
        var (made, reply) = Delegate(Standing(change, activity), call, change.Now);
        if (made is null)
        {
            return reply;
        }

        activity.Human = activity.Human! with { Delegations = [.. activity.Human.Delegations, made with { At = change.Wall }] };
        change.People.Add(activity.ScheduledId);
        change.Act = new CallerAct(CallerAct.Delegate, call.Actor, $"to {made.To}: {call.Reason}", call.Origin);
        return null;
    }

    /// <summary>When nobody may decide any more; null for never.</summary>
    public static DateTimeOffset? Deadline(ActivityState activity)
    {
        DateTimeOffset? close = activity.ScheduleToClose > TimeSpan.Zero ? activity.FirstScheduledAt + activity.ScheduleToClose : null;
        DateTimeOffset? start = activity.ScheduleToStart > TimeSpan.Zero ? activity.ScheduledAt + activity.ScheduleToStart : null;
        return close is null || start < close ? start ?? close : close;
    }

    private static HumanStanding Standing(RunChange change, ActivityState activity) => new(
        activity.Human!, change.Run.StartedBy, activity.FirstScheduledAt, Deadline(activity),
        activity.Pause is { } pause ? $" by {pause.Identity}{(pause.Reason.Length > 0 ? $" ({pause.Reason})" : "")}" : "");

    private static HumanReply? Refuse(HumanStanding standing, HumanCall call, DateTimeOffset now) =>
        string.IsNullOrWhiteSpace(call.Reason)
            ? new HumanReply(HumanOutcome.Invalid, "The reason is not set. Say in a sentence why; the workflow and the ledger keep it.")
        : call.Reason.Length > MaxReason ? new HumanReply(HumanOutcome.Invalid, $"The reason has {call.Reason.Length} characters. Use at most {MaxReason}.")
        : Refuse(standing.Task, standing.Starter, standing.ScheduledAt, call.Name, call.Subjects, now) is { } why
            ? new HumanReply(HumanOutcome.Forbidden, why)
        : standing.Deadline <= now ? new HumanReply(HumanOutcome.Conflict, "Its deadline has passed; the workflow is told so.")
        : standing.Paused.Length > 0
            ? new HumanReply(HumanOutcome.Conflict, $"It was paused{standing.Paused}. Who operates the workflow unpauses its activity.")
        : null;

    /// <summary>Who delegated it to one of the subjects; null for nobody.</summary>
    private static string? Delegated(HumanTaskState task, IReadOnlyCollection<string> subjects) =>
        task.Delegations.FirstOrDefault(d => subjects.Contains(d.To))?.By;

    private static bool Names(IReadOnlyList<string> named, IReadOnlyCollection<string> subjects) => named.Any(subjects.Contains);

    /// <summary>Who writes a name in other letters is barred all the same.</summary>
    private static bool IsSame(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
