using System.Text.Json;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Storage;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TimeSkipping;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.People;

/// <summary>The rows of what people decide, as part of the step that changes them. Pure.</summary>
internal static class HumanTaskRows
{
    private const string Put = """
        INSERT INTO workflow_human_task (run, event, namespace, name, workflow, activity, starter, is_open, state, at, opened_at, request, live, outcome)
        VALUES (@run, @event, @ns, @name, @workflow, @activity, @starter, 1, 1, @at, @at, @request, @live, '')
        ON CONFLICT (run, event) DO UPDATE SET request = excluded.request, live = excluded.live
        """;

    private const string Change = "UPDATE workflow_human_task SET live = @live WHERE run = @run AND event = @event";

    private const string End = """
        UPDATE workflow_human_task SET is_open = 0, state = @state, at = @at, outcome = @outcome WHERE run = @run AND event = @event AND is_open = 1
        """;

    private const string EndAll = "UPDATE workflow_human_task SET is_open = 0, state = @state, at = @at WHERE run = @run AND is_open = 1";

    private const string PutSubject = "INSERT INTO workflow_human_subject (run, event, subject, from_at) VALUES (@run, @event, @subject, @from)";

    private const string DropSubjects = "DELETE FROM workflow_human_subject WHERE run = @run AND event = @event";

    private const string DropAllSubjects = "DELETE FROM workflow_human_subject WHERE run = @run";

    private const string Drop = "DELETE FROM workflow_human_task WHERE run = @run";

    /// <summary>What a step changes of them; nothing for most steps.</summary>
    public static IEnumerable<SqlStatement> Of(RunChange change)
    {
        var run = change.Run;
        foreach (var id in change.People.Order())
        {
            foreach (var statement in run.Activities.TryGetValue(id, out var activity) ? Open(change, activity) : Over(change, id))
            {
                yield return statement;
            }
        }

        if (change.EndsPeople)
        {
            yield return new SqlStatement(EndAll, ("run", run.RunId), ("state", (long)HumanTaskPhase.RunEnded), ("at", Micros.From(change.Wall)));
            yield return new SqlStatement(DropAllSubjects, ("run", run.RunId));
        }
    }

    /// <summary>What goes with a run that is deleted.</summary>
    public static IEnumerable<SqlStatement> Remove(string runId) => [new(Drop, ("run", runId)), new(DropAllSubjects, ("run", runId))];

    /// <summary>A task that is open. One that is stored already keeps when it was opened.</summary>
    public static SqlStatement Asked(HumanTaskRow row) => new(
        Put, ("run", row.RunId), ("event", row.EventId), ("ns", row.Namespace), ("name", row.NamespaceName), ("workflow", row.WorkflowId),
        ("activity", row.ActivityId), ("starter", row.Starter), ("at", Micros.From(row.At)), ("request", Text(row.Request)), ("live", Text(row.Live)));

    public static SqlStatement Changed(string runId, long eventId, HumanTaskLive live) =>
        new(Change, ("run", runId), ("event", eventId), ("live", Text(live)));

    /// <summary>Who finds a task that is open in their lists.</summary>
    public static IEnumerable<SqlStatement> Named(string runId, long eventId, HumanTaskState task, string starter, DateTimeOffset scheduledAt) =>
    [
        new(DropSubjects, ("run", runId), ("event", eventId)),
        .. Subjects(task, starter, scheduledAt)
            .Select(s => new SqlStatement(PutSubject, ("run", runId), ("event", eventId), ("subject", s.Key), ("from", Micros.From(s.Value)))),
    ];

    /// <summary>The end of a task that is open.</summary>
    /// <param name="made">Null unless it was decided.</param>
    public static IEnumerable<SqlStatement> Ended(string runId, long eventId, HumanTaskPhase phase, DateTimeOffset at, HumanDecision? made) =>
    [
        new(
            End, ("run", runId), ("event", eventId), ("state", (long)phase), ("at", Micros.From(at)), ("outcome", made is null ? "" : Text(made))),
        new(DropSubjects, ("run", runId), ("event", eventId)),
    ];

    /// <summary>Who is in the lists of a task, and from when on.</summary>
    public static Dictionary<string, DateTimeOffset> Subjects(HumanTaskState task, string starter, DateTimeOffset scheduledAt)
    {
        var subjects = new Dictionary<string, DateTimeOffset>();
        foreach (var subject in task.Assignees.Concat(task.Delegations.Select(d => d.To)))
        {
            subjects[subject] = DateTimeOffset.UnixEpoch;
        }

        foreach (var subject in task.EscalateTo)
        {
            subjects.TryAdd(subject, scheduledAt + task.EscalateAfter ?? DateTimeOffset.UnixEpoch);
        }

        foreach (var name in task.NotBy.Concat(task.StarterMayDecide || starter.Length == 0 ? [] : [starter]))
        {
            subjects[Barred(name)] = DateTimeOffset.UnixEpoch;
        }

        return subjects;
    }

    /// <summary>How a task ended in a step after which it is not under way.</summary>
    public static HumanTaskPhase PhaseAtEnd(RunChange change, long id) => EndOf(change, id)?.EventType switch
    {
        EventType.ActivityTaskCompleted => HumanTaskPhase.Decided,
        EventType.ActivityTaskTimedOut => HumanTaskPhase.TimedOut,
        EventType.ActivityTaskCanceled => HumanTaskPhase.Cancelled,
        // A workflow that cancels it and ends in one task hears no more of it.
        _ => change.Events.Any(e => e.ActivityTaskCancelRequestedEventAttributes?.ScheduledEventId == id) ? HumanTaskPhase.Cancelled
            : HumanTaskPhase.RunEnded,
    };

    /// <summary>The subject of who may not decide.</summary>
    public static string Barred(string name) => $"not {name.ToLowerInvariant()}";

    private static IEnumerable<SqlStatement> Open(RunChange change, ActivityState activity)
    {
        if (activity.Human is not { } task)
        {
            yield break;
        }

        var run = change.Run;
        var paused = activity.Pause is not { } pause ? "" : pause.Reason.Length > 0 ? $"{pause.Reason}, by {pause.Identity}" : $"by {pause.Identity}";
        // People go by the wall clock.
        var scheduledAt = RunTime.Wall(run, activity.FirstScheduledAt);
        DateTimeOffset? deadline = HumanRules.Deadline(activity) is { } at ? RunTime.Wall(run, at) : null;
        var live = new HumanTaskLive(scheduledAt, deadline, paused, task.Delegations);
        yield return task.Request is { } request
            ? Asked(new HumanTaskRow(
                run.RunId, activity.ScheduledId, run.Namespace, run.NamespaceName, run.WorkflowId, activity.Id, run.StartedBy, HumanTaskPhase.Open,
                change.Wall, change.Wall, request, live, null))
            : Changed(run.RunId, activity.ScheduledId, live);
        foreach (var statement in Named(run.RunId, activity.ScheduledId, task, run.StartedBy, scheduledAt))
        {
            yield return statement;
        }
    }

    private static IEnumerable<SqlStatement> Over(RunChange change, long id)
    {
        var decision = HumanDecision.Of(EndOf(change, id)?.ActivityTaskCompletedEventAttributes?.Result);
        return Ended(
            change.Run.RunId, id, PhaseAtEnd(change, id), change.Wall, decision is null ? null : decision with { At = RunTime.Wall(change.Run, decision.At) });
    }

    /// <summary>The event waits in the buffer where a workflow task is open.</summary>
    private static HistoryEvent? EndOf(RunChange change, long id) => change.Events.Concat(change.Run.Buffered).FirstOrDefault(e => Ends(e) == id);

    private static long Ends(HistoryEvent one) => one.EventType switch
    {
        EventType.ActivityTaskCompleted => one.ActivityTaskCompletedEventAttributes.ScheduledEventId,
        EventType.ActivityTaskTimedOut => one.ActivityTaskTimedOutEventAttributes.ScheduledEventId,
        EventType.ActivityTaskCanceled => one.ActivityTaskCanceledEventAttributes.ScheduledEventId,
        _ => 0,
    };

    private static string Text<T>(T value) => JsonSerializer.Serialize(value, HumanDecision.Json);
}
